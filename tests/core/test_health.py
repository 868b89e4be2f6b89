import pytest

from tests.support.catalogs import HOUR, OWL, START, Story, listing
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


@pytest.mark.fault("P2", "I8")
def test_a_list_that_shrank_is_a_problem_of_its_own_until_it_is_back() -> None:
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(40)]
    story = Story()
    story.shows(*many)
    told = [event for _ in range(5) for event in story.shows(*many[:20], after=HOUR / 2)]
    assert [(event.kind, event.cause) for event in told] == [
        ("source.failing", "the list shows only 20 of 40 models")
    ]
    assert story.state.sources["models"].last_good == story.at
    assert [event.kind for event in story.shows(*many)] == ["source.recovered"]


@pytest.mark.fault("P2", "I8")
def test_a_list_that_stays_small_is_believed_in_the_end() -> None:
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(40)]
    story = Story()
    story.shows(*many)
    told = [event for _ in range(80) for event in story.shows(*many[:20], after=HOUR / 2)]
    assert [event.kind for event in told] == [
        Kind.SOURCE_FAILING,
        *[Kind.MODEL_REMOVED] * 20,
        Kind.SOURCE_RECOVERED,
    ]
    assert len({event.id for event in told}) == 22


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
