"""A webhook gets structured data, signed, from the real child; its answer decides what becomes of the message."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from standardwebhooks.webhooks import Webhook

from tests.support.receivers import Answer, Request, receiving
from tests.support.send_one import REFUSED, RETRY, SENT, message
from watcher.delivery.transport import check, deliver
from watcher.domain.delivery import Channel, Delivery, OutboxState, Outcome, Secret, Verdict
from watcher.domain.kinds import Kind
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.messages.trial import trial

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
ENCODED = f"whsec_{base64.b64encode(b'canary-secret-0123456789').decode()}"
PLAIN = "canary secret: any text, even é"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs/message.schema.json").read_text())


def news(*, repeat: bool = False) -> Delivery:
    told = notification("hook", AT, [sample_events(AT)[Kind.PRICE_CHANGED]], ["Dearer"])
    return Delivery(7, told, OutboxState.SENDING, 1, AT, repeat)


def posted(
    url: str, secret: str | None = None, delivery: Delivery | None = None, deadline: float = 30.0
) -> Outcome:
    channel = Channel("hook", Secret(url), secret=Secret(secret) if secret else None)
    [outcome] = deliver([(channel, delivery or news())], deadline=deadline)
    return outcome


def headers(request: Request) -> Mapping[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize(("secret", "key"), [(ENCODED, ENCODED), (PLAIN, None)], ids=["encoded", "plain"])
def test_a_receiver_verifies_the_signature_with_the_standards_own_library(
    secret: str, key: str | None
) -> None:
    with receiving() as server:
        assert posted(server.url("/hook", "http"), secret) == Outcome(SENT)
    [request] = server.requests
    verifier = Webhook(key or base64.b64encode(secret.encode()).decode())
    assert verifier.verify(request.body.decode(), dict(headers(request))) == json.loads(request.body)
    assert headers(request)["webhook-id"] == json.loads(request.body)["id"]
    assert headers(request)["content-type"] == "application/json"


def test_without_a_secret_nothing_is_signed() -> None:
    with receiving(Answer(204, b"")) as server:
        assert posted(server.url("/hook", "http")) == Outcome(SENT)
    assert "webhook-signature" not in headers(server.requests[0])


@pytest.mark.fault("X6")
def test_a_repeat_has_the_same_id_and_says_that_it_may_be_one() -> None:
    with receiving() as server:
        for delivery in (news(), news(repeat=True)):
            assert posted(server.url("/", "http"), ENCODED, delivery) == Outcome(SENT)
    first, second = (json.loads(request.body) for request in server.requests)
    assert first["id"] == second["id"]
    assert (first["data"]["repeat"], second["data"]["repeat"]) == (False, True)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, b'{"error": "no matter"}'), Outcome(SENT)),
        (Answer(299, b""), Outcome(SENT)),
        (Answer(410, b"gone"), Outcome(REFUSED, "HTTP 410 gone")),
        (Answer(400, b"bad"), Outcome(REFUSED, "HTTP 400 bad")),
        (Answer(302, b"", {"Location": "/other"}), Outcome(RETRY, "HTTP 302 redirect (not followed)")),
        (Answer(429, b"slow down", {"Retry-After": "120"}), Outcome(RETRY, "HTTP 429 slow down", 120.0)),
        (Answer(503, b"later", {"Retry-After": "60"}), Outcome(RETRY, "HTTP 503 later", 60.0)),
        (Answer(500, b"oops"), Outcome(RETRY, "HTTP 500 oops")),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
@pytest.mark.fault("L3")
def test_the_status_decides_what_becomes_of_the_message(answer: Answer, outcome: Outcome) -> None:
    with receiving(answer) as server:
        assert posted(server.url("/hook", "http"), ENCODED) == outcome
    assert len(server.requests) == 1


@pytest.mark.fault("L8")
def test_a_receiver_that_does_not_answer_is_given_up_at_the_deadline() -> None:
    with receiving(Answer(200, b"", drips=True)) as server:
        url = server.url("/hook", "http")
        outcome = posted(url, ENCODED, deadline=20)
        unreachable = posted("http://127.0.0.1:9/hook", ENCODED)
    assert outcome == Outcome(SENT)
    assert (unreachable.verdict, unreachable.unsure) == (RETRY, False)


@pytest.mark.parametrize("secret", [ENCODED, PLAIN])
@pytest.mark.fault("Z2")
def test_an_answer_that_repeats_a_secret_does_not_get_it_into_a_reason(secret: str) -> None:
    with receiving(Answer(400, f"who is {secret}, at canary-path?".encode())) as server:
        outcome = posted(server.url("/canary-path", "http"), secret)
    assert outcome.reason.startswith("HTTP 400 who is")
    assert "canary" not in outcome.reason
    assert secret.removeprefix("whsec_") not in outcome.reason


@pytest.mark.parametrize(
    ("url", "secret", "words"),
    [
        ("https://hooks.example.test/path", ENCODED, None),
        ("http://someone:password@hooks.example.test:8080/?key=1", None, None),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", None, None),
        ("https://", None, "not a valid web address"),
        ("https://hooks.example.test:99999/", None, "not a valid web address"),
        ("https://hooks.example.test/", "whsec_?", "its secret does not have base64 after whsec_"),
        ("https://hooks.example.test/", "whsec_", "its secret is empty"),
        ("json://hooks.example.test/", ENCODED, "a secret is for addresses that begin with https://"),
    ],
)
@pytest.mark.fault("C12")
def test_check_says_what_is_wrong_with_a_webhook(url: str, secret: str | None, words: str | None) -> None:
    found = check(Channel("hook", Secret(url), secret=Secret(secret) if secret else None))
    assert found is None if words is None else words in str(found)


def validated(body: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(body)]


def test_what_is_sent_is_what_the_schema_describes() -> None:
    events = sample_events(AT)
    told = [notification("hook", AT, [event], ["r"]) for event in events.values()]
    told += [notification("hook", AT, [*events.values()], ["r", "s"]), trial("hook", AT)]
    with receiving() as server:
        addresses = [server.url("/", "http"), server.url("/")]
        batch = [
            (Channel("hook", Secret(url)), Delivery(1, one, OutboxState.SENDING, 1, AT))
            for one in told
            for url in addresses
        ]
        assert {outcome.verdict for outcome in deliver(batch)} == {Verdict.SENT}
    bodies = [json.loads(request.body) for request in server.requests]
    assert [error for body in bodies for error in validated(body)] == []
    assert {body["type"] for body in bodies} == set(SCHEMA["properties"]["type"]["enum"])
    sent = {key for body in bodies for event in body["data"]["events"] for key in event}
    assert sent == SCHEMA["$defs"]["event"]["properties"].keys()


def test_a_message_without_parts_is_sent_to_a_webhook_too() -> None:
    with receiving() as server:
        assert posted(server.url("/", "http"), delivery=message()) == Outcome(SENT)
    body = json.loads(server.requests[0].body)
    assert (body["data"]["title"], body["data"]["events"]) == ("A price fell", [])
    assert validated(body) == []
