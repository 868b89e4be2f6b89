"""What was sent to whom, and whether it arrived."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support.catalogs import HOUR, START
from watcher.domain.delivery import Delivery, OutboxState
from watcher.domain.news import Notification
from watcher.reports.sent import Sending, sendings

MESSAGE = Notification("team", START, "acme/owl-2 is new", "body", ("New",), ("e",))
SENT = Delivery(1, MESSAGE, OutboxState.SENT, 1, START, sent_at=START + HOUR, sent_with=1)
OTHER = replace(SENT, id=2, notification=replace(MESSAGE, title="acme/finch is new", events=("f", "e")))


@pytest.mark.parametrize(
    ("changes", "result", "notes", "hours"),
    [
        ({}, "sent", [], 1),
        ({"error": "HTTP 200 ok"}, "sent", ["HTTP 200 ok"], 1),
        ({"attempts": 2, "repeat": True}, "sent", ["2 attempts", "possible repeat"], 1),
        ({"sent_at": None, "error": "undone"}, "not needed", ["undone"], 0),
        (
            {"state": OutboxState.DEAD, "sent_at": None, "next_at": START + 3 * HOUR, "error": "HTTP 404"},
            "dead letter",
            ["HTTP 404"],
            3,
        ),
        ({"state": OutboxState.SENDING, "sent_at": None}, "in flight", [], 0),
        (
            {"state": OutboxState.WAITING, "sent_at": None, "error": "busy", "next_at": START + HOUR},
            "failed",
            ["next attempt 2 Nov 2026 09:00 UTC", "busy"],
            0,
        ),
    ],
)
def test_it_says_whether_it_arrived_and_what_is_noteworthy(
    changes: dict[str, Any], result: str, notes: list[str], hours: int
) -> None:
    sending = Sending((replace(SENT, **changes),))
    assert (sending.result, [*sending.notes()], sending.at) == (result, notes, START + hours * HOUR)


def test_what_was_sent_as_one_message_is_one() -> None:
    [sending] = sendings([replace(OTHER, sent_with=1), SENT])
    assert sending.titles == ("acme/owl-2 is new", "acme/finch is new")
    assert [*sending.notes()] == ["messages 1, 2, sent as one"]
    found = sending.as_json()
    assert (found["type"], found["result"], found["messages"], found["events"]) == (
        "sending",
        "sent",
        [1, 2],
        ["e", "f"],
    )


def test_what_failed_as_one_is_listed_by_itself_since_it_may_be_sent_otherwise() -> None:
    waiting = [replace(one, state=OutboxState.WAITING, sent_at=None, sent_with=1) for one in (SENT, OTHER)]
    assert [sending.first.id for sending in sendings(waiting)] == [1, 2]


def test_what_was_sent_before_merging_was_noted_is_by_itself() -> None:
    assert len(sendings([replace(one, sent_with=0) for one in (SENT, OTHER)])) == 2
