"""Commands that only read need no channel's secret."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import FINCH, OWL, answer, listing
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels:
  team: ${WATCHER_TEAM_URL}
  ops: file:missing-secret
  hook: json://127.0.0.1:9/
heartbeat: ${WATCHER_HEARTBEAT}
sources: {models: "https://${WATCHER_MIRROR}/models", feed: off}
rules:
  - {name: All, notify: [team, ops, hook]}
"""
SECRETS = {
    "WATCHER_TEAM_URL": "json://127.0.0.1:9/",
    "WATCHER_HEARTBEAT": "https://h.test/x",
    "WATCHER_MIRROR": "m.test",
}
NOTHING = dict.fromkeys([*SECRETS, "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with secrets, and the store of a service that had them."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    path.chmod(0o600)
    secret = tmp_path / "missing-secret"
    secret.write_text("json://127.0.0.1:9/")
    config, now = load.load(path, SECRETS), utc_now()
    with Store.open(config.store) as store:
        for rows in ([OWL], [OWL, FINCH]):
            before = store.state()
            store.commit(before, plan(before, Poll(now, {"models": listing(rows, now)}), config.settings))
    secret.unlink()
    return path


def called(file: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
    given = {**NOTHING, "COLUMNS": "200", **(env or {})}
    return CliRunner().invoke(main, ["--config", str(file), *arguments], env=given)


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["events"],
        ["history", "acme/owl-2"],
        ["explain", "acme/owl-2"],
        ["outbox"],
        ["outbox", "--retry", "all"],
        ["backup", "copy.db"],
        ["replay", "recordings"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
@pytest.mark.fault("V5")
def test_a_command_that_only_reads_needs_no_secret(
    file: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(file.parent)
    (file.parent / "recordings").mkdir()
    (file.parent / "recordings" / "2026-06-08T01-11-59Z.json").write_bytes(answer([OWL]))
    result = called(file, *command)
    assert result.exit_code in {0, 1 if "--retry" in command else 0}, result.output
    assert "WATCHER" not in result.output


@pytest.mark.parametrize(
    "command", [["run"], ["once"], ["once", "--dry-run"], ["check", "--strict"]], ids=" ".join
)
@pytest.mark.fault("V5", "C11")
def test_a_command_that_needs_secrets_names_each_that_is_missing(file: Path, command: list[str]) -> None:
    result = called(file, *command)
    assert result.exit_code == 78
    lines = ["sources.models: the environment variable WATCHER_MIRROR is not set"]
    if "--dry-run" not in command:
        lines = [
            "channels.team: the environment variable WATCHER_TEAM_URL is not set",
            "channels.ops: the file missing-secret cannot be read: No such file or directory",
            "heartbeat: the environment variable WATCHER_HEARTBEAT is not set",
            *lines,
        ]
    assert [line.split(" ", 2)[2] for line in result.stderr.splitlines()] == lines


@pytest.mark.fault("V5")
def test_check_warns_of_what_is_missing_and_explains_the_rest(file: Path) -> None:
    result = called(file, "check")
    assert result.exit_code == 0, result.output
    shown = "Channels: team (its address is missing), ops (its address is missing), hook (json)."
    assert shown in result.stdout
    assert result.stdout.endswith("The configuration is valid, apart from what is missing here.\n")
    for words in (
        f"warning: {file}:2:3 channels.team: the environment variable WATCHER_TEAM_URL is not set",
        f"warning: {file}:3:3 channels.ops: the file missing-secret cannot be read",
        f"warning: {file}:5:1 heartbeat: the environment variable WATCHER_HEARTBEAT is not set",
        f"warning: {file}:6:11 sources.models: the environment variable WATCHER_MIRROR is not set",
    ):
        assert words in result.stderr


@pytest.mark.fault("V5")
def test_check_finds_nothing_missing_where_all_is_there(file: Path) -> None:
    (file.parent / "missing-secret").write_text("json://127.0.0.1:9/")
    for arguments in (["check"], ["check", "--strict"]):
        result = called(file, *arguments, env=SECRETS)
        assert result.exit_code == 0, result.output
        assert result.stdout.endswith("The configuration is valid.\n")


@pytest.mark.fault("V5")
def test_test_needs_only_the_secret_of_its_own_channel(file: Path) -> None:
    result = called(file, "test", "ops")
    assert result.exit_code == 78
    assert "channels.ops: the file missing-secret cannot be read" in result.stderr
    assert "WATCHER_TEAM_URL" not in result.stderr
    assert "hook: not delivered" in called(file, "test", "hook").stderr


@pytest.mark.fault("V5")
def test_a_secret_that_is_there_and_cannot_be_one_is_a_mistake_for_every_command(file: Path) -> None:
    result = called(file, "status", env={"WATCHER_TEAM_URL": "two\nlines"})
    assert result.exit_code == 78
    assert "WATCHER_TEAM_URL contains a line break" in result.stderr


@pytest.mark.fault("V5")
def test_a_variable_in_the_place_of_the_store_is_needed_by_all(file: Path) -> None:
    file.write_text(f"store: ${{WATCHER_FOLDER}}/watcher.db\n{RULES}")
    result = called(file, "status")
    assert result.exit_code == 78
    assert "store: the environment variable WATCHER_FOLDER is not set" in result.stderr


@pytest.mark.fault("V5")
def test_status_as_json_reads_without_secrets(file: Path) -> None:
    assert json.loads(called(file, "status", "--json").stdout)["models"] == 2
