"""What tests share: a served catalog, and no proxy of the developer between a test and its servers."""

from collections.abc import Iterator

import pytest

from catalogs import FINCH, HERON, OWL
from watcher.demo import Stage, serve
from watching import Catalog


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
