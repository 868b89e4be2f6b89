from datetime import timedelta

import pytest

from tests.support.catalogs import DAY, HOUR, OWL, START, Story, listing
from watcher.domain.kinds import Kind
from watcher.domain.polls import Failure, Part, Poll, State, Trouble
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.rules.route import Rule

DOWN = Failure("connection refused")
TEAM: Part = ("channel", "team")
TELLING = Settings((Rule("Everything", ("team", "ops")),))


def test_a_short_failure_is_no_news() -> None:
    story = Story()
    story.shows(OWL)
    assert story.answers(HOUR, models=DOWN) == []
    assert story.answers(HOUR / 2, models=DOWN) == []
    assert story.shows(OWL, after=HOUR / 4) == []


@pytest.mark.fault("I16", "N11")
def test_a_lasting_failure_is_reported_once_and_so_is_its_end() -> None:
    story = Story()
    story.shows(OWL)
    told = [event.kind for _ in range(48) for event in story.answers(HOUR / 2, models=DOWN)]
    assert told == ["source.failing"]
    assert [event.kind for event in story.shows(OWL)] == ["source.recovered"]
    assert story.shows(OWL) == []


def test_the_reason_is_the_latest_one_and_every_episode_has_its_own_id() -> None:
    story = Story()
    ids = []
    for _ in range(2):
        story.answers(models=DOWN)
        [event] = story.answers(HOUR, models=Failure("timed out"))
        assert event.cause == "timed out"
        ids += [event.id, story.shows(OWL)[0].id]
    assert len(set(ids)) == 4


@pytest.mark.fault("P2", "I8", "Q5")
def test_a_list_that_shrank_is_a_problem_of_its_own_until_it_is_back() -> None:
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(40)]
    story = Story()
    story.shows(*many)
    told = [event for _ in range(5) for event in story.shows(*many[:20], after=HOUR / 2)]
    assert [(event.kind, event.cause) for event in told] == [
        (
            "catalog.incomplete",
            "it lacks 20 models, which count as removed at 3 Nov 2026 13:30 UTC if they stay away",
        )
    ]
    assert told[0].after == {"missing": sorted(row["id"] for row in many[20:])}
    source = story.state.sources["models"]
    assert (source.last_good, source.failing_since) == (story.at, None)
    assert [event.kind for event in story.shows(*many)] == ["catalog.complete"]


@pytest.mark.fault("P2", "I8")
def test_a_list_that_stays_small_is_believed_in_the_end() -> None:
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(40)]
    story = Story()
    story.shows(*many)
    told = [event for _ in range(32) for event in story.shows(*many[:20], after=HOUR)]
    assert [event.kind for event in told] == [
        Kind.CATALOG_INCOMPLETE,
        *[Kind.MODEL_REMOVED] * 20,
        Kind.CATALOG_COMPLETE,
    ]
    assert len({event.id for event in told}) == 22


@pytest.mark.fault("Q5")
def test_an_incomplete_list_is_told_with_the_names_and_when_they_count_as_gone() -> None:
    many = [OWL | {"id": f"acme/owl-{number:02}"} for number in range(40)]
    story = Story(Settings((Rule("Everything", ("team",)),)))
    story.shows(*many)
    story.shows(*many[:28])
    for _ in range(2):
        story.shows(*many[:25], after=HOUR / 2)
    [message] = story.plan.notifications
    assert message.title == "The model list lacks 15 models"
    assert "count as removed between 3 Nov 2026 14:00 UTC and 3 Nov 2026 14:30 UTC" in message.body
    assert all(row["id"] in message.body for row in many[25:])
    assert many[0]["id"] not in message.body


@pytest.mark.fault("Q5", "P9")
def test_a_field_that_no_model_has_any_more_makes_the_list_incomplete_and_not_the_source_fail() -> None:
    story = Story()
    story.shows(OWL)
    bare = {key: value for key, value in OWL.items() if key != "expiration_date"}
    told = [event for _ in range(4) for event in story.shows(bare, after=HOUR / 2)]
    assert [(event.kind, event.cause) for event in told] == [
        ("catalog.incomplete", "no model has expiration_date anymore")
    ]
    assert [event.kind for event in story.shows(OWL)] == ["catalog.complete"]


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param(-730 * DAY, id="ahead, then right"),
        pytest.param(20_000 * DAY, id="1970 at boot, then right"),
    ],
)
@pytest.mark.fault("Q11")
def test_how_long_a_source_fails_is_judged_again_when_the_clock_was_set(jump: timedelta) -> None:
    story = Story()
    story.shows(OWL)
    story.answers(HOUR / 4, models=DOWN)
    assert story.answers(jump, models=DOWN) == []
    assert story.state.sources["models"].failing_since == story.at
    assert story.answers(HOUR / 2, models=DOWN) == []
    assert [event.kind for event in story.answers(HOUR / 2, models=DOWN)] == ["source.failing"]


@pytest.mark.fault("Q11")
def test_the_same_holds_for_a_channel_and_an_unreadable_row() -> None:
    late, right = Poll(START + 730 * DAY, {}, {TEAM: LATE}), Poll(START, {}, {TEAM: LATE})
    state = plan(State(), late, TELLING).state
    for hours, told in ((0, []), (1, ["channel.failing"])):
        decided = plan(state, Poll(right.at + hours * HOUR, {}, {TEAM: LATE}), TELLING)
        state = decided.state
        assert [event.kind for event in decided.events] == told


def test_another_query_may_show_less() -> None:
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(40)]
    story = Story()
    story.shows(*many)
    other = listing(many[:10], story.at, "http://catalog.test/models?output_modalities=image")
    assert [event for _ in range(5) for event in story.answers(HOUR, models=other)] == []


@pytest.mark.fault("I5", "W2", "W3")
def test_a_failed_poll_changes_nothing_that_is_known() -> None:
    story = Story()
    story.shows(OWL)
    before = story.state.items
    story.answers(HOUR, models=DOWN)
    assert story.state.items == before
    assert story.shows(OWL) == []
    assert listing([OWL]).documents


def told_of(state: State, *troubles: Trouble | None, settings: Settings = TELLING) -> tuple[State, list[str]]:
    """Return the events for a channel whose hourly condition is as given."""
    told = list[str]()
    for hour, trouble in enumerate(troubles):
        decided = plan(state, Poll(START + hour * HOUR, {}, {TEAM: trouble} if trouble else {}), settings)
        state, told = decided.state, [*told, *(event.kind for event in decided.events)]
    return state, told


REFUSED, LATE = Trouble("no such account", is_final=True), Trouble("timed out")


@pytest.mark.parametrize(
    ("troubles", "told"),
    [
        ([LATE, None], []),
        ([LATE, LATE, LATE, None, None], ["channel.failing", "channel.recovered"]),
        ([REFUSED, REFUSED, None], ["channel.failing", "channel.recovered"]),
    ],
)
@pytest.mark.fault("L15")
def test_a_channel_that_refuses_or_is_down_for_long_is_reported_once_and_so_is_its_end(
    troubles: list[Trouble | None], told: list[str]
) -> None:
    assert told_of(State(), *troubles)[1] == told


def test_a_channel_that_no_rule_names_any_more_is_forgotten() -> None:
    failing, _ = told_of(State(), REFUSED)
    assert TEAM in failing.troubles
    others = Settings((Rule("Everything", ("ops",)),))
    state, told = told_of(failing, REFUSED, settings=others)
    assert (state.troubles, told) == ({}, [])
