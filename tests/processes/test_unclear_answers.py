"""A message may have arrived unless a whole answer says no, and an answer that begins with success means that it did."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from tests.support.receivers import Answer, receiving
from tests.support.scripted_server import HANG, RESET, Script, dripped, reply, serving
from tests.support.send_one import DISCORD, PATCHED, REFUSED, RETRY, SENT, SLACK, message, send, send_patched
from watcher.domain.delivery import Outcome

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(reply(b"o", length=2), id="cut-body"),
        pytest.param(Script((OK + CHUNKED + b"2\r\nok\r\n",)), id="last-chunk-missing"),
        pytest.param(Script((OK + CHUNKED + b"zz\r\nok",)), id="bad-chunk"),
        pytest.param(reply(b"no gzip", "200 OK", "Content-Encoding: gzip"), id="bad-gzip"),
        pytest.param(Script((OK + b"Content-Length: 9\r\n\r\n", RESET)), id="reset"),
        pytest.param(Script((OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n",)), id="endless-header"),
        pytest.param(Script((OK,)), id="no-headers-at-all"),
        pytest.param(Script((OK + b"Content-Length: 9\r\n\r\nok", HANG)), id="body-that-never-ends"),
    ],
)
@pytest.mark.parametrize("url", ["", SLACK])
@pytest.mark.fault("R1", "N8")
def test_a_status_that_means_success_counts_as_sent_however_the_body_ends(script: Script, url: str) -> None:
    with serving(script) as server:
        sender = (*PATCHED, "at", str(server.port))
        outcome = send(url or f"json://127.0.0.1:{server.port}/", sender=sender)
        assert len(server.requests) == 1
    assert outcome == Outcome(SENT)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script((b"",)), id="closed-without-an-answer"),
        pytest.param(Script((RESET,)), id="reset"),
        pytest.param(Script((b"nonsense\r\n\r\n",)), id="no-http"),
        pytest.param(Script((b"HTTP/1.1 abc OK\r\n\r\n",)), id="garbage-status"),
        pytest.param(Script((b"HTTP/1.1 200",)), id="status-line-cut"),
        pytest.param(Script((b"\x15\x03\x01\x00\x02\x02\x28",)), id="tls-alert"),
        pytest.param(reply(b"timeout", "408 Request Timeout"), id="408"),
        pytest.param(reply(b"bad gateway", "502 Bad Gateway"), id="502"),
        pytest.param(reply(b"gateway timeout", "504 Gateway Timeout"), id="504"),
        pytest.param(reply(b"a timeout occurred", "524 A Timeout Occurred"), id="524"),
        pytest.param(reply(b"down", "503 Service Unavailable", length=99), id="503-cut"),
    ],
)
@pytest.mark.fault("R1", "N7")
def test_without_a_whole_answer_that_says_no_a_message_may_have_arrived(script: Script) -> None:
    with serving(script) as server:
        outcome = send(f"json://127.0.0.1:{server.port}/")
    assert (outcome.verdict, outcome.unsure) in {(RETRY, True), (SENT, False)}
    assert outcome.unsure or script.pieces == (b"HTTP/1.1 200",), "a status line without its end is a status"


@pytest.mark.fault("R1")
def test_a_status_that_drips_is_waited_for() -> None:
    with serving(dripped(OK + b"Content-Length: 0\r\n\r\n", 0.01)) as server:
        assert send(f"json://127.0.0.1:{server.port}/") == Outcome(SENT)


@pytest.mark.fault("R1")
def test_a_login_that_fails_halfway_is_not_taken_for_the_message() -> None:
    with serving(reply(b'{"access_token": "x', length=999)) as server:
        outcome = send(f"matrix://user:password@127.0.0.1:{server.port}/!room:a.test")
        assert "steps" not in "".join(server.requests)
    assert outcome.verdict is RETRY


@contextmanager
def smtp_that_says(after_data: bytes, on_quit: bytes = b"221 bye\r\n") -> Iterator[tuple[int, list[bytes]]]:
    """Run a mail server with scripted last words; yields its port and the mails that it took."""
    listener, mails = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def play() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"220 mail.test\r\n")
            for line in lines:
                command = line[:4].upper()
                if command == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    mails.append(b"".join(iter(lines.readline, b".\r\n")))
                    if not after_data:
                        return
                    connection.sendall(after_data)
                elif command == b"QUIT":
                    connection.sendall(on_quit)
                    return
                else:
                    connection.sendall(b"250 ok\r\n")

    player = Thread(target=play, daemon=True)
    player.start()
    try:
        yield listener.getsockname()[1], mails
    finally:
        listener.close()
        player.join(5)


@pytest.mark.parametrize(
    ("after_data", "on_quit", "outcome"),
    [
        pytest.param(b"250 taken\r\n", b"", Outcome(SENT), id="gone-at-quit"),
        pytest.param(b"250 taken\r\n", b"nonsense\r\n", Outcome(SENT), id="nonsense-at-quit"),
        pytest.param(b"200 taken\r\n", b"221 bye\r\n", Outcome(SENT), id="another-success"),
        pytest.param(
            b"taken, thank you\r\n",
            b"",
            Outcome(RETRY, "SMTP -1 n, thank you", unsure=True),
            id="nonsense",
        ),
        pytest.param(
            b"334 what?\r\n", b"", Outcome(RETRY, "SMTP 334 what?", unsure=True), id="neither-yes-nor-no"
        ),
        pytest.param(b"451 later\r\n", b"221 bye\r\n", Outcome(RETRY, "SMTP 451 later"), id="a-whole-no"),
        pytest.param(b"554 spam\r\n", b"221 bye\r\n", Outcome(REFUSED, "SMTP 554 spam"), id="a-final-no"),
        pytest.param(b"", b"", Outcome(RETRY, "Connection unexpectedly closed", unsure=True), id="gone"),
    ],
)
@pytest.mark.fault("R1", "L12")
def test_a_mail_may_have_arrived_unless_a_whole_answer_says_no(
    after_data: bytes, on_quit: bytes, outcome: Outcome
) -> None:
    with smtp_that_says(after_data, on_quit) as (port, mails):
        sent = send(f"mailto://127.0.0.1:{port}/?from=w@example.test&to=a@example.test&mode=insecure")
    assert (sent, len(mails)) == (outcome, 1)


@pytest.mark.fault("R1", "L12")
def test_an_endless_reply_to_a_mail_is_no_refusal() -> None:
    with smtp_that_says(b"2" * 9_000 + b"\r\n") as (port, _):
        sent = send(f"mailto://127.0.0.1:{port}/?from=w@example.test&to=a@example.test&mode=insecure")
    assert (sent.verdict, sent.unsure) == (RETRY, True)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"errcode": 45009, "errmsg": "api freq out of limit"}', id="wecom"),
        pytest.param(b'{"errcode": 310000, "errmsg": "keywords not in content"}', id="dingtalk"),
        pytest.param(b'{"success": false, "error": {"code": 105}}', id="synology"),
        pytest.param(b'{"jsonrpc": "2.0", "error": {"code": -32601}, "id": 1}', id="json-rpc"),
        pytest.param(b'[{"jsonrpc": "2.0", "error": {"code": -32601}, "id": 1}]', id="json-rpc-batch"),
        pytest.param(b'{"ok": false, "error_code": 400}', id="telegram"),
        pytest.param(b'{"status": 0, "errors": ["user is invalid"]}', id="pushover"),
        pytest.param(b'{"result": "error", "msg": "no such stream"}', id="zulip"),
        pytest.param(b'{"status": "failed", "retcode": 100}', id="onebot"),
        pytest.param(b'{"status": "rejected"}', id="rejected"),
        pytest.param(b'{"success": "false"}', id="a-flag-in-words"),
    ],
)
@pytest.mark.fault("R2", "L5")
def test_a_body_that_says_failure_is_one_whatever_the_status(body: bytes) -> None:
    with receiving(Answer(200, body)) as server:
        outcome = send(server.url())
    assert outcome == Outcome(RETRY, f"HTTP 200 {body.decode()}"[:200])


@pytest.mark.parametrize(
    "body",
    [
        b'{"errcode": 0, "errmsg": "ok"}',
        b'{"success": true, "errors": []}',
        b'{"jsonrpc": "2.0", "result": "OK", "id": 1}',
        b'{"ok": true, "result": {"error": "inside"}}',
        b'{"status": 1, "request": "x"}',
        b'{"status": 0, "status_message": "ok"}',
        b'{"success": "ok", "counts": 1}',
        b'{"success": "true"}',
        b'{"error": null, "id": "x"}',
        b'{"code": 0, "msg": "success"}',
        b'["no object"]',
        b"[" * 50_000,
        b"all well, no error",
    ],
)
@pytest.mark.fault("R2")
def test_a_body_that_says_nothing_of_a_failure_is_a_success(body: bytes) -> None:
    with receiving(Answer(200, body)) as server:
        assert send(server.url()) == Outcome(SENT)


@pytest.mark.fault("R2")
def test_a_zero_that_may_mean_either_is_tried_again_as_a_possible_repeat() -> None:
    with receiving(Answer(200, b'{"status": 0}')) as server:
        assert send(server.url()) == Outcome(RETRY, 'HTTP 200 {"status": 0}', unsure=True)


@pytest.mark.fault("R2", "L2")
def test_a_pause_asked_for_in_a_body_that_says_no_is_kept() -> None:
    with receiving(Answer(200, b'{"ok": false, "parameters": {"retry_after": 7}}')) as server:
        assert send(server.url()).retry_after == 7.0


@pytest.mark.fault("R1")
def test_discord_takes_a_message_without_any_body() -> None:
    outcome, _ = send_patched(Answer(204, b""), message(), DISCORD)
    assert outcome == Outcome(SENT)
