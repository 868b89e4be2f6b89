"""A new kind of event is one row in domain/kinds.py: a copy of the package gets one, and shows it everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("watcher", "tests", "docs")
AFTER = "\n\nKINDS: Mapping"
NEW_ROW = """
    LICENSE_CHANGED = (
        "license.changed",
        Row("Licenses", "the license of its weights changes", Severity.INFO, hold="details"),
    )
"""
SHOWN = """
import json
from datetime import UTC, datetime
from tests.shell.test_config import wrong_in_the_table_of_events
from watcher.config.schema import schema
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.messages.message import notification
from watcher.service.metrics import Metrics

at = datetime(2026, 11, 2, tzinfo=UTC)
made = notification("team", at, [Event("1", at, KINDS["license.changed"], "acme/owl-2")], ["Mine"])
event = schema()["$defs"]["When"]["properties"]["event"]
print(json.dumps({
    "title": made.title,
    "body": made.body,
    "suggested": event["anyOf"][0]["anyOf"][0]["enum"],
    "metrics": Metrics().exposition()[0].decode(),
    "undocumented": wrong_in_the_table_of_events(),
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and add a kind."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "rules.yaml"):
        shutil.copy(ROOT / name, folder)
    kinds = folder / "watcher/domain/kinds.py"
    before, found, after = kinds.read_text().partition(AFTER)
    assert found
    kinds.write_text(before + NEW_ROW + found + after)
    return folder


@pytest.fixture(scope="module")
def shown(copy: Path) -> dict[str, Any]:
    """Return what the copy shows of its new kind; coverage, which measures the original, stays out."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))
    }
    command = [sys.executable, "-c", SHOWN]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_is_in_a_message_with_its_heading_and_its_meaning(shown: dict[str, Any]) -> None:
    assert shown["title"] == "acme/owl-2: the license of its weights changes"
    assert shown["body"].startswith(
        "LICENSES\n• acme/owl-2: the license of its weights changes\n  https://openrouter.ai/acme/owl-2\n"
    )


def test_editors_suggest_it(shown: dict[str, Any]) -> None:
    assert "license.changed" in shown["suggested"]


def test_it_has_a_counter_from_the_start(shown: dict[str, Any]) -> None:
    assert 'watcher_events_total{kind="license.changed"} 0.0' in shown["metrics"]


def test_the_reference_is_wrong_until_it_names_it(shown: dict[str, Any]) -> None:
    assert shown["undocumented"] == ["license.changed"]
