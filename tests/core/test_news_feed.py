import pytest

from tests.support.catalogs import FINCH, HERON, HOUR, OWL, Story, feed_of, listing
from watcher.domain.polls import Failure

OWL_SLUG, FINCH_SLUG = "acme/owl-2-20260901", "acme/finch-mini-20260901"
OWL_ONLY = {OWL_SLUG: "acme/owl-2"}
BOTH = OWL_ONLY | {FINCH_SLUG: "acme/finch-mini"}
DOWN = Failure("down")


def begun() -> Story:
    story = Story()
    story.answers(models=listing([OWL]), feed=feed_of(OWL_ONLY))
    return story


@pytest.mark.fault("F7")
def test_the_first_look_at_the_feed_is_the_baseline() -> None:
    story = Story()
    assert story.answers(models=listing([OWL]), feed=feed_of(BOTH)) == []
    assert story.answers(3 * HOUR, models=DOWN, feed=feed_of(BOTH)) == []


@pytest.mark.fault("F13")
def test_a_model_shown_by_both_is_reported_once() -> None:
    story = begun()
    events = story.answers(HOUR, models=listing([OWL, FINCH]), feed=feed_of(BOTH))
    assert [(event.kind, event.subject) for event in events] == [("model.added", "acme/finch-mini")]
    assert story.answers(3 * HOUR, models=listing([OWL, FINCH]), feed=feed_of(BOTH)) == []


@pytest.mark.fault("F13")
def test_while_the_list_is_down_the_feed_reports_at_once_and_the_list_does_not_repeat_it() -> None:
    story = begun()
    [event] = story.answers(HOUR, models=DOWN, feed=feed_of(BOTH))
    assert (event.kind, event.subject, event.cause) == (
        "model.added",
        "acme/finch-mini",
        "seen in the feed, not yet in the list",
    )
    assert story.answers(HOUR, models=DOWN, feed=feed_of(BOTH)) != [event]
    [priced, recovered] = story.answers(HOUR, models=listing([OWL, FINCH]))
    assert (priced.kind, priced.after) == ("model.priced", FINCH["pricing"])
    assert recovered.kind == "source.recovered"
    assert story.answers(HOUR, models=listing([OWL, FINCH]), feed=feed_of(BOTH)) == []


def test_what_the_feed_cannot_show_is_news_once_the_list_shows_it() -> None:
    story = begun()
    story.answers(HOUR / 2, models=DOWN, feed=feed_of(BOTH))
    leaving = FINCH | {"expiration_date": "2026-11-30"}
    [priced, event] = story.answers(HOUR / 4, models=listing([OWL, leaving]))
    assert priced.kind == "model.priced"
    assert (event.kind, event.after) == ("expiration.announced", "2026-11-30")


def test_a_later_variant_of_a_model_from_the_feed_is_news_of_its_own() -> None:
    story = begun()
    story.answers(HOUR / 2, models=DOWN, feed=feed_of(BOTH))
    story.answers(HOUR / 4, models=listing([OWL, FINCH]))
    free = FINCH | {"id": "acme/finch-mini:free"}
    assert [event.subject for event in story.answers(HOUR, models=listing([OWL, FINCH, free]))] == [
        free["id"]
    ]


def test_with_the_list_up_the_feed_waits_for_it() -> None:
    story = begun()
    up = listing([OWL])
    assert story.answers(HOUR / 2, models=up, feed=feed_of(BOTH)) == []
    [event] = story.answers(HOUR, models=up, feed=feed_of(BOTH))
    assert event.subject == "acme/finch-mini"


def test_the_list_may_show_it_first_under_a_variant() -> None:
    story = begun()
    variant = FINCH | {"id": "acme/finch-mini:free"}
    assert story.answers(HOUR / 2, models=listing([OWL]), feed=feed_of(BOTH)) == []
    assert len(story.answers(HOUR, models=listing([OWL, variant]), feed=feed_of(BOTH))) == 1
    assert story.answers(3 * HOUR, models=listing([OWL, variant]), feed=feed_of(BOTH)) == []


@pytest.mark.fault("F14")
def test_a_dead_feed_never_stops_the_list_nor_a_dead_list_the_feed() -> None:
    story = begun()
    assert len(story.answers(HOUR / 2, models=listing([OWL, HERON]), feed=DOWN)) == 1
    assert len(story.answers(HOUR / 2, models=DOWN, feed=feed_of(BOTH))) == 1
