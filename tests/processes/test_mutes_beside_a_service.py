"""Mutes made and ended by commands, in processes of their own, while a service polls every second."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.catalogs import HERON, OWL
from tests.support.receivers import HttpReceiver, receiving
from tests.support.served_catalog import Catalog, has_polled_twice_more
from tests.support.watcher_process import configure, eventually, finished, running
from watcher.store.store import Store

HOLDS = "holds: {context: 0s}\n"


def told(server: HttpReceiver, model: str) -> list[str]:
    """Return the lines about a change of a model's context length that were received."""
    texts = [json.loads(request.body)["message"] for request in server.requests]
    return [line for text in texts for line in text.splitlines() if f"{model}: context" in line]


def muted(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(finished(file, "status", "--json").stdout)["mutes"]
    return found


def test_no_mute_is_lost_or_comes_back_whatever_the_service_does_meanwhile(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as server:
        file = configure(tmp_path, catalog.url, {"hook": server.url("/x")}, more=HOLDS)
        store = tmp_path / "watcher.db"
        catalog.shows(OWL, HERON)
        with running(file):
            has_polled_twice_more(store)
            names = [f"acme/{number}" for number in range(3)]
            with ThreadPoolExecutor(2) as pool:
                made = pool.map(
                    lambda name: finished(file, "mute", name, "--for", "7d").returncode,
                    [*names, "acme/owl-2"],
                )
                assert {*made} == {0}
                ended = pool.map(lambda name: finished(file, "unmute", name).returncode, names)
                for context in (5, 6, 7):
                    catalog.shows(OWL | {"context_length": context}, HERON | {"context_length": context})
                    has_polled_twice_more(store)
                assert {*ended} == {0}
            [mute] = muted(file)
            assert (mute["pattern"], mute["held"]) == ("acme/owl-2", 3)
            assert finished(file, "unmute", "acme/owl-2").stderr.endswith("it held back 3 events\n")
            catalog.shows(OWL | {"context_length": 8}, HERON)
            eventually(lambda: told(server, "acme/owl-2"), "news of the model is told again")
            assert muted(file) == []
    assert told(server, "acme/owl-2") == ["• acme/owl-2: context 7 → 8 tokens"]
    assert len(told(server, "wetland/heron-large")) == 4
    with Store.read(store) as opened:
        assert len([event for event in opened.events(["acme/owl-2"]) if event.kind == "context.changed"]) == 4
