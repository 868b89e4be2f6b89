import re

import pytest

from tests.support.catalogs import START
from watcher.domain.catalog import FeedItem, FeedSnapshot, Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import Plan, Poll, State
from watcher.messages.message import notification
from watcher.sources.ask import summary

WRONG = re.compile(r"(?<![\d,.$])1 (?:models|offers|prices|aliases|batch variants|changes|more changes)\b")


def changed(kind: Kind, subject: str, number: int) -> Event:
    sides: tuple[Json, Json] = (
        {"prompt": "1", "completion": "2"},
        {"prompt": "1", "completion": f"{number + 3}"},
    )
    if kind is Kind.PROVIDER_REMOVED and number == 0:
        sides = sides[0], {"providers": 1}  # the last but one: it stands elsewhere
    if kind.startswith("expiration."):
        sides = None, f"2026-12-{number + 1:02}"
    return Event(f"{number}", START, kind, subject, *sides, provider=f"provider-{number}")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", ["acme/owl:variant-{}", "acme/owl-{}", "~acme/owl-{}", "acme/owl-{}:batch"])
@pytest.mark.fault("V11")
def test_one_is_never_counted_in_the_plural(kind: Kind, name: str) -> None:
    for number in (1, 2, 4, 5):
        events = [changed(kind, name.format(one), one) for one in range(number)]
        message = notification("team", START, events, ["r"])
        assert WRONG.findall(f"{message.title}\n{message.body}") == []


@pytest.mark.fault("V11")
def test_a_poll_of_one_model_is_summed_up_in_the_singular() -> None:
    poll = Poll(START, {"feed": FeedSnapshot("q", {"owl": FeedItem("acme/owl", "Owl")})})
    assert summary(State(), poll, Plan(State())).startswith("feed: 1 model (baseline);")
