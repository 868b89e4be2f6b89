"""No memory, descriptors or threads left: nothing is half done, and all recovers once there are some."""

import re
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, Row, priced
from tests.support.crash_scenario import AT_ONCE, CrashScenario, crash_scenario
from tests.support.fork_server import Failpoint, ForkServer
from tests.support.receivers import receiving
from tests.support.served_catalog import Catalog, has_polled_twice_more
from tests.support.store_contents import StoreContents, contents_of
from tests.support.watcher_process import configure, eventually, running
from watcher.cli.demo import Stage, serve
from watcher.store.store import Store

MANY: list[Row] = [FINCH | {"id": f"acme/finch-{number}"} for number in range(80)]
BEFORE = [OWL, *MANY]
AFTER = [priced(row, "0.000003", "0.00001") for row in BEFORE]
LACK = re.compile("Too many open files|no thread could be started")
WIDE_STACKS = 1 << 32  # bytes of address space for each thread


@pytest.fixture(scope="module")
def undisturbed(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> StoreContents:
    """Return what is stored when there is enough memory."""
    stage, folder = Stage([]), tmp_path_factory.mktemp("fed")
    with serve(stage) as url, crash_scenario(forks, Catalog(stage, url), folder) as scenario:
        for version in (BEFORE, AFTER):
            scenario.catalog.shows(*version)
            scenario.once()
        return contents_of(scenario.store)


@pytest.mark.parametrize("point", ["before_fetch", "looked", "transaction_begun", "claimed"])
@pytest.mark.fault("X16", "I2")
def test_a_process_out_of_memory_has_done_all_of_a_step_or_nothing(
    scenario: CrashScenario, undisturbed: StoreContents, point: str
) -> None:
    scenario.catalog.shows(*BEFORE)
    scenario.once()
    scenario.catalog.shows(*AFTER)
    assert scenario.run("once", failpoint=Failpoint(point, deed="starve")), "it had memory enough"
    scenario.note_kill()
    scenario.once()
    scenario.assert_same_as(undisturbed)


def descriptors(process: int) -> list[int]:
    return sorted(int(link.name) for link in Path(f"/proc/{process}/fd").iterdir())


def no_descriptors(process: int) -> tuple[int, int]:
    return resource.RLIMIT_NOFILE, descriptors(process)[-1] + 1


def too_few_descriptors_to_send(process: int) -> tuple[int, int]:
    return resource.RLIMIT_NOFILE, descriptors(process)[-1] + 6


def no_threads(process: int) -> tuple[int, int]:
    """Leave the memory in use, but none for another thread's stack."""
    taken = int(Path(f"/proc/{process}/statm").read_text().split()[0]) * resource.getpagesize()
    return resource.RLIMIT_AS, taken + WIDE_STACKS // 2


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits are set from outside, as Linux has it")
@pytest.mark.parametrize("scarcity", [no_descriptors, too_few_descriptors_to_send, no_threads])
@pytest.mark.fault("X17")
def test_without_descriptors_or_threads_it_says_so_and_goes_on_later(
    tmp_path: Path, catalog: Catalog, scarcity: Callable[[int], tuple[int, int]]
) -> None:
    stacks = resource.getrlimit(resource.RLIMIT_STACK)
    with receiving() as server:
        file = configure(
            tmp_path, catalog.url, {"hook": server.url()}, AT_ONCE.replace("source: 0s", "source: 1h")
        )
        store = tmp_path / "watcher.db"
        resource.setrlimit(resource.RLIMIT_STACK, (WIDE_STACKS, stacks[1]))
        with running(file) as process:
            resource.setrlimit(resource.RLIMIT_STACK, stacks)
            has_polled_twice_more(store)
            held = len(descriptors(process.pid))
            kind, limit = scarcity(process.pid)
            plenty = resource.prlimit(process.pid, kind)
            resource.prlimit(process.pid, kind, (limit, plenty[1]))
            catalog.shows(priced(OWL, "0.000003", "0.00001"), FINCH, HERON)
            eventually(lambda: hindrances(store), "it lacks what it needs")
            assert all(map(LACK.search, hindrances(store)))
            assert not server.requests
            resource.prlimit(process.pid, kind, plenty)
            eventually(lambda: server.requests, "the news is told")
            has_polled_twice_more(store)
            assert len(server.requests) == 1
            assert len(descriptors(process.pid)) == held


def hindrances(store: Path) -> set[str]:
    """Return why sources could not be asked and messages not be sent."""
    with Store.read(store) as opened:
        asked = [source.reason for source in opened.state().sources.values()]
        sent = [message.error for message in opened.outbox.messages()]
        return {reason for reason in asked + sent if reason}
