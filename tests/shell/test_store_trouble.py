"""A store that fails now and then is reported like anything else: not at every turn, and within the limit."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from tests.support.catalogs import HOUR, START
from tests.support.growing_catalog import told
from tests.support.receivers import Answer, HttpReceiver, receiving
from watcher.config.config import Config
from watcher.config.load import load
from watcher.service.store_trouble import StoreTrouble
from watcher.store.trouble_mark import TroubleMark

MINUTE = timedelta(minutes=1)
LOCKED = "watcher.db is locked by another program"


def configured(folder: Path, server: HttpReceiver, limit: str) -> Config:
    file = folder / "rules.yaml"
    channel = f"channels: {{team: {{url: '{server.url()}', limit: {limit}}}}}\n"
    file.write_text(f"{channel}rules: [{{name: All, when: {{event: store.*}}, notify: team}}]\n")
    return load(file, {})


def noting(folder: Path) -> StoreTrouble:
    return StoreTrouble(Flag(), TroubleMark(folder / "watcher.db", folder))


def flap(trouble: StoreTrouble, config: Config, start: datetime, minutes: int) -> None:
    """Lock the store every other minute."""
    for minute in range(minutes):
        trouble.note(LOCKED if minute % 2 == 0 else None, config, start + minute * MINUTE)


def titles(server: HttpReceiver) -> list[str]:
    return [one["title"] for one in told(server)]


FAILS, WORKS = "watcher cannot use its store", "watcher can use its store again"


@pytest.mark.fault("R7", "S5", "I11")
def test_a_lock_that_comes_and_goes_is_told_once_and_its_end_once(tmp_path: Path) -> None:
    with receiving() as server:
        config = configured(tmp_path, server, "2/h")
        flap(noting(tmp_path), config, START, 58)
        assert titles(server) == [FAILS, WORKS]


@pytest.mark.fault("R7", "I11")
def test_no_channel_gets_more_than_its_limit_and_hears_of_the_end_when_it_may(tmp_path: Path) -> None:
    with receiving() as server:
        config, trouble = configured(tmp_path, server, "1/h"), noting(tmp_path)
        flap(trouble, config, START, 50)
        assert titles(server) == [FAILS]
        trouble.note(None, config, START + HOUR)
        assert titles(server) == [FAILS, WORKS]
        trouble.note(None, config, START + 2 * HOUR)
        assert len(server.requests) == 2


@pytest.mark.fault("R7", "S5", "I16")
def test_trouble_that_comes_back_and_lasts_is_told_again(tmp_path: Path) -> None:
    with receiving() as server:
        config, trouble = configured(tmp_path, server, "20/h"), noting(tmp_path)
        flap(trouble, config, START, 4)
        for minute in range(4, 130):
            trouble.note(LOCKED, config, START + minute * MINUTE)
        assert titles(server) == [FAILS, WORKS, FAILS]


@pytest.mark.fault("R7", "S9")
def test_what_ends_the_service_is_told_at_once_even_after_a_lock(tmp_path: Path) -> None:
    with receiving(Answer(500), Answer()) as server:
        config, trouble = configured(tmp_path, server, "20/h"), noting(tmp_path)
        flap(trouble, config, START, 4)
        trouble.note("watcher.db was deleted", config, START + 5 * MINUTE, is_final=True)
        assert titles(server) == [FAILS, WORKS, FAILS]
