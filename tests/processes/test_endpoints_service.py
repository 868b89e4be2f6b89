import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, priced
from tests.support.offers import OWL_ID, endpoint
from tests.support.scripted_server import HANG, Script, reply
from tests.support.served_catalog import service
from tests.support.served_providers import Providers, serving_providers
from tests.support.watcher_process import configure, eventually, running
from watcher.domain.news import Event
from watcher.service.loop import Service
from watcher.sources.ask_endpoints import Bounds
from watcher.store.store import Store

HOUR = timedelta(hours=1)
DEARER = priced(OWL, "0.0000015", "0.000012")


@pytest.fixture
def providers() -> Iterator[Providers]:
    owl = [endpoint("heron", "1.25", "10"), endpoint("crane", "1.5", "12")]
    with serving_providers(OWL, FINCH, owl_2=owl, finch_mini=[endpoint("crane", "0.15", "0.6")]) as made:
        yield made


class Watch:
    """A service whose clock a test moves; `asked` has the models asked about since the last turn."""

    def __init__(self, folder: Path, providers: Providers, endpoints: str = "auto") -> None:
        self.clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
        sources = f'{{models: "{providers.url}", feed: off, endpoints: {endpoints}}}'
        self.service: Service = service(
            folder,
            providers.url,
            "console://",
            self.clock,
            f"sources: {sources}\nholds: {{source: 1h}}",
            elapsed=self._elapsed,
        )
        self.service._endpoints.bounds = Bounds(pause=0.0)  # noqa: SLF001 - a test need not be polite to itself
        self.providers = providers

    def _elapsed(self) -> float:
        return self.clock[0].timestamp()

    def turns(self, time: timedelta = timedelta(0), every: timedelta = HOUR) -> list[Event]:
        known = {event.id for event in self.service.store.events()}
        for _ in range(max(1, int(time / every))):
            self.clock[0] += every if time else time
            self.providers.asked.clear()
            self.service.turn()
        return [event for event in reversed(self.service.store.events()) if event.id not in known]


@pytest.fixture
def watch(tmp_path: Path, providers: Providers) -> Iterator[Watch]:
    made = Watch(tmp_path, providers)
    yield made
    made.service.store.close()


def test_the_price_of_a_model_is_what_its_cheapest_provider_asks(watch: Watch, providers: Providers) -> None:
    assert watch.turns() == []
    assert sorted(providers.asked) == ["acme/finch-mini", OWL_ID]
    providers.endpoints[OWL_ID][0] = endpoint("heron", "1.4", "11")
    told = watch.turns(3 * 24 * HOUR)
    assert [(event.kind.value, event.subject, event.cause) for event in told] == [
        ("price.changed", OWL_ID, "Heron raised its price"),
        ("provider.price_changed", OWL_ID, None),
    ]
    assert told[0].after == {"prompt": "0.0000014", "completion": "0.000011"}


def test_another_provider_shown_by_the_list_is_asked_about_at_once_and_is_no_price_change(
    watch: Watch, providers: Providers
) -> None:
    watch.turns()
    watch.turns(2 * HOUR)
    assert providers.asked == []
    providers.rows = [DEARER, FINCH]
    watch.turns(HOUR)
    assert providers.asked == [OWL_ID]
    assert [event.kind for event in watch.turns(30 * HOUR)] == ["price.routed"]


def test_a_restart_remembers_what_was_asked(tmp_path: Path, providers: Providers) -> None:
    first = Watch(tmp_path, providers)
    first.turns()
    before = first.service.store.state()
    assert before.markets[OWL_ID].floor
    first.service.store.close()
    again = Watch(tmp_path, providers)
    assert again.service.store.state() == before
    again.turns()
    assert providers.asked == []
    again.service.store.close()


def test_switched_off_nobody_is_asked(tmp_path: Path, providers: Providers) -> None:
    quiet = Watch(tmp_path, providers, "off")
    quiet.turns(3 * HOUR)
    assert quiet.service.store.state().markets == {}
    assert quiet.service.store.state().sources.keys() == {"models"}
    assert providers.asked == []
    quiet.service.store.close()


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(reply(b"", "403 Forbidden"), id="403"),
        pytest.param(reply(b"", "500 Internal Server Error"), id="500"),
        pytest.param(Script((b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{",)), id="cut"),
    ],
)
@pytest.mark.fault("I16", "N11")
def test_a_source_that_refuses_is_paused_told_once_and_replaced_by_the_list(
    watch: Watch, providers: Providers, refusal: Script
) -> None:
    providers.refusal = refusal
    told = watch.turns(6 * HOUR, timedelta(minutes=5))
    assert [(event.kind.value, event.subject) for event in told] == [("source.failing", "endpoints")]
    providers.rows = [DEARER, FINCH, HERON]
    providers.endpoints[str(HERON["id"])] = [endpoint("crane", "2", "8")]
    told = watch.turns(30 * HOUR)
    assert [(event.kind.value, event.cause) for event in told if event.subject == OWL_ID] == [
        ("price.changed", "as OpenRouter lists it")
    ]
    assert "model.added" in {event.kind for event in told}
    providers.refusal = None
    assert [event.kind for event in watch.turns(7 * HOUR)] == ["source.recovered"]


@pytest.mark.fault("H2")
def test_a_refusal_is_not_followed_by_another_request_before_the_server_wants_it(
    watch: Watch, providers: Providers
) -> None:
    providers.refusal = reply(b"", "429 Too Many Requests", "Retry-After: 3000")
    watch.turns()
    assert len(providers.asked) == 1
    watch.turns(timedelta(minutes=45), timedelta(minutes=45))
    assert providers.asked == []
    watch.turns(timedelta(minutes=10), timedelta(minutes=10))
    assert len(providers.asked) == 1


def test_a_source_that_refuses_is_asked_ever_more_rarely(watch: Watch, providers: Providers) -> None:
    providers.refusal = reply(b"", "503 Service Unavailable")
    asked = []
    for minute in range(0, 12 * 60, 5):
        watch.turns(timedelta(minutes=5), timedelta(minutes=5))
        asked += [minute for _ in providers.asked]
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps == [5, 10, 20, 40, 80, 160, 320]


def test_a_model_that_is_not_found_is_its_own_failure(watch: Watch, providers: Providers) -> None:
    del providers.endpoints["acme/finch-mini"]
    assert watch.turns(5 * HOUR) == []
    state = watch.service.store.state()
    assert state.markets["acme/finch-mini"].failures == 3
    assert state.markets[OWL_ID].failures == 0
    assert state.sources["endpoints"].failures == 0


@pytest.mark.fault("I17")
def test_providers_that_hang_hold_up_neither_the_list_nor_the_exit(
    tmp_path: Path, providers: Providers
) -> None:
    providers.refusal = Script((HANG,))
    sources = f'sources: {{models: "{providers.url}", feed: off, endpoints: auto}}'
    file = configure(tmp_path, providers.url, {"console": "console://"}, sources)
    with running(file) as process:
        eventually(lambda: providers.asked, "the service asks the providers")
        with Store.read(tmp_path / "watcher.db") as store:
            assert store.state().listed == 2, "what the list says is stored before"
        began = time.monotonic()
        process.terminate()
        assert process.wait(10) == 0
        assert time.monotonic() - began < 10
