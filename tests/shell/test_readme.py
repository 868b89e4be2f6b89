import re
from pathlib import Path

import pytest
from click import Context
from click.testing import CliRunner

from tests.support import sample_history
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.kinds import Kind
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.service.clock import utc_now

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DATE = re.compile(r"\d+ \w{3} \d{4} \d\d:\d\d UTC|\w{3} \d+ \w{3} \d{4}|\(\d+ \w{3}\)")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_first_alert_is_what_the_program_writes() -> None:
    now = utc_now()
    news, rules = sample_events(now), ["Leaving OpenRouter", "Dearer by a tenth"]
    told = [news[Kind.EXPIRATION_ANNOUNCED], news[Kind.PRICE_CHANGED]]
    message = notification("team", now, told, rules)
    assert DATE.sub("DATE", blocks("text")[0]) == DATE.sub("DATE", f"{message.title}\n\n{message.body}\n")


def test_its_rules_can_be_used(tmp_path: Path) -> None:
    secret = tmp_path / "ops"
    secret.write_text("json://localhost/x")
    file = tmp_path / "rules.yaml"
    file.write_text(blocks("yaml")[0].replace("/run/secrets/ops-mail-url", str(secret)))
    assert len(load.load(file, {"WATCHER_SLACK_URL": "slack://a/b/c"}).settings.rules) == 2


def test_its_replay_prints_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    [command] = [line for line in README.splitlines() if line.startswith(".venv/bin/watcher replay")]
    result = CliRunner().invoke(main, command.split()[1:], env={"WATCHER_CONFIG": None})
    assert [line.rstrip() for line in result.stdout.splitlines()] == blocks("text")[1].splitlines()
    assert result.stderr == ""


def test_the_history_that_it_replays_is_as_made() -> None:
    shipped = {file.name: file.read_text() for file in sample_history.FOLDER.iterdir()}
    assert shipped == sample_history.files(), "run: python -m tests.support.sample_history"


def test_its_commands_are_the_commands() -> None:
    named = set(re.findall(r"`watcher ([a-z]+)", README.split("| command |")[1].split("`--json`")[0]))
    assert named == set(main.list_commands(Context(main)))


def test_its_exit_codes_are_those_of_the_help() -> None:
    codes = dict(re.findall(r"^\| (\d+) \| (.*?) \|$", README, re.MULTILINE))
    shown = CliRunner().invoke(main, ["--help"]).output
    assert {
        code: re.search(rf"^ +{code} +\S", shown, re.MULTILINE) is not None for code in codes
    } == dict.fromkeys(codes, True)


def test_its_ways_to_install_are_those_of_the_guides_which_tests_follow() -> None:
    section = README.split("## Run it for good")[1].split("## Commands")[0]
    commands = "".join(re.findall(r"```bash\n(.*?)```", section, re.DOTALL)).splitlines()
    guides = "".join((ROOT / "docs" / f"install-{way}.md").read_text() for way in ("systemd", "docker"))
    assert len(commands) > 10
    assert set(commands) <= set(guides.splitlines())


def test_what_it_links_to_exists() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for path in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
            assert (page.parent / path).exists(), f"{page.name} points to {path}"


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 200
