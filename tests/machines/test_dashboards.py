import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click import Context
from ruamel.yaml import YAML

from tests.support.exposed_metrics import Labels, metrics_after_everything, samples
from tests.support.promql import faults, needs_promtool, promtool
from watcher.cli.main import main

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy" / "alerts.yaml"
ALERTS_TEST = ROOT / "tests" / "support" / "alerts_test.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
RULES: list[dict[str, Any]] = YAML(typ="safe").load(ALERTS)["groups"][0]["rules"]
CASES: list[dict[str, Any]] = YAML(typ="safe").load(ALERTS_TEST)["tests"]
COLUMNS, SCREEN = 24, 26  # of Grafana's grid; what a screen of 1080 lines shows
UP = ("up", frozenset({("job", "watcher")}))  # what Prometheus itself says of whom it asks


def exposed() -> Mapping[tuple[str, Labels], float]:
    return {**samples(metrics_after_everything()), UP: 1.0}


def queries() -> Iterator[tuple[str, str]]:
    """Yield the queries of each panel and annotation, by name."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for mark in DASHBOARD["annotations"]["list"]:
        yield mark["name"], mark["expr"]


def asked() -> list[Any]:
    """Return every query of alerts and dashboard, by place."""
    found = [*((rule["alert"], rule["expr"]) for rule in RULES), *queries()]
    return [pytest.param(expression, id=place) for place, expression in found]


def firing(case: Mapping[str, Any]) -> Iterator[tuple[str, bool, str]]:
    """Return which alert a case asks about, whether it fires, and with which labels."""
    for check in case["promql_expr_test"]:
        [alert] = re.findall(r'alertname="(\w+)"', check["expr"])
        fires = check["exp_samples"]
        yield alert, bool(fires), " ".join(sample.get("labels", "") for sample in fires)


@pytest.mark.parametrize("expression", asked())
def test_every_queried_metric_is_exposed(expression: str) -> None:
    assert list(faults(expression, exposed())) == []


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("sum by (source) (watcher_poll_total)", id="metric"),
        pytest.param('rate(watcher_polls_total{result="good"}[5m])', id="label"),
        pytest.param('watcher_polls_total{outcome="bad"} > 0', id="value"),
    ],
)
def test_a_query_for_a_missing_metric_is_found(expression: str) -> None:
    assert list(faults(expression, exposed()))


@needs_promtool
@pytest.mark.fault("L22")
def test_each_alert_fires_when_it_should_and_not_otherwise() -> None:
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(ALERTS_TEST))


@needs_promtool
def test_prometheus_understands_the_dashboards_queries(tmp_path: Path) -> None:
    known = {"$__interval": "10m", "$__rate_interval": "10m", "$instance": ".+"}
    rules = []
    for number, (_, expression) in enumerate(queries()):
        for name, text in known.items():
            expression = expression.replace(name, text)  # noqa: PLW2901 - one after the other
        assert "$" not in expression
        rules.append({"record": f"panel:{number}", "expr": expression})
    (tmp_path / "rules.json").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(tmp_path / "rules.json"))  # YAML can be JSON


@needs_promtool
def test_names_and_units_follow_prometheus_conventions() -> None:
    promtool("check", "metrics", given=metrics_after_everything().exposition()[0])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_tested_both_ways_and_says_what_is_wrong_and_how_to_fix_it(
    rule: Mapping[str, Any],
) -> None:
    tried = [
        (fires, labels) for case in CASES for alert, fires, labels in firing(case) if alert == rule["alert"]
    ]
    assert {fires for fires, _ in tried} == {True, False}
    fired = next(labels for fires, labels in tried if fires and labels)
    assert rule["labels"]["severity"] in {"critical", "warning"}
    texts = " ".join(rule["annotations"][part] for part in ("summary", "description"))
    for label in re.findall(r"\$labels\.(\w+)", texts):
        assert f'{label}="' in fired
    assert set(re.findall(r"`watcher (\w+)", texts)) <= {*main.list_commands(Context(main))}


def test_the_dashboard_is_one_screen_without_gaps_or_overlaps() -> None:
    taken = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in PANELS
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    rows = 1 + max(y for _, y in taken)
    assert rows <= SCREEN
    assert sorted(taken) == [(x, y) for x in range(COLUMNS) for y in range(rows)]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert all(panel["title"] and panel["description"] for panel in PANELS)


def test_the_dashboard_works_with_any_data_source() -> None:
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    users = [*PANELS, *DASHBOARD["annotations"]["list"], variables["instance"]]
    assert {user["datasource"]["uid"] for user in users} == {"${datasource}"}


def test_the_table_of_metrics_is_complete() -> None:
    table = re.findall(
        r"^\| `(watcher_\w+)` \| (.*?) \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE
    )
    documented = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in table}
    found: dict[str, set[str]] = {}
    for name, labels in samples(metrics_after_everything()):
        if name.startswith("watcher_"):
            base = re.sub(r"_seconds_(bucket|sum|count)$", "_seconds", name)
            found.setdefault(base, set()).update({label for label, _ in labels} - {"le"})
    assert documented == found
