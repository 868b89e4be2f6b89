from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, Row, Story, priced
from watcher.cli.demo import row
from watcher.domain.news import Event
from watcher.news.steadiness import LATELY, apart, shortened

MINUTES = timedelta(minutes=5)
DEARER = priced(OWL, "0.0000015", "0.0000125")
HOST = {"top_provider": {"context_length": 8192, "max_completion_tokens": 4096, "is_moderated": False}}
OTHERS = [row(f"acme/model-{number}", "0.000001", "0.000002") for number in range(3)]


def begun(*rows: Row) -> Story:
    story = Story()
    story.shows(*(rows or (OWL,)))
    return story


def prices(events: list[Event]) -> list[tuple[str, str]]:
    return [(str(e.subject), str(e.cause)) for e in events if e.kind.startswith("price.")]


def polled(story: Story, *rows: Row, during: timedelta, every: timedelta = MINUTES) -> timedelta | None:
    """Poll the same rows until a price change is reported; returns how long that took."""
    for number in range(int(during / every)):
        if prices(story.shows(*rows, after=every)):
            return number * every
    return None


class TestSteady:
    def test_a_change_of_a_steady_price_is_reported_within_the_hour(self) -> None:
        story = begun()
        assert polled(story, DEARER, during=2 * HOUR) == HOUR - MINUTES
        [event] = story.plan.events
        assert event.before == {"prompt": "0.00000125", "completion": "0.00001"}
        assert event.after == {"prompt": "0.0000015", "completion": "0.0000125"}
        assert event.cause == "repriced"

    def test_polls_an_hour_apart_report_it_at_first_sight(self) -> None:
        assert prices(begun().shows(DEARER)) == [("acme/owl-2", "repriced")]

    @pytest.mark.fault("W8")
    def test_free_and_paid_are_both_prices(self) -> None:
        story = begun()
        assert prices(story.shows(priced(OWL, "0", "0"))) == [("acme/owl-2", "repriced")]
        assert prices(story.shows(OWL, after=7 * DAY)) == [("acme/owl-2", "repriced")]


class TestDoubtful:
    def test_a_price_that_moves_with_its_host_waits_longer(self) -> None:
        story = begun()
        assert polled(story, DEARER | HOST, during=DAY) == 8 * HOUR - MINUTES
        assert story.plan.events[0].cause == "routing moved to another provider"

    def test_a_price_that_moves_in_a_crowd_waits_longer(self) -> None:
        story = begun(OWL, *OTHERS)
        crowd = [priced(other, "0.000002", "0.000004") for other in OTHERS]
        assert polled(story, DEARER, *crowd, during=DAY) == 8 * HOUR - MINUTES
        assert len(story.plan.events) == 4

    def test_two_are_no_crowd(self) -> None:
        story = begun(OWL, FINCH)
        assert polled(story, DEARER, priced(FINCH, "1", "1"), during=DAY) == HOUR - MINUTES

    def test_batch_twins_and_aliases_do_not_make_a_crowd(self) -> None:
        ids = ("acme/owl-2:batch", "~acme/owl-latest", "acme/finch-mini:batch")
        story = begun(OWL, *(OWL | {"id": model} for model in ids))
        assert polled(story, DEARER, *(DEARER | {"id": model} for model in ids), during=DAY) == HOUR - MINUTES


class TestRestless:
    def test_a_flap_sends_no_message(self) -> None:
        story = begun()
        for _ in range(10):
            assert polled(story, DEARER, during=HOUR / 2) is None
            assert polled(story, OWL, during=5 * HOUR) is None

    def test_after_a_flap_a_price_must_hold_for_long(self) -> None:
        story = begun()
        polled(story, DEARER, during=HOUR / 2)
        polled(story, OWL, during=DAY)
        assert polled(story, DEARER, during=3 * DAY) == 40 * HOUR

    def test_a_new_model_counts_as_restless(self) -> None:
        story = begun(FINCH)
        story.shows(FINCH, OWL)
        assert polled(story, FINCH, DEARER, during=3 * DAY) == 40 * HOUR

    def test_a_small_step_must_hold_as_long(self) -> None:
        story = begun()
        assert polled(story, priced(OWL, "0.00000125", "0.0000102"), during=3 * DAY) == 40 * HOUR

    @pytest.mark.fault("W7")
    def test_a_drift_is_reported_within_six_days_with_its_true_total(self) -> None:
        story = begun()
        told: list[Event] = []
        for step in range(1, 13):
            told += story.shows(priced(OWL, "0.00000125", f"0.0000{100 + 4 * step}"), after=DAY)
        assert told
        assert told[0].before == {"prompt": "0.00000125", "completion": "0.00001"}
        assert told[0].at - told[0].since <= LATELY + DAY if told[0].since else False
        assert story.shows(priced(OWL, "0.00000125", "0.0000148"), after=DAY) is not None

    def test_a_price_that_returns_after_being_reported_is_reported_again_under_another_id(self) -> None:
        story = begun()
        told = [event for shown in (DEARER, OWL, DEARER) for event in story.shows(shown, after=7 * DAY)]
        assert [event.kind for event in told] == ["price.changed"] * 3
        assert len({event.id for event in told}) == 3

    def test_sparse_polls_are_not_kept_waiting_past_two_days(self) -> None:
        story = begun()
        story.shows(DEARER, after=DAY)
        assert prices(story.shows(OWL, after=DAY)) == []
        assert len(prices(story.shows(OWL, after=DAY))) == 1


class TestLesserPrices:
    def with_cache(self, price: str | None, base: Row = OWL) -> Row:
        return base | {"pricing": base["pricing"] | ({"input_cache_read": price} if price else {})}

    def test_a_change_of_minor_prices_alone_is_reported_after_a_week(self) -> None:
        story = begun(self.with_cache("0.0000001"))
        assert polled(story, self.with_cache("0.0000002"), during=9 * DAY, every=DAY) == 7 * DAY
        [event] = story.plan.events
        assert (event.kind, event.cause) == ("price.detail", "cache price changed")

    def test_a_newly_listed_price_says_so(self) -> None:
        story = begun()
        assert polled(story, self.with_cache("0.0000002"), during=9 * DAY, every=DAY) == 7 * DAY
        assert story.plan.events[-1].cause == "now itemised"

    def test_a_price_no_longer_listed_is_not_news(self) -> None:
        story = begun(self.with_cache("0.0000001"))
        assert polled(story, OWL, during=20 * DAY, every=DAY) is None

    def test_they_are_reported_with_the_main_price(self) -> None:
        story = begun()
        [event] = [e for e in story.shows(self.with_cache("0.0000002", DEARER)) if e.subject == "acme/owl-2"]
        assert {change.path for change in event.fields} == {"prompt", "completion", "input_cache_read"}

    def test_a_long_context_price_says_so(self) -> None:
        tiers = [{"min_prompt_tokens": 200000, "prompt": price} for price in ("0.000002", "0.000003")]
        story = begun(OWL | {"pricing": OWL["pricing"] | {"overrides": tiers[:1]}})
        shown = OWL | {"pricing": OWL["pricing"] | {"overrides": tiers[1:]}}
        assert polled(story, shown, during=9 * DAY, every=DAY) == 7 * DAY
        assert story.plan.events[0].cause == "long-context price changed"

    def test_any_other_price_says_so(self) -> None:
        story = begun(OWL | {"pricing": OWL["pricing"] | {"web_search": "0.01"}})
        shown = OWL | {"pricing": OWL["pricing"] | {"web_search": "0.02"}}
        assert polled(story, shown, during=9 * DAY, every=DAY) == 7 * DAY
        assert story.plan.events[0].cause == "other prices changed"


WINDOW: Row = {"utc_start": 1630, "utc_end": 30, "prompt": "0.0000005", "completion": "0.000004"}


class TestSchedules:
    def scheduled(self, prompt: str, window: Row) -> Row:
        return OWL | {"pricing": {"prompt": prompt, "completion": "0.00001", "overrides": [window]}}

    def test_the_hour_of_the_day_is_not_a_change(self) -> None:
        story = begun(self.scheduled("0.00000125", WINDOW))
        for prompt in ("0.0000005", "0.00000125") * 5:
            assert story.shows(self.scheduled(prompt, WINDOW), after=12 * HOUR) == []

    def test_another_schedule_is_news_at_once_with_both_prices(self) -> None:
        story = begun(self.scheduled("0.00000125", WINDOW))
        [event] = story.shows(self.scheduled("0.0000005", WINDOW | {"prompt": "0.0000006"}), after=MINUTES)
        assert (event.kind, event.cause) == ("price.changed", "time-of-day schedule changed")
        assert event.after is not None
        assert {"prompt", "completion"} <= set(event.after)  # type: ignore[arg-type] # a mapping

    def test_a_schedule_that_ends_is_news(self) -> None:
        story = begun(self.scheduled("0.00000125", WINDOW))
        assert prices(story.shows(OWL, after=MINUTES)) == [("acme/owl-2", "time-of-day schedule changed")]


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (("1", "1"), ("1", "1"), "0"),
        (("1", "1"), ("2", "1"), "0.5"),
        (("2", "1"), ("1", "1"), "0.5"),
        (("0", "0"), ("0", "1"), "1"),
        (("1", "1"), ("1", None), "1"),
        ((None, None), (None, None), "0"),
    ],
)
def test_the_distance_of_prices_is_their_largest_relative_difference(
    before: tuple[str | None, str | None], after: tuple[str | None, str | None], share: str
) -> None:
    sides = [{"prompt": prompt, "completion": completion} for prompt, completion in (before, after)]
    assert str(apart(*sides)) == share


@pytest.mark.parametrize(("gap", "hold"), [(1, 40), (4, 40), (6, 38), (24, 20), (48, -4)])
def test_holds_are_cut_short_where_the_next_poll_would_come_too_late(gap: int, hold: int) -> None:
    assert shortened(40 * HOUR, gap * HOUR) == hold * HOUR


@given(
    st.lists(st.sampled_from(["0.000001", "0.0000011", "0.000002", "0"]), min_size=1, max_size=30),
    st.sampled_from([HOUR, 6 * HOUR, DAY]),
)
def test_whatever_a_price_does_what_lasts_is_reported_and_nothing_untrue_is(
    shown: list[str], every: timedelta
) -> None:
    story = begun(priced(OWL, "0.000001", "0"), HERON)
    announced = "0.000001"
    for price in shown:
        for event in story.shows(priced(OWL, price, "0"), HERON, after=every):
            assert event.before["prompt"] == announced  # type: ignore[index, call-overload] # a mapping
            announced = price
            assert event.after["prompt"] == price  # type: ignore[index, call-overload] # a mapping
    for _ in range(int(LATELY / every) + 2):
        for event in story.shows(priced(OWL, shown[-1], "0"), HERON, after=every):
            announced = str(event.after["prompt"])  # type: ignore[index, call-overload] # a mapping
    assert announced == shown[-1]
