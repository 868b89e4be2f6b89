"""A provider's reply decides what becomes of a message, and no reason shows an address."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.receivers import Answer, free_port, receiving, receiving_mail
from tests.support.send_one import DISCORD, REFUSED, RETRY, SENT, message, send, send_all, send_patched
from watcher.delivery.apprise_process import SENDER
from watcher.domain.delivery import Outcome, Verdict


@pytest.mark.parametrize(
    ("replies", "verdict", "words"),
    [
        ({"DATA": "451 greylisted, come back"}, RETRY, "SMTP 451 greylisted, come back"),
        ({"DATA": "552 too big"}, REFUSED, "SMTP 552 too big"),
        ({"RCPT": "550 5.1.1 no such user"}, REFUSED, "SMTP 550 5.1.1 no such user"),
        ({"RCPT": "421 closing for a while"}, RETRY, "SMTP 421 closing for a while"),
    ],
)
@pytest.mark.fault("L12")
def test_a_mail_servers_refusal_is_classified_by_its_code(
    replies: dict[str, str], verdict: Verdict, words: str
) -> None:
    with receiving_mail(**replies) as server:
        assert send(server.url()) == Outcome(verdict, words)
    assert server.mails == []


@pytest.mark.fault("L8", "L12")
def test_a_mail_interrupted_before_the_reply_may_have_arrived() -> None:
    with receiving_mail(DATA="close") as server:
        assert send(server.url()) == Outcome(RETRY, "Connection unexpectedly closed", unsure=True)


@pytest.mark.fault("L12")
def test_a_wrong_password_is_refused_and_not_shown() -> None:
    with receiving_mail("right") as server:
        outcome = send(server.url(user="someone:canary-password@"))
    assert outcome.verdict is REFUSED
    assert outcome.reason.startswith("SMTP 535 5.7.8")
    assert "canary" not in outcome.reason


@pytest.mark.fault("L12")
def test_credentials_are_never_sent_in_the_clear_when_starttls_is_not_offered() -> None:
    with receiving_mail("right") as server:
        outcome = send(server.url("mode=starttls", user="someone:right@"))
    assert outcome == Outcome(REFUSED, "STARTTLS extension not supported by server.")
    assert server.mails == []


@pytest.mark.fault("L1")
def test_what_cannot_be_reached_is_retried() -> None:
    with receiving() as plain:
        outcomes = send_all(
            [
                f"json://127.0.0.1:{free_port()}/",
                plain.url(scheme="jsons"),
                f"mailto://127.0.0.1:{free_port()}/?from=w@example.test&to=a@example.test",
                f"mailtos://127.0.0.1:{plain.port}/?from=w@example.test&to=a@example.test&mode=ssl",
            ]
        )
    assert {outcome.verdict for outcome in outcomes} == {RETRY}
    assert outcomes[0].reason == outcomes[2].reason == "Connection refused"
    assert "SSL" in outcomes[1].reason


DATED = {"Retry-After": "Mon, 23 Nov 2026 08:01:00 GMT", "Date": "Mon, 23 Nov 2026 08:00:00 GMT"}
NUMBER = {"Retry-After": "30"}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        pytest.param(NUMBER, b"", 30.0, id="seconds"),
        pytest.param({"Retry-After": "1.5"}, b"", 1.5, id="part-of-a-second"),
        pytest.param(DATED, b"", 60.0, id="date"),
        pytest.param({"Retry-After": "soon"}, b"", None, id="no-number"),
        pytest.param({"Retry-After": "9" * 400}, b"", None, id="absurd"),
        pytest.param({}, b'{"retry_after": 1.37, "global": false}', 1.37, id="discord"),
        pytest.param({}, b'{"ok": false, "parameters": {"retry_after": 41}}', 41.0, id="telegram"),
        pytest.param({}, b'{"errcode": "M_LIMIT", "retry_after_ms": 2500}', 2.5, id="matrix"),
        pytest.param(NUMBER, b'{"retry_after": 99}', 30.0, id="the-header-first"),
        pytest.param({}, b'{"retry_after": "soon", "parameters": [7]}', None, id="no-number-inside"),
        pytest.param({}, b'{"retry_after": -5}', None, id="negative"),
        pytest.param({}, b'{"retry_after": NaN}', None, id="not-a-number"),
        pytest.param({}, b'{"retry_after_ms": 1' + b"0" * 400 + b"}", None, id="huge-inside"),
        pytest.param({}, b"[" * 100_000, None, id="nested-without-end"),
    ],
)
@pytest.mark.fault("L2")
def test_too_many_requests_is_retried_when_the_server_says(
    headers: dict[str, str], body: bytes, seconds: float | None
) -> None:
    with receiving(Answer(429, body, headers)) as server:
        outcome = send(server.url())
    assert (outcome.verdict, outcome.retry_after) == (RETRY, seconds)
    assert outcome.reason.startswith("HTTP 429")
    assert len(server.requests) == 1


@pytest.mark.fault("L2")
def test_a_plugin_that_would_retry_at_once_does_not() -> None:
    limited = Answer(429, b'{"message": "You are being rate limited.", "retry_after": 3.2}')
    outcome, bodies = send_patched(limited, url=DISCORD)
    assert (outcome.verdict, outcome.retry_after, len(bodies)) == (RETRY, 3.2, 1)


@pytest.mark.fault("L3", "L4")
def test_a_refusal_is_final_and_a_server_error_is_not() -> None:
    statuses = {400: REFUSED, 403: REFUSED, 404: REFUSED, 410: REFUSED, 408: RETRY, 500: RETRY, 503: RETRY}
    answers = [Answer(status, f"said {status}".encode()) for status in statuses]
    with ExitStack() as stack:
        servers = [stack.enter_context(receiving(answer)) for answer in answers]
        outcomes = send_all([server.url() for server in servers])
    assert outcomes == [
        Outcome(verdict, f"HTTP {status} said {status}", unsure=status == 408)
        for status, verdict in statuses.items()
    ]


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.fault("L6", "Z10")
def test_a_redirect_is_not_followed_and_not_a_success(status: int) -> None:
    with (
        receiving() as other,
        receiving(Answer(status, headers={"Location": f"http://127.0.0.1:{other.port}/"})) as server,
    ):
        outcome = send(server.url("/?+X-Api-Key=canary-key"))
    assert outcome == Outcome(RETRY, f"HTTP {status} redirect (not followed)")
    assert other.requests == []
    assert len(server.requests) == 1


@pytest.mark.fault("N12")
def test_loopback_bypasses_a_proxy_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://user:canary@127.0.0.1:{free_port()}")
    with receiving() as server:
        assert send(server.url()) == Outcome(SENT)
    outcome = send("json://192.0.2.1/")
    assert outcome == Outcome(RETRY, "Connection refused")


@pytest.mark.parametrize(
    ("answer", "verdict", "words"),
    [
        (Answer(200, b"invalid_payload"), REFUSED, "HTTP 200 invalid_payload"),
        (Answer(200, b"something_new"), RETRY, "HTTP 200 something_new"),
        (Answer(404, b"no_service"), REFUSED, "HTTP 404 no_service"),
        (Answer(410, b"channel_is_archived"), REFUSED, "HTTP 410 channel_is_archived"),
        (Answer(503, b"no_service"), RETRY, "HTTP 503 no_service"),
    ],
)
@pytest.mark.fault("L5")
def test_slack_is_judged_by_its_text_not_its_status(answer: Answer, verdict: Verdict, words: str) -> None:
    outcome, bodies = send_patched(answer)
    assert outcome == Outcome(verdict, words, unsure="new" in words)
    assert len(bodies) == 1


ECHO = b"no such canary-token-1, Canary-Token-1, canary%2Dtoken%2D1"


@pytest.mark.fault("W25", "Z1", "Z2", "Z3")
def test_no_part_of_a_failing_address_is_shown() -> None:
    with receiving(Answer(400, ECHO)) as server, receiving_mail(RCPT="550 canary-token-1 <{}>") as mail:
        there = f"127.0.0.1:{server.port}"
        urls = [
            f"json://user:pass@{there}/path/canary-token-1?+Authorization=Bearer%20canary-token-1",
            f"json://user:canary-token-1@{there}/canary%2Dtoken%2D1/",
            f"json://{there}/?-key=canary-token-1&:pay=canary-token-1",
            f"json://canary-token-1:canary-token-1@127.0.0.1:{free_port()}/",
            mail.url("mode=insecure&name=canary-token-1"),
            "tgram://canary-token-1/",
            "slack://canary-token-1/canary-token-1",
            "slack://T1JJ3T3L2/A1BRTD4JD/canary-token-1",
            "bogus://user:canary-token-1@127.0.0.1/canary-token-1",
            "json://canary-token-1:99999999/canary-token-1",
        ]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(run_child, urls))
        assert len(server.requests) == 3
    for code, printed, errors in results:
        answer = json.loads(printed)
        assert (code, errors) == (0, "")
        assert answer["verdict"] != "sent"
        assert len(answer["reason"]) <= 200
        assert "canary" not in printed.lower()


@pytest.mark.fault("W25")
def test_a_password_is_not_shown_in_the_encoding_it_was_sent_in() -> None:
    with receiving(Answer(401, b"not Basic dXNlcjpjYW5hcnktcGFzcw== for ops")) as server:
        outcome = send(f"json://user:canary-pass@127.0.0.1:{server.port}/")
    assert outcome == Outcome(REFUSED, "HTTP 401 not Basic *** for ops")


def run_child(url: str) -> tuple[int, str, str]:
    notification = message().notification
    job = {"url": url, "title": notification.title, "body": "b", "event_id": "e"}
    done = subprocess.run(
        SENDER, input=json.dumps(job), capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode, done.stdout, done.stderr
