"""SIGKILL at every named step: after the restart it is as if nothing had happened, except for a marked repeat."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.crash_scenario import STORY, CrashScenario, crash_scenario
from tests.support.fork_server import Failpoint, ForkServer
from tests.support.served_catalog import Catalog
from tests.support.store_contents import StoreContents, contents_of
from watcher.cli.demo import Stage, serve

STEPS = {
    "before_fetch": (["X1"], 3),
    "fetching": (["X1"], 3),
    "fetched": (["X1"], 3),
    "parsed": (["X2"], 3),
    "looked": (["X2"], 3),
    "planned": (["X2"], 3),
    "transaction_begun": (["X3"], 3),
    "models_written": (["X3"], 3),
    "table_written": (["X3"], 3),
    "event_written": (["X3"], 3),
    "message_written": (["X3"], 3),
    "before_commit": (["X3", "X12", "W18"], 3),
    "committed": (["X4", "W12", "W18"], 3),
    "forgetting": (["X11"], 3),
    "batches_ready": (["X4", "W12"], 3),
    "claiming": (["X4", "W12"], 2),
    "claimed": (["X5", "W11"], 2),
    "child_started": (["X5", "W11"], 3),
    "job_handed_over": (["X6"], 3),
    "hook": (["X6"], 2),
    "ops": (["X6"], 2),
    "answered": (["X7"], 3),
    "delivered": (["X7"], 2),
    "before_ack": (["X7"], 3),
    "acknowledging": (["X8"], 3),
    "acknowledged": (["X9"], 3),
    "closing": (["X11"], 3),
}
"""The points of a poll and its messages, in order: the faults that a kill there tries, and how many hits."""
AGAIN = {
    "claimed-three-times": (["X5"], [Failpoint("claimed"), Failpoint("claimed"), Failpoint("claimed")]),
    "recovering": (["X5"], [Failpoint("claimed"), Failpoint("recovering")]),
    "recovered": (["X5"], [Failpoint("claimed", 2), Failpoint("recovered")]),
    "requests": (["X6", "X8"], [Failpoint("hook"), Failpoint("ops"), Failpoint("acknowledging")]),
    "acknowledging-three-times": (["X8"], [Failpoint("acknowledging")] * 3),
    "one-step-after-another": (
        ["X3", "X4", "X9"],
        [Failpoint("before_commit", 2), Failpoint("committed"), Failpoint("acknowledged")],
    ),
}
"""What is killed again while it takes up what the death before left behind."""
TOLD = {"price.changed", "expiration.announced", "model.added", "model.removed"}
MERGES = {
    "merging_messages": 2,
    "claimed": 1,
    "hook": 1,
    "ops": 1,
    "before_ack": 2,
    "acknowledging": 2,
    "acknowledged": 2,
}
"""Points with how often they are reached where all that waits goes as one message a channel."""


@pytest.fixture(scope="module")
def undisturbed(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> list[StoreContents]:
    """Return what is stored after each version of the list when nothing is killed."""
    stage, folder, found = Stage([]), tmp_path_factory.mktemp("undisturbed"), list[StoreContents]()
    with serve(stage) as url, crash_scenario(forks, Catalog(stage, url), folder) as scenario:
        for version in STORY:
            scenario.catalog.shows(*version)
            scenario.once()
            found.append(contents_of(scenario.store))
            scenario.assert_same_as(found[-1])
        assert {len(came) for came in scenario.delivered.values()} == {2}
        assert {row["kind"] for row in found[-1]["events"]} == TOLD
        return found


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param(Failpoint(point, hit), id=f"{point}-{hit}", marks=pytest.mark.fault(*faults))
        for point, (faults, hits) in STEPS.items()
        for hit in range(1, hits + 1)
    ],
)
@pytest.mark.fault("I1", "I3", "I7")
def test_a_kill_loses_nothing_and_invents_nothing(
    scenario: CrashScenario, undisturbed: list[StoreContents], failpoint: Failpoint
) -> None:
    looks = scenario.play(failpoint)
    scenario.assert_same_as(undisturbed[looks - 1])
    assert scenario.kills == 1


@pytest.mark.parametrize(
    "failpoints",
    [
        pytest.param(failpoints, id=name, marks=pytest.mark.fault(*faults))
        for name, (faults, failpoints) in AGAIN.items()
    ],
)
@pytest.mark.fault("I2", "I3")
def test_kills_one_after_another_lose_nothing_and_invent_nothing(
    scenario: CrashScenario, undisturbed: list[StoreContents], failpoints: list[Failpoint]
) -> None:
    looks = scenario.play(*failpoints)
    scenario.assert_same_as(undisturbed[looks - 1])
    assert scenario.kills == len(failpoints)


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param(Failpoint(point, hit), id=f"{point}-{hit}")
        for point, times in MERGES.items()
        for hit in range(1, times + 1)
    ],
)
@pytest.mark.fault("X10")
def test_a_backlog_is_sent_as_one_message_despite_a_kill(
    scenario: CrashScenario, undisturbed: list[StoreContents], failpoint: Failpoint
) -> None:
    now = datetime.now(UTC)
    scenario.configure(f", quiet: {now - timedelta(hours=2):%H:%M}-{now + timedelta(hours=2):%H:%M}")
    rules = scenario.folder / "rules.yaml"
    rules.write_text(rules.read_text().replace("notify:", "severity: warning, notify:"))
    for version in STORY:
        scenario.catalog.shows(*version)
        scenario.once()
    assert not any(scenario.delivered.values())
    scenario.configure()
    scenario.once(failpoint)
    scenario.assert_same_as(undisturbed[-1])
    assert {len(came) for came in scenario.delivered.values()} <= {1, 2}
