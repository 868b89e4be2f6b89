"""What hostile or broken answers leave behind is bounded."""

from dataclasses import replace

import pytest

from tests.support.catalogs import DAY, HOUR, OWL, START, Row, Story, answer, document, feed_of, listing
from watcher.domain.catalog import Announcement, Aspect, FeedSnapshot, Item
from watcher.domain.errors import RefusedError
from watcher.domain.polls import Failure
from watcher.news.feed import MOST_ABSENT
from watcher.news.lineage import MOST_ALIASES
from watcher.news.model_list import MOST_FIELDS, MOST_GONE
from watcher.news.settle import MOST_DATES
from watcher.sources import model_list


def many(prefix: str, number: int) -> list[Row]:
    return [OWL | {"id": f"acme/{prefix}-{n}", "canonical_slug": f"{prefix}-{n}"} for n in range(number)]


def guids(prefix: str, number: int) -> FeedSnapshot:
    return feed_of({f"{prefix}-{n}": f"acme/{prefix}-{n}" for n in range(number)})


@pytest.mark.fault("V2")
def test_new_guids_at_each_poll_are_forgotten_when_they_are_too_many() -> None:
    story = Story()
    for poll in range(9):
        story.answers(HOUR / 12, models=listing([OWL]), feed=guids(f"poll{poll}", 600))
    assert len(story.state.feed) == MOST_ABSENT + 600
    assert "poll0-0" not in story.state.feed


@pytest.mark.fault("V2")
def test_what_the_feed_has_not_shown_for_weeks_is_forgotten_and_what_it_shows_is_not() -> None:
    story = Story()
    story.answers(models=listing([OWL]), feed=feed_of({"owl": "acme/owl-2", "finch": "acme/finch-mini"}))
    for _ in range(12):
        story.answers(7 * DAY, models=listing([OWL]), feed=feed_of({"owl": "acme/owl-2"}))
    assert set(story.state.feed) == {"owl"}


@pytest.mark.fault("V2", "F8")
def test_what_the_feed_leaves_out_for_a_month_is_no_news_when_it_returns() -> None:
    both = {"owl": "acme/owl-2", "finch": "acme/finch-mini"}
    story = Story()
    for _ in range(20):
        story.answers(7 * DAY, models=listing([OWL]), feed=feed_of(both))
    for _ in range(4):
        story.answers(7 * DAY, models=listing([OWL]), feed=feed_of({"owl": "acme/owl-2"}))
    story.answers(HOUR, models=Failure("down"), feed=feed_of(both))
    assert story.plan.events == ()


@pytest.mark.fault("V3")
def test_a_list_more_than_ten_times_the_known_one_is_refused_and_told() -> None:
    story = Story()
    story.shows(*many("known", 150))
    flood = listing(many("flood", 1501))
    assert story.answers(HOUR, models=flood) == []
    assert len(story.state.items) == 150
    [event] = story.answers(HOUR, models=flood)
    assert (event.kind, event.cause) == (
        "source.failing",
        "the answer would make it 1,501 models, more than ten times the 150 known; it is not believed",
    )


@pytest.mark.fault("V3")
def test_a_feed_more_than_ten_times_the_known_one_is_refused() -> None:
    story = Story()
    story.answers(models=listing([OWL]), feed=guids("known", 110))
    story.answers(HOUR, models=listing([OWL]), feed=guids("flood", 1101))
    assert len(story.state.feed) == 110
    assert story.state.sources["feed"].reason == (
        "the answer would make it 1,101 items, more than ten times the 110 known; it is not believed"
    )


@pytest.mark.fault("V3")
def test_new_models_in_each_answer_do_not_add_up_without_end() -> None:
    story = Story()
    for poll in range(12):
        story.shows(*many(f"poll{poll}", 100), after=HOUR / 12)
    assert len(story.state.items) == 1100
    assert story.state.sources["models"].reason


@pytest.mark.parametrize("number", [600, 1000])
@pytest.mark.fault("V3")
def test_a_short_list_may_grow_to_a_usual_one(number: int) -> None:
    story = Story()
    story.shows(OWL)
    story.shows(*many("new", number), after=HOUR)
    assert story.state.listed == number


@pytest.mark.fault("V3", "P22")
def test_a_list_of_more_models_than_can_be_kept_is_refused() -> None:
    tiny = [{"id": f"a/{n}"} for n in range(20_001)]
    with pytest.raises(RefusedError, match=r"the list has 20,001 models; watcher reads at most 20,000"):
        model_list.parse([answer(tiny)], Story().at, "query")


@pytest.mark.fault("V3", "P24")
def test_models_that_left_are_forgotten_when_they_are_too_many_the_oldest_first() -> None:
    story = Story()
    story.shows(OWL)
    left = replace(document(OWL), listed=False)
    gone = {
        f"acme/gone-{n:04}": Item(left, left, last={Aspect.LISTED: Announcement(START + n * HOUR, None)})
        for n in range(MOST_GONE + 10)
    }
    story.state = replace(
        story.state,
        items={**story.state.items, **gone},
        base_prices={("Dearer", model): {"prompt": "1"} for model in ("acme/gone-0000", "acme/owl-2")},
    )
    story.shows(OWL)
    assert len(story.state.items) == MOST_GONE + 1
    assert set(gone) - set(story.state.items) == {f"acme/gone-{n:04}" for n in range(10)}
    assert set(story.state.base_prices) == {("Dearer", "acme/owl-2")}


@pytest.mark.fault("V3")
def test_dates_that_change_in_each_answer_are_not_remembered_for_ever() -> None:
    story = Story()
    for day in range(MOST_DATES + 50):
        story.shows(OWL | {"expiration_date": f"{START + (day + 90) * DAY:%Y-%m-%d}"}, after=DAY)
    assert len(story.state.items["acme/owl-2"].dates) == MOST_DATES


@pytest.mark.fault("V3", "P8")
def test_new_fields_in_each_answer_are_not_remembered_for_ever() -> None:
    story = Story()
    story.shows(OWL)
    for poll in range(60):
        story.shows(OWL | {f"field_{poll}_{n}": 1 for n in range(50)}, after=HOUR)
    assert len(story.state.sources["models"].fields) <= MOST_FIELDS
    assert story.plan.events == ()


@pytest.mark.fault("V3")
def test_a_list_that_gives_all_models_one_slug_and_one_alias_target_costs_no_more() -> None:
    story = Story()
    story.shows(OWL)
    rows = [OWL | {"id": f"~acme/same-{n}", "alias_target": {"slug": "acme/owl-2"}} for n in range(400)]
    events = story.shows(OWL | {"expiration_date": "2026-12-01"}, *rows)
    assert max(len(event.aliases) for event in events) == MOST_ALIASES
