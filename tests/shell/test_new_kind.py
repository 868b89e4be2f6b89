"""A new kind of event is one row in domain/kinds.py: a copy of the package gets one, and shows it everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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
MESSAGE = """
import json
from datetime import UTC, datetime
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.messages.message import notification

at = datetime(2026, 11, 2, tzinfo=UTC)
made = notification("team", at, [Event("1", at, KINDS["license.changed"], "acme/owl-2")], ["Mine"])
print(json.dumps([made.title, made.body]))
"""
METRICS = "from watcher.service.metrics import Metrics; print(Metrics().exposition()[0].decode())"
CHECK_OF_DOCS = """
from tests.shell.test_config import wrong_in_the_table_of_events
print(wrong_in_the_table_of_events())
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


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on the copy; coverage, which measures the original, stays out."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST"))
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_it_is_in_a_message_with_its_heading_and_its_meaning(copy: Path) -> None:
    title, body = json.loads(python(copy, "-c", MESSAGE).stdout)
    assert title == "acme/owl-2: the license of its weights changes"
    assert body.startswith(
        "LICENSES\n• acme/owl-2: the license of its weights changes\n  https://openrouter.ai/acme/owl-2\n"
    )


def test_editors_suggest_it(copy: Path) -> None:
    schema = json.loads(python(copy, "-m", "watcher", "schema").stdout)
    suggested = schema["$defs"]["When"]["properties"]["event"]["anyOf"][0]["anyOf"][0]["enum"]
    assert "license.changed" in suggested


def test_it_has_a_counter_from_the_start(copy: Path) -> None:
    assert 'watcher_events_total{kind="license.changed"} 0.0' in python(copy, "-c", METRICS).stdout


def test_the_reference_is_wrong_until_it_names_it(copy: Path) -> None:
    assert "license.changed" in python(copy, "-c", CHECK_OF_DOCS).stdout
    reference = copy / "docs/configuration.md"
    row = "| `license.changed` | the license of its weights changes | `details` |\n"
    first = "| `catalog.changed` |"
    reference.write_text(reference.read_text().replace(first, row + first))
    assert "license.changed" not in python(copy, "-c", CHECK_OF_DOCS).stdout
