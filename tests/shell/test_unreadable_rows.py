"""Where a person sees what cannot be read of the list, and what it lacks: status, explain, log and metrics."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import FINCH, HERON, HOUR, OWL, listing
from tests.support.exposed_metrics import new_metrics, value
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Plan, Poll, State
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.sources.ask import summary
from watcher.store.store import Store

RULES = 'channels: {console: "console://"}\nrules: [{name: Everything, notify: console}]\n'
MANY = [OWL | {"id": f"acme/model-{number}"} for number in range(40)]
ODD = HERON | {"context_length": "large"}


def told(folder: Path, *lists: list[dict[str, object]]) -> tuple[State, Poll, Plan]:
    """Store polls with these lists, the last one a minute ago and the others an hour apart."""
    config, now = load.load(folder / "rules.yaml", {}), utc_now()
    with Store.open(config.store) as store:
        for hours, rows in zip(range(len(lists) - 1, -1, -1), lists, strict=True):
            at = now - hours * HOUR - HOUR / 60
            before, poll = store.state(), Poll(at, {"models": listing(rows, at)})
            decided = plan(before, poll, config.settings)
            store.commit(before, decided)
    return before, poll, decided


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES + "sources: {feed: off, endpoints: off}\n")
    return tmp_path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None})


@pytest.mark.fault("Q4")
def test_status_names_the_rows_that_stay_unreadable_and_is_not_healthy(folder: Path) -> None:
    told(folder, [HERON, *MANY], [ODD, *MANY], [ODD, *MANY])
    shown = called("status")
    assert shown.exit_code == 3
    assert "wetland/heron-large cannot be read since" in shown.stdout
    assert "context_length is 'large', which is no number of tokens" in shown.stdout
    machine = json.loads(called("status", "--json").stdout)
    assert list(machine["unreadable"]) == ["wetland/heron-large"]


@pytest.mark.fault("Q4")
def test_status_names_a_row_that_has_just_become_unreadable_and_is_healthy(folder: Path) -> None:
    told(folder, [HERON, *MANY], [ODD, *MANY])
    shown = called("status")
    assert "1 model cannot be read at present: wetland/heron-large" in shown.stdout
    assert shown.exit_code == 0, shown.stdout


@pytest.mark.fault("Q4")
def test_explain_says_that_a_row_cannot_be_read_and_why(folder: Path) -> None:
    told(folder, MANY, [ODD | {"pricing": {}}, *MANY])
    words = "wetland/heron-large cannot be read, since"
    shown = called("explain", "wetland/heron-large").stdout
    assert words in shown
    assert "pricing.prompt is missing" in shown
    lines = [
        json.loads(line) for line in called("explain", "wetland/heron-large", "--json").stdout.splitlines()
    ]
    assert "unreadable" in [line["type"] for line in lines]


@pytest.mark.fault("Q4")
def test_explain_knows_a_row_that_could_never_be_read(folder: Path) -> None:
    told(folder, MANY, [HERON, HERON | {"name": "Another"}, *MANY])
    shown = called("explain", "wetland/heron-large")
    assert shown.exit_code == 0, shown.output
    assert "is listed twice, differently" in shown.stdout


@pytest.mark.fault("Q4")
def test_the_log_names_unreadable_rows_but_not_without_end(folder: Path) -> None:
    odd = [row | {"name": 5} for row in MANY[:5]]
    line = summary(*told(folder, MANY, [*odd, *MANY[5:]]))
    assert "40 models, 5 unreadable (acme/model-0, acme/model-1, acme/model-2, ...)" in line


@pytest.mark.fault("Q5")
def test_status_says_in_one_way_that_the_list_is_incomplete(folder: Path) -> None:
    told(folder, [HERON, FINCH, *MANY], MANY[:20], MANY[:20])
    shown = called("status")
    assert shown.exit_code == 3
    assert "failing" not in shown.stdout
    assert "Healthy" not in shown.stdout
    assert "the model list is incomplete since" in shown.stdout
    assert "it lacks 22 models, which count as removed at" in shown.stdout
    assert json.loads(called("status", "--json").stdout)["incomplete"]["reason"].startswith("it lacks 22")


@pytest.mark.fault("Q4", "Q5")
def test_the_metrics_count_what_is_missing_and_what_cannot_be_read() -> None:
    metrics = new_metrics()
    metrics.catalog(33, 2)
    assert value(metrics, "watcher_missing_models") == 33
    assert value(metrics, "watcher_unreadable_models") == 2
