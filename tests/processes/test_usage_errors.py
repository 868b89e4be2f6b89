"""What cannot be meant is a usage error that says what could be, and never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import FINCH, HERON, HOUR, OWL, answer, listing, priced
from tests.support.scripted_server import answering, reply
from watcher.cli.demo import feed
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = "channels: {console: 'console://'}\nrules: [{name: All, notify: console}]\n"
GOOD = {"models": reply(answer([OWL, FINCH, HERON])), "feed": reply(feed([OWL, FINCH, HERON]))}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration whose store knows some events."""
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    config, now = load.load(path, {}), utc_now()
    lists = [[OWL, FINCH], [OWL, FINCH, HERON | {"expiration_date": "2031-01-01"}]]
    with Store.open(config.store) as store:
        for hours, rows in zip((9, 0), lists, strict=True):
            before, at = store.state(), now - hours * HOUR
            store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), config.settings))
    return path


def called(file: Path, *arguments: str) -> Result:
    env = {"STATE_DIRECTORY": None, "COLUMNS": "200"}
    return CliRunner().invoke(main, ["--config", str(file), *arguments], env=env)


def refused(file: Path, *arguments: str, code: int = 2) -> str:
    result = called(file, *arguments)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.mark.fault("V6")
def test_a_kind_of_event_that_does_not_exist_is_a_usage_error(file: Path) -> None:
    words = 'there is no event "price.change"; did you mean "price.changed"?'
    assert words in refused(file, "events", "--kind", "price.change")
    assert 'there is no event "!modle.*"' in refused(file, "events", "--kind", "!modle.*")


@pytest.mark.fault("V6")
def test_a_kind_of_which_there_is_no_event_yet_says_so(file: Path) -> None:
    assert called(file, "events", "--kind", "alias.*").stderr == "No events of kind alias.* yet.\n"
    words = "No events about wetland/heron yet; did you mean wetland/heron-large?\n"
    assert called(file, "events", "--model", "wetland/heron").stderr == words


@pytest.mark.parametrize("limit", ["0", "-1", "9" * 20, "9" * 5000, "many"])
@pytest.mark.parametrize("command", ["events", "outbox"])
@pytest.mark.fault("V6")
def test_a_limit_that_shows_nothing_or_is_no_number_is_a_usage_error(
    file: Path, command: str, limit: str
) -> None:
    assert "Invalid value for '--limit'" in refused(file, command, "--limit", limit)


@pytest.mark.parametrize("number", ["9" * 30, "9" * 5000, "\u0663"])
@pytest.mark.fault("V6")
def test_a_message_number_that_cannot_be_one_is_a_usage_error(file: Path, number: str) -> None:
    assert "--retry takes a message id or `all`" in refused(file, "outbox", "--retry", number)


@pytest.mark.fault("V6")
def test_a_backup_needs_a_new_name_in_a_folder_that_exists(file: Path) -> None:
    assert "already exists; choose another name" in refused(file, "backup", str(file))
    assert "is a folder; name a file in it" in refused(file, "backup", str(file.parent))
    assert "does not exist" in refused(file, "backup", str(file.parent / "nowhere" / "copy.db"))
    assert file.read_text() == RULES


@pytest.mark.fault("V6")
def test_days_in_the_wrong_order_or_outside_of_a_recording_are_usage_errors(file: Path) -> None:
    (file.parent / "2026-06-08T01-11-59Z.json").write_bytes(answer([OWL]))
    folder = str(file.parent)
    for until in ("2026-06-01", "2026-06-09"):
        words = refused(file, "replay", folder, "--since", "2026-06-09", "--until", until)
        assert f"--since 2026-06-09 must be before --until {until}" in words
    words = refused(file, "replay", folder, "--since", "2026-06-09")
    assert "no answers of these days; the recording has 2026-06-08 to 2026-06-08" in words


@pytest.mark.fault("V6")
def test_once_is_quiet_if_asked_to_and_never_speaks_of_a_next_try(tmp_path: Path) -> None:
    site = dict(GOOD)
    with answering(lambda request: site["feed" if "use_rss" in request else "models"]) as server:
        url = server.url("/models")
        sources = f'sources: {{models: "{url}", feed: "{url}?use_rss=true", endpoints: off}}\n'
        file = tmp_path / "rules.yaml"
        file.write_text(sources + RULES)
        quiet = run(file, "once", "--quiet")
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
        assert "models: 3 models" in run(file, "once").stderr
        assert run(file, "once", "--quiet", "--dry-run").stderr == ""
        site["feed"] = reply(b"", "503 Busy")
        failed = run(file, "once", "--quiet")
        assert failed.returncode == 1
        assert "HTTP 503" in failed.stderr
        assert "next try" not in failed.stderr


def run(file: Path, *arguments: str, encoding: str = "utf-8") -> "subprocess.CompletedProcess[str]":
    """Run the program in a process of its own, whose output has an encoding."""
    environment = {name: value for name, value in os.environ.items() if name != "STATE_DIRECTORY"}
    return subprocess.run(
        [sys.executable, "-m", "watcher", "--config", str(file), *arguments],
        env=environment | {"PYTHONIOENCODING": encoding, "NO_PROXY": "127.0.0.1"},
        encoding=encoding,
        capture_output=True,
        check=False,
    )


@pytest.mark.fault("V7")
def test_a_terminal_that_lacks_a_character_shows_a_similar_one(file: Path) -> None:
    encoding = "latin-1"
    config, now = load.load(file, {}), utc_now()
    dearer = priced(OWL | {"name": "Owl \u6f22\U0001f989"}, "0.000002", "0.00002")
    with Store.open(config.store) as store:
        for hours in (48, 96):
            before, at = store.state(), now + hours * HOUR
            answers = {"models": listing([dearer, FINCH, HERON], at)}
            store.commit(before, plan(before, Poll(at, answers), config.settings))
    for command in (["events"], ["explain", "acme/owl-2"], ["history", "acme/owl-2"]):
        shown = run(file, *command, encoding=encoding)
        assert (shown.returncode, shown.stderr) == (0, "") or command[0] == "explain", shown.stderr
        assert "Traceback" not in shown.stderr
    assert " -> " in run(file, "events", encoding=encoding).stdout
    lines = run(file, "events", "--json", encoding=encoding).stdout.splitlines()
    [renamed] = [event for event in map(json.loads, lines) if event["kind"] == "model.changed"]
    assert renamed["after"]["name"] == "Owl \u6f22\U0001f989"


@pytest.mark.fault("V7")
def test_a_configuration_that_is_no_file_says_what_it_is(file: Path) -> None:
    folder = file.parent
    os.mkfifo(folder / "fifo")
    expected = {
        folder: f"{folder} is a folder; name a file in it, such as {folder}/rules.yaml",
        folder / "fifo": "is not a regular file",
        folder / ("x" * 300): "cannot be read: File name too long",
        file / "below": "cannot be read: Not a directory",
        folder / "nope": "does not exist",
    }
    for path, words in expected.items():
        assert words in refused(path, "check", code=78)


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("folder", "is a folder; name a file in it, such as"),
        ("fifo", "is not a regular file; name another one"),
        ("x" * 300, "cannot be a file: File name too long"),
        ("x" * 250, "cannot be a file: File name too long"),
        ("rules.yaml/watcher.db", "cannot be a file: Not a directory"),
    ],
)
@pytest.mark.parametrize("command", ["run", "check", "status", "events"])
@pytest.mark.fault("V7")
def test_a_store_that_can_be_no_file_is_a_mistake_in_the_configuration(
    tmp_path: Path, store: str, words: str, command: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    file = tmp_path / "rules.yaml"
    file.write_text(f"store: {store}\n{RULES}")
    shown = refused(file, command, code=78)
    assert f"{file}:1:8 store: " in shown or f"{file}:1:1 store: " in shown
    assert words in shown


@pytest.mark.fault("V7")
def test_a_path_that_the_system_refuses_is_one_line(file: Path) -> None:
    words = refused(file, "replay", "x" * 300, code=1)
    assert words.startswith("watcher: xxx")
    assert words.endswith("File name too long\n")


@pytest.mark.parametrize(
    ("command", "words"),
    [("status >&-", "Bad file descriptor"), ("schema > /dev/full", "No space left on device")],
)
@pytest.mark.fault("V7")
def test_an_output_that_cannot_be_written_is_one_line(file: Path, command: str, words: str) -> None:
    shell = f"{sys.executable} -m watcher --config {file} {command}"
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"watcher: cannot write the output: {words}\n")
