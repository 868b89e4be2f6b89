from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.config_problems import RULES, channel, problems
from watcher.config import explain, load
from watcher.config.config import Config
from watcher.domain.kinds import Severity
from watcher.domain.schedule import Pace, Pacing, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
KNOWN = "takes now, each poll, daily at 09:00 or weekly on Monday at 09:00"
PLACE = "1:44 channels.console.deliver"


def rule(options: str) -> str:
    return f'channels: {{console: "console://"}}\nrules: [{{name: A, notify: console, {options}}}]\n'


def loaded(folder: Path, text: str) -> Config:
    file = folder / "rules.yaml"
    file.write_text(f"timezone: Europe/Berlin\n{text}")
    return load.load(file, {})


@pytest.mark.parametrize(
    ("written", "pacing"),
    [
        ("now", Pace.NOW),
        ("each poll", Pace.EACH_POLL),
        ("daily at 09:00", Schedule(time(9), zone=BERLIN)),
        ("daily at 9:05", Schedule(time(9, 5), zone=BERLIN)),
        ("weekly on Sunday at 18:30", Schedule(time(18, 30), 6, BERLIN)),
    ],
)
def test_channels_and_rules_say_when_they_are_told(tmp_path: Path, written: str, pacing: Pacing) -> None:
    of_channel = loaded(tmp_path, channel(f"{{url: 'console://', deliver: {written}}}"))
    assert of_channel.settings.deliver == {"console": pacing}
    assert of_channel.settings.rules[0].deliver is None
    of_rule = loaded(tmp_path, rule(f"deliver: {written}"))
    assert (of_rule.settings.rules[0].deliver, of_rule.settings.deliver) == (pacing, {})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hourly", KNOWN),
        ("5", KNOWN),
        ("daily", KNOWN),
        ("daily at 9", KNOWN),
        ("[now]", KNOWN),
        ("daily at 25:00", "25:00 is not a time of day; write it from 00:00 to 23:59"),
        ("weekly on Tusday at 09:00", 'there is no day "Tusday"; did you mean "Tuesday"?'),
        ("weekly on monday at 09:00", 'there is no day "monday"; did you mean "Monday"?'),
        ("weekly on day7 at 09:00", 'there is no day "day7"; choose from Monday, Tuesday, Wednesday'),
    ],
)
def test_a_schedule_that_cannot_be_understood_says_how_to_write_it(
    tmp_path: Path, written: str, expected: str
) -> None:
    [found] = problems(tmp_path, channel(f"{{url: 'console://', deliver: {written}}}"), {})
    assert found.partition(" channels.console.deliver: ")[2].startswith(expected)
    [found] = problems(tmp_path, rule(f"deliver: {written}"), {})
    assert found.partition(" rules[0].deliver: ")[2].startswith(expected)


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        ("severity: info", Severity.INFO),
        ("severity: critical", Severity.CRITICAL),
        ("urgent: true", Severity.CRITICAL),
        ("urgent: true, severity: critical", Severity.CRITICAL),
        ("urgent: false, severity: warning", Severity.WARNING),
        ("urgent: false", None),
    ],
)
def test_rules_say_how_urgent_it_is(tmp_path: Path, options: str, severity: Severity | None) -> None:
    assert loaded(tmp_path, rule(options)).settings.rules[0].severity is severity


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "severity: warning, urgent: true",
            "contradicts `severity: warning`; remove `urgent: true`, an older way to say it",
        ),
        (
            "severity: critical, urgent: false",
            "contradicts `severity: critical`; remove `urgent: false`, an older way to say it",
        ),
    ],
)
def test_saying_it_twice_and_differently_is_a_mistake(tmp_path: Path, options: str, expected: str) -> None:
    [found] = problems(tmp_path, rule(options), {})
    assert found.startswith("2:")
    assert found.endswith(f"rules[0].urgent: {expected}")


def test_a_severity_that_does_not_exist_is_a_mistake(tmp_path: Path) -> None:
    [found] = problems(tmp_path, rule("severity: high"), {})
    assert "rules[0].severity: takes 'info', 'warning' or 'critical'" in found


def test_check_explains_when_and_how_urgently_in_words(tmp_path: Path) -> None:
    text = """\
channels:
  team: {url: "console://", deliver: daily at 9:00, quiet: "22:00-07:00"}
  ops: {url: "console://", deliver: now}
  log: {url: "console://", deliver: each poll}
rules:
  - {name: Gone, when: {event: model.removed}, notify: [team, ops, log], severity: critical, stop: true}
  - {name: New, when: {event: model.added}, notify: team, severity: info, deliver: weekly on Monday at 08:00}
"""
    assert explain.explain(loaded(tmp_path, text))[3:] == [
        "team is quiet from 22:00 to 07:00 (Europe/Berlin), except for what is critical.",
        "team is told daily at 09:00 (Europe/Berlin), in one digest; what is critical at once.",
        "ops is told of each event by itself, at once.",
        "log is told once after each poll.",
        "Gone: reports to team and ops and log as critical, even in quiet hours, and stops further rules, if",
        "  - the event is model.removed",
        "New: reports to team as info if",
        "  - the event is model.added",
        "  told weekly on Monday at 08:00 (Europe/Berlin), in one digest; what is critical at once",
    ]


def test_a_channel_without_a_word_about_it_is_told_after_each_poll(tmp_path: Path) -> None:
    assert loaded(tmp_path, f'channels: {{console: "console://"}}\n{RULES}').settings.deliver == {}
