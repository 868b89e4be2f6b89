"""A signal at any step: the service exits cleanly or goes on, and nothing is lost or sent twice."""

import signal
import subprocess
from pathlib import Path
from threading import Event as Flag

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.crash_scenario import AT_ONCE, STORY, CrashScenario
from tests.support.fork_server import Failpoint
from tests.support.full_pipes import full_pipe
from tests.support.receivers import receiving
from tests.support.served_catalog import Catalog, has_polled_twice_more
from tests.support.store_contents import contents_of
from tests.support.watcher_process import SOON, command, configure, environment, eventually

LONGEST_END = 10.0  # seconds
STEPS = {
    "SIGTERM": (
        "fetching",
        "parsed",
        "before_commit",
        "committed",
        "claiming",
        "child_started",
        "job_handed_over",
        "answered",
        "before_ack",
        "acknowledging",
        "acknowledged",
        "turned",
    ),
    "SIGINT": ("before_commit", "job_handed_over"),
    "SIGHUP": ("fetching", "before_commit", "job_handed_over"),
}


def run_until_told(scenario: CrashScenario, failpoint: Failpoint | None = None) -> None:
    """Run the service until each channel got a message, or until a signal ended it."""
    looks = scenario.catalog.stage.looks
    scenario.server.start("--config", scenario.folder / "rules.yaml", "run", failpoint=failpoint)
    if not failpoint or failpoint.deed == "SIGHUP":
        eventually(lambda: scenario.catalog.stage.looks > looks, "it runs")
        eventually(lambda: all(scenario.delivered.values()), "everybody is told", 2 * SOON)
        scenario.server.kill(signal.SIGTERM)
    assert scenario.server.end(LONGEST_END) == 0, scenario.server.output


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param(Failpoint(point, deed=deed), id=f"{deed}-{point}")
        for deed, points in STEPS.items()
        for point in points
    ],
)
@pytest.mark.fault("I17", "X14")
def test_a_signal_at_any_step_loses_and_repeats_no_message(
    scenario: CrashScenario, failpoint: Failpoint
) -> None:
    scenario.catalog.shows(*STORY[0])
    scenario.once()
    scenario.catalog.shows(*STORY[1])
    run_until_told(scenario, failpoint)
    run_until_told(scenario)
    assert {channel: len(came) for channel, came in scenario.delivered.items()} == {"hook": 1, "ops": 1}
    scenario.assert_same_as(contents_of(scenario.store))


@pytest.mark.fault("X14", "I17", "I3")
def test_a_message_in_flight_at_the_end_is_sent_again_and_marked(scenario: CrashScenario) -> None:
    scenario.catalog.shows(*STORY[0])
    scenario.once()
    reached, over = Flag(), Flag()

    def hang() -> None:
        reached.set()
        over.wait(SOON)

    scenario.latency = hang
    scenario.catalog.shows(*STORY[1])
    scenario.server.start("--config", scenario.folder / "rules.yaml", "run")
    assert reached.wait(SOON)
    scenario.server.kill(signal.SIGTERM)
    assert scenario.server.end(LONGEST_END) == 0, scenario.server.output
    over.set()
    for row in contents_of(scenario.store)["outbox"]:
        assert (row["state"], row["repeat"]) == ("waiting", 1)
        assert "the message may have arrived" in row["error"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.fault("Q8", "I10", "I17")
def test_an_output_that_nobody_reads_holds_up_neither_polls_nor_other_channels_nor_the_end(
    tmp_path: Path, catalog: Catalog, stream: str
) -> None:
    with receiving() as http, full_pipe() as unread:
        channels = {"console": "console://", "hook": http.url()}
        file = configure(tmp_path, catalog.url, channels, AT_ONCE)
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: unread}
        arguments = command(file, "run")
        arguments.insert(-1, "--verbose")
        with subprocess.Popen(arguments, **streams, env=environment()) as process:  # type: ignore[call-overload]
            try:
                has_polled_twice_more(tmp_path / "watcher.db")
                catalog.shows(OWL, FINCH, HERON | {"context_length": 7})
                eventually(lambda: http.requests, "the other channel is told")
                process.terminate()
                assert process.wait(LONGEST_END) == 0
            finally:
                process.kill()
    states = {row["channel"]: row["state"] for row in contents_of(tmp_path / "watcher.db")["outbox"]}
    assert states == {"console": "waiting" if stream == "stdout" else "sent", "hook": "sent"}


@pytest.mark.parametrize("stream", [pytest.param("stdout", id="stdout"), pytest.param("stderr", id="errors")])
@pytest.mark.fault("I10", "X14")
def test_a_closed_output_harms_neither_the_service_nor_other_channels(
    tmp_path: Path, catalog: Catalog, stream: str
) -> None:
    with receiving() as http:
        channels = {"console": "console://", "hook": http.url()}
        file = configure(tmp_path, catalog.url, channels, AT_ONCE)
        with subprocess.Popen(
            command(file, "run"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        ) as process:
            try:
                has_polled_twice_more(tmp_path / "watcher.db")
                closed = process.stdout if stream == "stdout" else process.stderr
                assert closed
                closed.close()
                catalog.shows(OWL, FINCH, HERON | {"context_length": 7})
                eventually(lambda: http.requests, "the other channel is told")
                has_polled_twice_more(tmp_path / "watcher.db")
                process.terminate()
                assert process.wait(LONGEST_END) == 0
            finally:
                process.kill()
    states = {row["channel"]: row["state"] for row in contents_of(tmp_path / "watcher.db")["outbox"]}
    assert states == {"console": "waiting" if stream == "stdout" else "sent", "hook": "sent"}
