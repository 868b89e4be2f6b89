"""kill -9 at random moments under load: nothing lost or invented, at most one repeat per kill, and marked."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event as Flag

import pytest

from tests.support.catalogs import FINCH, OWL, Row, document, priced
from tests.support.crash_scenario import CrashScenario
from tests.support.delivered_messages import tally
from tests.support.served_catalog import Catalog
from tests.support.store_contents import contents_of
from watcher.domain.news import Event
from watcher.openrouter.prices import full_price
from watcher.store import message_rows

KILLS = int(os.environ.get("WATCHER_KILLS", "200"))
SEEDS = 20  # each gives its share of the kills
LATENCY = 0.03  # seconds that a receiver takes at most


def version(number: int) -> list[Row]:
    """Return the list after this many changes, each a new price and a new model."""
    price = f"0.{number + 1:06d}"
    return [priced(OWL, price, price), *(FINCH | {"id": f"acme/finch-{n:04d}"} for n in range(number))]


@contextmanager
def traffic(catalog: Catalog) -> Iterator[list[int]]:
    """Change the list after each poll while the block runs; the item counts the changes."""
    over, changes = Flag(), [1]

    def change() -> None:
        seen = catalog.stage.looks
        while not over.wait(0.01):
            if catalog.stage.looks >= seen + 2:
                seen, changes[0] = catalog.stage.looks, changes[0] + 1
                catalog.shows(*version(changes[0]))

    changer = threading.Thread(target=change)
    changer.start()
    try:
        yield changes
    finally:
        over.set()
        changer.join()


def live_and_die(scenario: CrashScenario, moments: Sequence[float]) -> None:
    """Run the service and kill it after each of these numbers of seconds."""
    for moment in moments:
        scenario.server.start("--config", scenario.folder / "rules.yaml", "run", patient=False)
        time.sleep(moment)
        scenario.server.kill(signal.SIGKILL)
        assert scenario.server.end() == -signal.SIGKILL, scenario.server.output
        scenario.note_kill()


def seconds_of_a_turn(scenario: CrashScenario) -> float:
    """Measure how long a start, a poll and its messages take on this machine."""
    scenario.once()
    scenario.catalog.shows(*version(1))
    began = time.monotonic()
    scenario.once()
    return time.monotonic() - began


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"seed-{seed}") for seed in range(SEEDS)])
@pytest.mark.fault("X13", "I1", "I3")
def test_random_kills_lose_nothing_and_repeat_at_most_one_message_per_channel(
    scenario: CrashScenario, seed: int, record_property: Callable[[str, object], None]
) -> None:
    kills = KILLS // SEEDS
    chance = random.Random(f"kills {seed}")  # noqa: S311 - the same moments every time
    scenario.latency = lambda: time.sleep(chance.uniform(0.0, LATENCY))
    scenario.catalog.shows(*version(0))
    longest = 1.5 * seconds_of_a_turn(scenario)
    with traffic(scenario.catalog) as changes:
        live_and_die(scenario, [chance.uniform(0.0, longest) for _ in range(kills)])
    for _ in range(2):
        scenario.once()
    found = contents_of(scenario.store)
    assert {row["state"] for row in found["outbox"]} == {"sent"}
    told = [message_rows.event_of(row) for row in found["events"]]
    assert_events_lead_from_first_to_last(told, changes[0])
    for channel, came in scenario.delivered.items():
        counted = tally(came, told)
        record_property(channel, f"{kills} kills, {len(came)} messages, {counted.repeats} repeats")
        assert not counted.lost, [e for e in told if e.id in counted.lost]
        assert counted.repeats <= kills


def assert_events_lead_from_first_to_last(told: Sequence[Event], changes: int) -> None:
    """Check that the events add up to the difference between the first list and the last."""
    added = sorted(event.subject for event in told if event.kind == "model.added")
    assert added == [f"acme/finch-{n:04d}" for n in range(changes)]
    prices = [event for event in told if event.kind == "price.changed"]
    steps = [price_of(0), *(event.after for event in prices)]
    assert [event.before for event in prices] == steps[:-1]
    assert steps[-1] == price_of(changes)
    assert {event.kind for event in told} <= {"model.added", "price.changed", "catalog.changed"}


def price_of(change: int) -> object:
    """Give the price as an event tells it."""
    return full_price(document(version(change)[0]))
