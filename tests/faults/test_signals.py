"""A signal at any step: the service ends cleanly or goes on, and nothing is lost or told twice."""

import signal
import subprocess
from pathlib import Path
from threading import Event

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.crash_scene import AT_ONCE, STORY, Scene
from tests.support.fork_server import Failpoint
from tests.support.programs import SOON, command, configure, environment, eventually
from tests.support.receivers import receiving
from tests.support.remains import remains
from tests.support.watching import Catalog, has_polled_twice_more

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


def run_until_told(scene: Scene, failpoint: Failpoint | None = None) -> None:
    """Run the service until each channel was told, or until a signal has ended it."""
    looks = scene.catalog.stage.looks
    scene.server.start("--config", scene.folder / "rules.yaml", "run", failpoint=failpoint)
    if not failpoint or failpoint.deed == "SIGHUP":
        eventually(lambda: scene.catalog.stage.looks > looks, "it runs")
        eventually(lambda: all(scene.came.values()), "everybody is told", 2 * SOON)
        scene.server.kill(signal.SIGTERM)
    assert scene.server.end(LONGEST_END) == 0, scene.server.output


@pytest.mark.parametrize(
    "failpoint",
    [
        pytest.param(Failpoint(point, deed=deed), id=f"X14-{deed}-{point}")
        for deed, points in STEPS.items()
        for point in points
    ],
)
def test_a_signal_at_any_step_costs_nobody_a_message_or_a_repeat__I17(
    scene: Scene, failpoint: Failpoint
) -> None:
    scene.catalog.shows(*STORY[0])
    scene.once()
    scene.catalog.shows(*STORY[1])
    run_until_told(scene, failpoint)
    run_until_told(scene)
    assert {channel: len(came) for channel, came in scene.came.items()} == {"hook": 1, "ops": 1}
    scene.must_be_as(remains(scene.store))


def test_a_message_in_flight_at_the_end_is_sent_again_and_marked__X14_I17_I3(scene: Scene) -> None:
    scene.catalog.shows(*STORY[0])
    scene.once()
    reached, over = Event(), Event()

    def hang() -> None:
        reached.set()
        over.wait(SOON)

    scene.latency = hang
    scene.catalog.shows(*STORY[1])
    scene.server.start("--config", scene.folder / "rules.yaml", "run")
    assert reached.wait(SOON)
    scene.server.kill(signal.SIGTERM)
    assert scene.server.end(LONGEST_END) == 0, scene.server.output
    over.set()
    for row in remains(scene.store)["outbox"]:
        assert (row["state"], row["repeat"]) == ("waiting", 1)
        assert "the message may have arrived" in row["error"]


@pytest.mark.parametrize(
    "stream", [pytest.param("stdout", id="X14"), pytest.param("stderr", id="X14-errors")]
)
def test_an_output_that_nobody_reads_costs_neither_the_service_nor_other_channels__I10(
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
    states = {row["channel"]: row["state"] for row in remains(tmp_path / "watcher.db")["outbox"]}
    assert states == {"console": "waiting" if stream == "stdout" else "sent", "hook": "sent"}
