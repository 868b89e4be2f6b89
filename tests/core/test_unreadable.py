"""What happens to rows that cannot be read, as a whole or in part."""

from typing import Any

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, Story, priced
from watcher.messages.lines import describe
from watcher.news.settings import Settings
from watcher.rules.route import Rule
from watcher.rules.values import Globs

MANY = [OWL | {"id": f"acme/model-{number}"} for number in range(24)]
ODD: Any = {"max": 128_000}


@pytest.mark.fault("Q1")
def test_an_unreadable_field_hides_no_change_of_the_others() -> None:
    story = Story()
    story.shows(OWL, *MANY)
    dearer = priced(OWL, "0.000125", "0.001") | {"context_length": ODD, "expiration_date": "2026-12-30"}
    told = [event for _ in range(30) for event in story.shows(dearer, *MANY)]
    assert [event.kind for event in told] == ["expiration.announced", "model.unreadable", "price.changed"]
    observed = story.state.items["acme/owl-2"].observed
    assert observed
    assert observed.context == 131_072


@pytest.mark.fault("Q1")
@pytest.mark.parametrize(
    "field",
    [
        {"pricing": {"prompt": "cheap", "completion": "0.00001"}},
        {"pricing": "cheap"},
        {"pricing": {"prompt": "0.00000125", "completion": "0.00001", "overrides": "none"}},
        {"expiration_date": "soon"},
        {"context_length": ODD},
        {"description": 5},
        {"architecture": []},
        {"top_provider": "acme"},
        {"supported_parameters": "all"},
        {"name": ["Owl"]},
    ],
)
def test_an_unreadable_field_stays_as_it_was_known_and_is_no_change(field: Any) -> None:
    pricing = OWL["pricing"] | {"overrides": []}
    owl = OWL | {"expiration_date": "2027-12-01", "description": "Deprecated.", "pricing": pricing}
    story = Story()
    story.shows(owl, *MANY)
    told = [event for _ in range(60) for event in story.shows(owl | field, *MANY, after=8 * HOUR)]
    assert [event.kind for event in told] == ["model.unreadable"]
    assert story.shows(owl, *MANY)[0].kind == "model.readable"
    assert story.shows(owl, *MANY, after=9 * DAY) == []


@pytest.mark.fault("Q1")
def test_a_price_that_becomes_readable_is_no_change_of_it() -> None:
    story = Story()
    story.shows(priced(OWL, "cheap", "0.00001"), *MANY)
    told = [event for _ in range(20) for event in story.shows(OWL, *MANY, after=DAY)]
    assert told == []
    rise = priced(OWL, "0.000002", "0.00001")
    told = [event for _ in range(3) for event in story.shows(rise, *MANY, after=DAY)]
    assert [describe(event) for event in told] == [
        "acme/owl-2: prompt $1.25 → $2.00 (+60 %) per M tokens (as OpenRouter lists it)"
    ]


@pytest.mark.fault("Q4")
def test_a_row_that_stays_unreadable_is_news_once_and_so_is_its_end() -> None:
    story = Story(Settings((Rule("Owls", ("team",), {"model": Globs(("acme/owl-*",))}),)))
    story.shows(OWL, *MANY)
    odd = OWL | {"context_length": ODD}
    told = [event for _ in range(8) for event in story.shows(odd, *MANY, after=HOUR / 4)]
    [line] = map(describe, told)
    assert line.startswith(
        "acme/owl-2: its row in the model list has not been readable since 2 Nov 2026 09:15 UTC, for 1 hour, so its changes may go unseen"
    )
    assert line.endswith("context_length is \"{'max': 128000}\", which is no number of tokens")
    assert list(story.state.unreadable) == ["acme/owl-2"]
    [end] = story.shows(OWL, *MANY)
    assert (end.kind, describe(end)) == ("model.readable", "acme/owl-2 can be read again after 2 hours")
    assert [message.channel for message in story.plan.notifications] == ["team"]
    assert not story.state.unreadable


@pytest.mark.fault("Q4")
def test_each_time_that_a_row_becomes_unreadable_has_its_own_id() -> None:
    story = Story()
    ids = set()
    for _ in range(2):
        story.shows(OWL | {"expiration_date": "soon"}, *MANY)
        ids |= {event.id for event in story.shows(OWL | {"expiration_date": "soon"}, *MANY)}
        ids |= {event.id for event in story.shows(OWL, *MANY)}
    assert len(ids) == 4


@pytest.mark.fault("Q4")
def test_a_row_that_is_unreadable_for_a_moment_or_leaves_the_list_is_no_news() -> None:
    story = Story()
    story.shows(OWL, *MANY)
    assert story.shows(OWL | {"context_length": ODD}, *MANY, after=HOUR / 4) == []
    assert story.shows(OWL, *MANY, after=HOUR / 4) == []
    story.shows(OWL, "no row", *MANY)  # type: ignore[arg-type] # as the list has it
    assert [event.kind for event in story.shows(OWL, "no row", *MANY)] == ["model.unreadable"]  # type: ignore[arg-type]
    assert story.shows(OWL, *MANY) == []


@pytest.mark.fault("Q4")
def test_a_row_that_is_listed_twice_differently_is_news_as_well() -> None:
    story = Story()
    story.shows(HERON, FINCH, *MANY)
    twice = [HERON, HERON | {"name": "Another"}, FINCH, *MANY]
    told = [event for _ in range(2) for event in story.shows(*twice)]
    assert [(event.kind, event.subject, event.cause) for event in told] == [
        ("model.unreadable", "wetland/heron-large", "is listed twice, differently")
    ]


@pytest.mark.fault("Q1", "Q4")
def test_another_field_that_becomes_unreadable_is_told_too() -> None:
    story = Story()
    story.shows(OWL, *MANY)
    odd = OWL | {"supported_parameters": "all"}
    told = [event for _ in range(5) for event in story.shows(odd, *MANY)]
    worse = odd | {"expiration_date": "soon"}
    told += [event for _ in range(5) for event in story.shows(worse, *MANY)]
    assert [event.kind for event in told] == ["model.unreadable"] * 2
    assert "expiration_date" in (told[1].cause or "")
    assert len({event.id for event in told}) == 2
    assert [event.kind for _ in range(2) for event in story.shows(OWL, *MANY)] == ["model.readable"]
