"""The subject line alone is enough: what happened, to what, how much, by when."""

from collections.abc import Sequence
from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from tests.support.catalogs import HOUR, START
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.message import notification


def price(model: str, before: tuple[str, str], after: tuple[str, str]) -> Event:
    old, new = ({"prompt": prompt, "completion": completion} for prompt, completion in (before, after))
    return Event(f"price {model}", START, Kind.PRICE_CHANGED, model, old, new)


def news(kind: Kind, model: str, after: str | None = None) -> Event:
    return Event(f"{kind} {model}", START, kind, model, None, after)


def leaving(model: str, day: str = "2026-11-09") -> Event:
    return news(Kind.EXPIRATION_ANNOUNCED, model, day)


HALF = [price(f"openai/luna-{n}", ("2", "4"), ("1", "2")) for n in range(4)]
DEARER = price("acme/owl-2", ("2", "4"), ("3", "6"))
NEW = news(Kind.MODEL_ADDED, "zoo/yak")
GONE = news(Kind.MODEL_REMOVED, "acme/finch")
NOTE = Event("note", START, Kind.CATALOG_CHANGED, "catalog", cause="The list has a new field")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        pytest.param([DEARER], "acme/owl-2 50 % dearer", id="dearer"),
        pytest.param([price("acme/owl-2", ("2", "4"), ("1", "2"))], "acme/owl-2 50 % cheaper", id="cheaper"),
        pytest.param(
            [price("acme/owl-2", ("2", "4"), ("2.48", "2.2"))],
            "acme/owl-2 cheaper: prompt +24 %, completion -45 %",
            id="both-ways",
        ),
        pytest.param([leaving("acme/owl-2")], "acme/owl-2 leaves in 7 days (9 Nov)", id="leaves"),
        pytest.param(HALF, "openai/luna-0 and 3 siblings 50 % cheaper", id="siblings"),
        pytest.param(
            [*HALF[:2], DEARER],
            "acme/owl-2 50 % dearer; 2 prices down",
            id="siblings-of-another",
        ),
        pytest.param(
            [leaving("acme/owl-2"), leaving("acme/owl-3")],
            "acme/owl-2 and 1 sibling leave in 7 days (9 Nov)",
            id="siblings-leave",
        ),
        pytest.param(
            [leaving("acme/owl-2"), leaving("zoo/yak")],
            "acme/owl-2 leaves in 7 days (9 Nov); 1 more leaves",
            id="strangers-leave",
        ),
        pytest.param(
            [NEW, NOTE, *HALF, DEARER, GONE],
            "acme/finch is gone; 1 price up, 4 prices down, 1 new, 1 other change",
            id="counted-by-meaning",
        ),
        pytest.param([NOTE, DEARER], "acme/owl-2 50 % dearer; 1 other change", id="notes-never-first"),
        pytest.param(
            [news(Kind.SOURCE_FAILING, "feed"), DEARER],
            "No good answer from the feed; 1 price up",
            id="own-trouble-first",
        ),
        pytest.param(
            [GONE, news(Kind.SOURCE_FAILING, "feed")],
            "acme/finch is gone; 1 notice about watcher itself",
            id="own-trouble-counted",
        ),
        pytest.param(
            [
                GONE,
                DEARER,
                news(Kind.ALIAS_RETARGETED, "~acme/latest", "acme/owl-2"),
                news(Kind.MODEL_RETURNED, "zoo/gnu"),
                NEW,
                news(Kind.MODEL_PRICED, "zoo/emu"),
                news(Kind.CONTEXT_CHANGED, "zoo/ant"),
            ],
            "acme/finch is gone; 1 price up, 1 alias moved, 1 new, 1 back, 2 more",
            id="not-longer-than-is-read",
        ),
    ],
)
def test_the_subject_says_the_most_urgent_in_full_and_counts_the_rest(
    events: Sequence[Event], expected: str
) -> None:
    assert notification("team", START, events, ["r"]).title == expected


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "footer"),
    [
        pytest.param(UTC, "Rule: r · 2 Nov 2026 08:00 UTC", id="utc"),
        pytest.param(BERLIN, "Rule: r · 2 Nov 2026 09:00 CET · dates are UTC days", id="berlin"),
        pytest.param(timezone(timedelta(0), "GMT"), "Rule: r · 2 Nov 2026 08:00 GMT", id="same-days"),
    ],
)
def test_times_are_those_of_the_zone_which_is_named(zone: ZoneInfo | timezone, footer: str) -> None:
    message = notification("team", START, [leaving("acme/owl-2")], ["r"], zone=zone)
    assert message.body.splitlines()[-1] == footer


def test_a_message_about_several_times_gives_them_in_the_zone_too() -> None:
    later = Event("later", START + HOUR, Kind.MODEL_ADDED, "zoo/gnu")
    message = notification("team", START + HOUR, [NEW, later], ["r"], since=START, zone=BERLIN)
    assert "zoo/yak is new: details unknown · 2 Nov 2026 09:00 CET" in message.body
    assert "covers everything since 2 Nov 2026 09:00 CET" in message.body
    assert "UTC" not in message.body


def test_beside_long_news_less_is_counted_by_its_meaning_and_nothing_is_left_out() -> None:
    kinds = (Kind.MODEL_ADDED, Kind.MODEL_RETURNED, Kind.CONTEXT_CHANGED, Kind.PROVIDER_ADDED)
    many = [news(kind, f"zoo/{kind}-{n}") for kind in kinds for n in range(400)]
    first = f"acme/{'owl-' * 16}2 leaves in 7 days (9 Nov)"
    written = notification("team", START, [leaving(f"acme/{'owl-' * 16}2"), *many], ["Sample"]).title
    assert written == f"{first}; 400 provider changes, 400 new, 800 more"
