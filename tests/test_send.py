"""What a provider says decides what becomes of a message: tried against real servers on loopback."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import Answer, free_port, receiving, receiving_mail

from watcher.deliver import SENDER, check, deliver
from watcher.domain import Channel, Delivery, Notification, Outcome, OutboxState, Secret, Verdict

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
ALTERED = (sys.executable, str(Path(__file__).with_name("altered_sender.py")))
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
SENT, RETRY, REFUSED = Verdict.SENT, Verdict.RETRY, Verdict.REFUSED
NASTY = "<!channel> @here <@U1> [x](javascript:alert) <img onerror=x> {{7*7}} ${HOME} %s%n :smile: *b* `c`"


def message(
    title: str = "A price fell",
    body: str = "acme/owl: $2 → $1\nsee the page",
    html: str = "<p>acme/owl: <b>$1</b></p>",
    *,
    repeat: bool = False,
) -> Delivery:
    notification = Notification("c", AT, title, body, html, ("rule",), ("event-1", "event-2"))
    return Delivery(1, notification, OutboxState.SENDING, 1, AT, repeat)


def send(url: str, delivery: Delivery | None = None, sender: Sequence[str] = SENDER) -> Outcome:
    [outcome] = deliver([(Channel("c", Secret(url)), delivery or message())], sender=sender)
    return outcome


def send_all(urls: Sequence[str]) -> list[Outcome]:
    return deliver([(Channel(f"c{number}", Secret(url)), message()) for number, url in enumerate(urls)])


def send_slack(answer: Answer, delivery: Delivery | None = None, url: str = SLACK) -> tuple[Outcome, list[bytes]]:
    with receiving(answer) as slack:
        outcome = send(url, delivery, (*ALTERED, "slack", str(slack.port)))
    return outcome, [request.body for request in slack.requests]


def test_a_mail_arrives_once_with_subject_both_bodies_and_the_event_id() -> None:
    with receiving_mail() as server:
        assert send(server.url()) == Outcome(SENT)
    [mail] = server.mails
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert mail["Subject"] == "A price fell"
    assert mail["X-Watcher-Event-Id"] == "event-1 event-2"
    assert html is not None
    assert plain is not None
    assert "<b>$1</b>" in html.get_content()
    assert "acme/owl: $1" in plain.get_content()
    assert "watcher" in mail["From"]


def test_l3_a_json_receiver_gets_the_message_once_and_literal_z4() -> None:
    with receiving() as server:
        assert send(server.url("/hook?redirect=no"), message(body=NASTY)) == Outcome(SENT)
    [request] = server.requests
    got = json.loads(request.body)
    assert (got["title"], got["message"]) == ("A price fell", NASTY)


def test_x6_a_repeat_is_marked_in_the_title() -> None:
    with receiving() as server:
        send(server.url(), message(repeat=True))
    assert json.loads(server.requests[0].body)["title"] == "[possible repeat] A price fell"


@pytest.mark.parametrize(
    ("replies", "verdict", "words"),
    [
        ({"DATA": "451 greylisted, come back"}, RETRY, "SMTP 451 greylisted, come back"),
        ({"DATA": "552 too big"}, REFUSED, "SMTP 552 too big"),
        ({"DATA": "close"}, RETRY, "Connection unexpectedly closed"),
        ({"RCPT": "550 5.1.1 no such user"}, REFUSED, "SMTP 550 5.1.1 no such user"),
        ({"RCPT": "421 closing for a while"}, RETRY, "SMTP 421 closing for a while"),
    ],
)
def test_l12_a_mail_servers_refusal_is_told_by_its_code(
    replies: dict[str, str], verdict: Verdict, words: str
) -> None:
    with receiving_mail(**replies) as server:
        assert send(server.url()) == Outcome(verdict, words)
    assert server.mails == []


def test_l12_a_wrong_password_is_refused_and_does_not_show() -> None:
    with receiving_mail(password="right") as server:
        outcome = send(server.url(user="someone:canary-password@"))
    assert outcome.verdict is REFUSED
    assert outcome.reason.startswith("SMTP 535 5.7.8")
    assert "canary" not in outcome.reason


def test_l12_credentials_never_go_out_in_the_clear_when_starttls_is_not_offered() -> None:
    with receiving_mail(password="right") as server:
        outcome = send(server.url("mode=starttls", user="someone:right@"))
    assert outcome == Outcome(REFUSED, "STARTTLS extension not supported by server.")
    assert server.mails == []


def test_l1_what_cannot_be_reached_is_tried_again() -> None:
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


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        (
            {"Retry-After": "Mon, 23 Nov 2026 08:01:00 GMT", "Date": "Mon, 23 Nov 2026 08:00:00 GMT"},
            60.0,
        ),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_l2_429_is_tried_again_when_the_server_says(wish: dict[str, str], seconds: float | None) -> None:
    class_of_answer = Answer(429, b"rate_limited", {key: value for key, value in wish.items() if key != "Date"})
    with receiving(class_of_answer) as server:
        outcome = send(server.url())
    assert outcome == Outcome(RETRY, "HTTP 429 rate_limited", seconds)
    assert len(server.requests) == 1
