"""Mail to servers that accept, refuse or stay silent, and never in the clear where TLS was asked for."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import trustme

from tests.support.receivers import MailHandler, MailReceiver, receiving_mail, receiving_mail_by_tls
from tests.support.send_one import PATCHED, REFUSED, RETRY, SENT, message, send
from watcher.domain.delivery import Outcome, Verdict

SECRET = "canary-password"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def encrypted(authority: trustme.CA) -> Iterator[MailReceiver]:
    """Run a mail server that requires TLS, with a certificate from `authority`, and a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with receiving_mail_by_tls(context, SECRET) as server:
        yield server


@pytest.mark.parametrize(
    ("replies", "verdict", "words"),
    [
        pytest.param({"RCPT": "450 4.2.0 greylisted"}, RETRY, "SMTP 450 4.2.0 greylisted", id="450"),
        pytest.param({"DATA": "421 closing"}, RETRY, "SMTP 421 closing", id="421"),
        pytest.param({"DATA": "451 try again"}, RETRY, "SMTP 451 try again", id="451"),
        pytest.param({"RCPT": "550 no such user"}, REFUSED, "SMTP 550 no such user", id="550"),
        pytest.param({"DATA": "552 too big"}, REFUSED, "SMTP 552 too big", id="552"),
        pytest.param({"DATA": "554 5.7.1 spam"}, REFUSED, "SMTP 554 5.7.1 spam", id="554"),
    ],
)
@pytest.mark.fault("L12")
def test_a_mail_servers_reply_decides(replies: dict[str, str], verdict: Verdict, words: str) -> None:
    with receiving_mail(**replies) as server:
        assert send(server.url()) == Outcome(verdict, words)
    assert server.mails == []


@pytest.mark.parametrize(
    ("greeting", "verdict", "words"),
    [
        pytest.param(b"421 4.7.0 too busy\r\n", RETRY, "SMTP 421 4.7.0 too busy", id="busy"),
        pytest.param(b"554 no service here\r\n", REFUSED, "SMTP 554 no service here", id="closed"),
        pytest.param(b"", RETRY, "Connection unexpectedly closed", id="hangs-up"),
    ],
)
@pytest.mark.fault("L12")
def test_a_greeting_can_be_a_refusal(greeting: bytes, verdict: Verdict, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=greet, args=(listener, greeting), daemon=True).start()
        receiver = MailReceiver(listener.getsockname()[1], MailHandler({}))
        assert send(receiver.url()) == Outcome(verdict, words)


def greet(listener: socket.socket, greeting: bytes) -> None:
    """Send one greeting to the first client."""
    connection, _ = listener.accept()
    with connection:
        connection.sendall(greeting)
        if greeting:
            connection.recv(1_000)


@pytest.mark.fault("L8", "L12")
def test_a_mail_accepted_too_late_may_have_arrived_and_says_so_the_next_time() -> None:
    with receiving_mail(DATA="after 3 250 OK") as server:
        late = send(server.url(), sender=(*PATCHED, "patience", "1"))
        assert (late.verdict, late.unsure) == (RETRY, True)
        assert "timed out" in late.reason
    with receiving_mail() as again:
        assert send(again.url(), message(repeat=True)) == Outcome(SENT)
    first, second = server.mails[0], again.mails[0]
    assert second["Subject"] == f"[possible repeat] {first['Subject']}"
    assert first["X-Watcher-Event-Id"] == second["X-Watcher-Event-Id"] == "event-1 event-2"


@pytest.mark.fault("L12")
def test_starttls_with_a_trusted_certificate_carries_the_password(
    encrypted: MailReceiver, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert send(encrypted.url("mode=starttls", user=f"w:{SECRET}@")) == Outcome(SENT)
    assert len(encrypted.mails) == 1


@pytest.mark.fault("L12")
def test_an_untrusted_certificate_ends_the_session_before_the_password(
    encrypted: MailReceiver,
) -> None:
    outcome = send(encrypted.url("mode=starttls", user=f"w:{SECRET}@"))
    assert (outcome.verdict, outcome.unsure) == (RETRY, False)
    assert "certificate" in outcome.reason
    assert (encrypted.handler.asked, encrypted.mails) == ([], [])


@pytest.mark.parametrize("options", ["mode=starttls", "mode=ssl"])
@pytest.mark.fault("L12")
def test_a_server_without_tls_is_told_nothing(options: str) -> None:
    with receiving_mail(SECRET) as server:
        outcome = send(server.url(options, user=f"w:{SECRET}@"))
    assert outcome.verdict is not SENT
    assert (server.handler.asked, server.mails) == ([], [])


@pytest.mark.fault("L13")
def test_several_recipients_in_one_address_get_nothing_at_all() -> None:
    with receiving_mail() as server:
        outcome = send(server.url("mode=insecure&cc=b@example.test"))
    assert outcome.verdict is REFUSED
    assert "give each its own channel, so that a retry never sends twice" in outcome.reason
    assert server.mails == []
