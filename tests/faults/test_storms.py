"""Many things at once: quiet hours, a catalog that changes as a whole, a network that is down."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.catalogs import OWL, priced
from tests.support.growing_catalog import HOUR, MINUTE, GrowingCatalog, states, told
from tests.support.receivers import free_port, receiving
from tests.support.served_catalog import Catalog
from watcher.domain.delivery import OutboxState


@pytest.mark.fault("W17", "T4")
def test_quiet_hours_combine_eleven_into_one_message_and_let_the_urgent_one_through(
    tmp_path: Path, catalog: Catalog
) -> None:
    rules = """rules:
  - {name: Night call, when: {model: acme/new-7}, notify: [hook], urgent: true}
  - {name: Anything, when: {event: "*.*"}, notify: [hook]}"""
    with receiving() as server:
        quiet = f'{{url: "{server.url()}", quiet: 08:00-12:00}}'
        growing = GrowingCatalog(tmp_path, catalog, quiet, rules)
        for _ in range(12):
            growing.add_model(5 * MINUTE)
            growing.deliver()
        assert [message["title"] for message in told(server)] == ["acme/new-7 is new"]
        growing.deliver(3 * HOUR)
        assert [message["title"] for message in told(server)[1:]] == ["11 models are new"]
        assert set(states(growing.watcher)) == {OutboxState.SENT}
        growing.watcher.store.close()


@pytest.mark.fault("L16", "W19", "I11")
def test_a_catalog_that_changes_as_a_whole_is_one_message(tmp_path: Path, catalog: Catalog) -> None:
    many = [OWL | {"id": f"acme/model-{number}"} for number in range(400)]
    holds = "holds: {price_listed: 0s}"
    with receiving() as server:
        catalog.shows(*many)
        growing = GrowingCatalog(tmp_path, catalog, server.url(), holds)
        catalog.shows(*(priced(row, "0.000002", "0.00002") for row in many))
        growing.clock[0] += HOUR
        growing.watcher.turn()
        [whole] = told(server)
        assert whole["title"] == "400 models changed price: 400 up (to +100 %)"
        assert "… and 300 more; see `watcher events --since 2026-11-02T09:00Z`" in whole["message"]
        assert len(whole["message"]) < 40_000
        assert len(growing.watcher.store.events(limit=1_000)) == 400
        growing.watcher.store.close()


@pytest.mark.fault("W19")
def test_an_hour_without_network_is_one_alert_and_its_end(tmp_path: Path, catalog: Catalog) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/models"
    with receiving() as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url(), "holds: {source: 30m}")
        good = dict(growing.watcher.config.sources)
        for sources in (dict.fromkeys(good, nowhere), good):
            growing.watcher.config = replace(growing.watcher.config, sources=sources)
            for _ in range(12):
                growing.clock[0] += 5 * MINUTE
                growing.watcher.turn()
        failing, recovered = told(server)
        assert "No good answer from the" in failing["title"]
        assert "answers again" in recovered["title"]
        growing.watcher.store.close()
