import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support import sample_history
from tests.support.catalogs import FINCH, HERON, OWL, answer, priced
from watcher.cli.main import main
from watcher.domain.errors import NotFoundError
from watcher.news.settings import Settings
from watcher.reports.replay import Recording, replay

RULES = """\
channels: {console: "console://"}
holds: {price_listed: 0s}
rules:
  - {name: New models, when: {event: model.added}, notify: console}
  - {name: Prices, when: {event: price.changed}, notify: console}
"""
DEARER = priced(OWL, "0.0000015", "0.0000125")
ANSWERS = {
    "2026-06-08T01-00-00Z.json": answer([OWL, FINCH]),
    "2026-06-08T07-00-00Z.json": answer([DEARER, FINCH, HERON]),
    "2026-06-08T13-00-00Z.json": b"<html>bad gateway</html>",
    "2026-06-09T01-00-00Z.json": answer([DEARER, FINCH, HERON]),
    "2026-06-10T01-00-00Z.json": answer([DEARER, HERON]),
    "2026-06-12T01-00-00Z.json": answer([DEARER, HERON]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    found = tmp_path / "recorded"
    found.mkdir()
    for name, body in ANSWERS.items():
        (found / name).write_bytes(body)
    (found / "notes.json").write_text("{}")
    return found


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments], env={"COLUMNS": "200"})


def objects(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_replay_prints_what_would_have_been_sent_as_json(folder: Path) -> None:
    told = objects(called(str(folder), "--json"))
    assert [(line["type"], line["at"], line.get("kind") or line.get("title")) for line in told] == [
        ("event", "2026-06-08T07:00:00Z", "price.changed"),
        ("event", "2026-06-08T07:00:00Z", "model.added"),
        ("notification", "2026-06-08T07:00:00Z", "acme/owl-2 dearer: prompt +20 %, completion +25 %; 1 new"),
        ("event", "2026-06-12T01:00:00Z", "model.removed"),
    ]
    price, added, message = told[:3]
    assert price["before"] == {"prompt": "0.00000125", "completion": "0.00001"}
    assert price["after"] == {"prompt": "0.0000015", "completion": "0.0000125"}
    assert message["channel"] == "console"
    assert message["rules"] == ["Prices", "New models"]
    assert message["events"] == [price["id"], added["id"]]
    assert set(message) == {"type", "at", "channel", "rules", "title", "body", "events"}


def test_readers_see_messages_days_and_rules(folder: Path) -> None:
    lines = called(str(folder)).stdout.splitlines()
    assert (
        lines[0] == "8 Jun 2026 07:00 UTC  console: acme/owl-2 dearer: prompt +20 %, completion +25 %; 1 new"
    )
    assert [line.split() for line in lines if line.startswith("Mon 08 Jun")] == [
        ["Mon", "08", "Jun", "2026", "1", "2"]
    ]
    assert "1         New models" in lines


def test_rules_are_summarized_with_what_none_matched(folder: Path) -> None:
    lines = called(str(folder), "--rules").stdout.splitlines()
    assert lines == [
        "New models",
        "  1 message, 0.2 per day, at most 1 on Mon 08 Jun 2026",
        "  top models: wetland/heron-large (1)",
        "Prices",
        "  1 message, 0.2 per day, at most 1 on Mon 08 Jun 2026",
        "  top models: acme/owl-2 (1)",
        "",
        "No rule matched: model.removed (1)",
    ]
    records = objects(called(str(folder), "--rules", "--json"))
    assert [(record["rule"], record["messages"]) for record in records] == [("New models", 1), ("Prices", 1)]


def test_an_archive_gives_the_same_as_the_folder(folder: Path) -> None:
    archive = folder.parent / "recorded.tar.xz"
    with tarfile.open(archive, "w:xz") as packed:
        packed.add(folder, "recorded")
    assert called(str(archive), "--json").stdout == called(str(folder), "--json").stdout


def test_the_same_recording_gives_the_same_ids(folder: Path) -> None:
    assert called(str(folder), "--json").stdout == called(str(folder), "--json").stdout


def test_days_can_be_selected(folder: Path) -> None:
    assert len(Recording.open(folder).answers) == 6
    since = objects(called(str(folder), "--json", "--since", "2026-06-09"))
    assert [line["at"] for line in since] == ["2026-06-12T01:00:00Z"]
    until = objects(called(str(folder), "--json", "--until", "2026-06-09"))
    assert {line["at"] for line in until} == {"2026-06-08T07:00:00Z"}


@pytest.mark.parametrize("what", ["nothing", "notes.json", "empty"])
def test_without_recorded_answers_it_says_how_they_are_named(folder: Path, what: str) -> None:
    (folder / "empty").mkdir()
    result = called(str(folder / what))
    assert result.exit_code == 1
    assert "not a directory or tar archive" in result.stderr or "2026-06-08T01-11-59Z.json" in result.stderr


def test_an_archive_without_answers_is_refused(folder: Path) -> None:
    archive = folder.parent / "notes.tar"
    with tarfile.open(archive, "w") as packed:
        packed.add(folder / "notes.json")
    with pytest.raises(NotFoundError, match="contains no recorded answers"):
        Recording.open(archive)


def test_an_answer_that_cannot_be_read_is_a_failed_poll(folder: Path) -> None:
    reasons = [
        decided.state.sources["models"].reason for _, decided in replay(Recording.open(folder), Settings())
    ]
    assert [reason is not None for reason in reasons] == [False, False, True, False, False, False]


def test_it_says_on_standard_error_that_there_are_no_provider_prices(folder: Path) -> None:
    said = "this recording has no provider prices, so prices are judged from the list alone"
    result = called(str(folder), "--json")
    assert result.stderr == f"{said}\n"
    assert said not in result.stdout
    (folder / "2026-06-08T02-00-00Z.endpoints.json").write_text('{"data": {}}')
    assert called(str(folder), "--json").stderr == ""


def test_what_no_rule_reports_counts_as_events_of_its_day(folder: Path) -> None:
    (folder.parent / "rules.yaml").write_text(RULES.replace("price_listed: 0s", "price_listed: 24h"))
    shown = called(str(sample_history.FOLDER)).stdout
    assert ["Wed", "09", "Sep", "2026", "0", "1"] in [line.split() for line in shown.splitlines()]
    unmatched = shown.splitlines()[-1].removeprefix("No rule matched: ").split(", ")
    assert {"provider.price_changed (1)", "provider.added (1)", "price.routed (1)"} <= set(unmatched)


def test_a_closed_pipe_is_not_a_crash(folder: Path) -> None:
    program = f"{sys.executable} -m watcher replay {folder} --json | head -n 1"
    done = subprocess.run(
        ["/bin/sh", "-c", program], capture_output=True, text=True, cwd=folder.parent, check=False
    )
    assert '"price.changed"' in done.stdout
    assert "Traceback" not in done.stderr
