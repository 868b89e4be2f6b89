"""The title of a digest is of what still holds."""

from datetime import timedelta

import pytest

from tests.support.catalogs import HOUR, START
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.message import notification
from watcher.messages.outdated import outdated


def event(number: int, kind: Kind, subject: str = "a", **more: object) -> Event:
    return Event(str(number), START + number * HOUR, kind, subject, **more)  # type: ignore[arg-type]


def title(*events: Event) -> str:
    return notification("team", START + timedelta(days=1), events, ["All"]).title


@pytest.mark.fault("R6", "L15")
def test_a_channel_that_works_again_is_not_said_to_fail() -> None:
    ended = [event(1, Kind.CHANNEL_FAILING, cause="down"), event(2, Kind.CHANNEL_RECOVERED)]
    assert title(*ended) == "Channel a works again; 1 more notice about watcher itself"
    assert (
        title(*ended, event(3, Kind.CHANNEL_FAILING))
        == "Channel a is failing; 2 more notices about watcher itself"
    )
    assert (
        title(event(0, Kind.CHANNEL_FAILING, "b"), *ended)
        == "Channel b is failing; 2 more notices about watcher itself"
    )


@pytest.mark.fault("R6", "L18")
def test_of_a_model_that_left_and_returned_the_last_word_is_the_title() -> None:
    gone = [event(1, Kind.MODEL_REMOVED, "acme/owl"), event(2, Kind.MODEL_RETURNED, "acme/owl")]
    assert title(*gone) == "acme/owl is back; 1 gone"
    dated = [
        event(1, Kind.EXPIRATION_ANNOUNCED, "acme/owl", after="2026-11-07"),
        event(2, Kind.EXPIRATION_WITHDRAWN, "acme/owl"),
    ]
    assert title(*dated) == "acme/owl: expiration withdrawn; 1 leaves"


@pytest.mark.fault("R6")
def test_many_that_ended_are_not_counted_in_the_title() -> None:
    removed = [event(1, Kind.MODEL_REMOVED, f"acme/{number}") for number in range(6)]
    back = [event(2, Kind.MODEL_RETURNED, "acme/0"), event(2, Kind.MODEL_RETURNED, "acme/1")]
    removed = [Event(f"{one.id}-{one.subject}", one.at, one.kind, one.subject) for one in removed]
    back = [Event(f"{one.id}-{one.subject}", one.at, one.kind, one.subject) for one in back]
    assert title(*removed, *back).startswith("4 models were removed")


@pytest.mark.fault("R6")
def test_what_happens_at_the_same_time_or_is_about_something_else_holds() -> None:
    both = [event(1, Kind.PRICE_CHANGED), Event("2", START + HOUR, Kind.PRICE_CHANGED, "a")]
    others = [event(3, Kind.MODEL_CHANGED), event(4, Kind.MODEL_CHANGED)]
    assert outdated([*both, *others]) == frozenset()
