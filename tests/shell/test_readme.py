import re
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from click import Context
from click.testing import CliRunner
from PIL import Image

from tests.support import sample_history
from watcher.cli.main import main
from watcher.config import load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PICTURES: dict[str, Any] = run_path(str(ROOT / "docs" / "pictures.py"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("name", PICTURES["pages"]())
def test_its_pictures_are_of_messages_as_they_are_now(name: str) -> None:
    page, _, _ = PICTURES["pages"]()[name]
    with Image.open(ROOT / "docs" / "pictures" / f"{name}.png") as picture:
        made_of = picture.info[PICTURES["MADE_OF"]]
    assert made_of == PICTURES["fingerprint"](page), "run: python3 tasks.py pictures"


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
    assert [line.rstrip() for line in result.stdout.splitlines()] == blocks("text")[0].splitlines()
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
