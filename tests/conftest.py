"""Shared fixtures: a served catalog, forked processes, and no developer's proxy between a test and its servers."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.crash_scenario import CrashScenario, crash_scenario
from tests.support.fork_server import ForkServer, fork_server
from tests.support.served_catalog import Catalog
from watcher.cli.demo import Stage, serve

# No test is about time; CI, where nothing may be missing, tries more examples.
EXAMPLES = 50 if os.environ.get("WATCHER_REQUIRE_ALL") else 10  # of a hypothesis test
settings.register_profile("watcher", deadline=None, max_examples=EXAMPLES)
settings.load_profile("watcher")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """Have one worker more than cores: many tests wait for a server or a process."""
    return 1 + (len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what one worker must run as a whole, so that no worker has it left at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        yield


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    stage = Stage([OWL, FINCH, HERON])
    with serve(stage) as url:
        yield Catalog(stage, url)


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    with fork_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def scenario(forks: ForkServer, catalog: Catalog, tmp_path: Path) -> Iterator[CrashScenario]:
    with crash_scenario(forks, catalog, tmp_path) as made:
        yield made
