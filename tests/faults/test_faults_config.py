import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, HOUR, OWL, START, answer
from tests.support.watched_site import BIRDS, watched_site
from tests.support.watcher_process import command, environment, finished
from watcher.cli.demo import row
from watcher.config import load
from watcher.domain.errors import ConfigError
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.messages.message import notification
from watcher.rules.route import Rule
from watcher.rules.values import Globs

CANARY = "cAnArY-7f3e"
RULES = 'channels: {hook: "console://"}\nrules:\n  - {name: All, when: {event: "*.*"}, notify: hook}\n'


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "rules.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("rules: [\n", "2:1 invalid YAML", id="no-yaml", marks=pytest.mark.fault("C1")),
        pytest.param(
            RULES + "polls: 5m\n",
            '4:1 polls: unknown key; did you mean "poll"?',
            id="unknown-key",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            "a: &a [*a]\n", "1:4 anchors and aliases", id="recursion", marks=pytest.mark.fault("C4")
        ),
        pytest.param(
            "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a, *a, *a, *a]\n" for n in range(9)),
            "1:4 anchors and aliases",
            id="alias-bomb",
            marks=pytest.mark.fault("C4"),
        ),
        pytest.param(
            "a: " + "{a: " * 20_000, "is nested more than 20 deep", id="deep", marks=pytest.mark.fault("C4")
        ),
        pytest.param(
            "a: !!python/object/apply:os.system [id]\n",
            "1:4 tags (!)",
            id="tag",
            marks=pytest.mark.fault("C5"),
        ),
        pytest.param(
            RULES + "timezone: Europe/Berlinn\n",
            "4:1 timezone: is not a time zone",
            id="unknown-timezone",
            marks=pytest.mark.fault("C17"),
        ),
    ],
)
def test_a_service_with_a_broken_configuration_ends_at_once_and_touches_nothing(
    tmp_path: Path, text: str, place: str
) -> None:
    file = written(tmp_path, text)
    result = finished(file, "run")
    assert result.returncode == 78
    assert f"{file}:{place}" in result.stderr or place in result.stderr.splitlines()[0]
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == text


@pytest.mark.parametrize("size", [1_000_001, 50_000_000, 50_000_000_000])
@pytest.mark.fault("C4")
def test_a_file_that_is_not_a_configuration_is_not_read_to_the_end(tmp_path: Path, size: int) -> None:
    file = written(tmp_path, RULES)
    os.truncate(file, size)
    with pytest.raises(ConfigError, match="is larger than 1,000,000 bytes"):
        load.load(file, {})


@pytest.mark.fault("C6")
def test_hours_are_hours_and_not_numbers(tmp_path: Path) -> None:
    text = RULES.replace('"console://"', '{url: "console://", quiet: 22:00-07:00, limit: 012/h}')
    loaded = load.load(written(tmp_path, "timezone: Europe/Paris\n" + text), {})
    quiet = loaded.channels["hook"].quiet
    assert quiet
    assert (f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}", str(quiet.zone)) == (
        "22:00",
        "07:00",
        "Europe/Paris",
    )
    assert loaded.channels["hook"].limit.most == 12


@pytest.mark.fault("C9")
def test_a_rule_that_matches_nothing_or_everything_is_noticed_before_it_goes_live(
    tmp_path: Path,
) -> None:
    file = written(
        tmp_path,
        RULES + "  - {name: Nobody, when: {author: nobdy}, notify: hook}\n  - {name: Any, notify: hook}\n",
    )
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    for day, rows in enumerate(([OWL], [OWL, FINCH], [OWL, FINCH, HERON]), 1):
        (recorded / f"2026-11-0{day}T08-00-00Z.json").write_bytes(answer(rows))
    result = finished(file, "replay", str(recorded), "--rules", "--json")
    messages = {
        line["rule"]: line["messages"]
        for line in map(json.loads, result.stdout.splitlines())
        if "rule" in line
    }
    assert messages == {"All": 2, "Nobody": 0, "Any": 2}
    assert "rules[2]: this rule has no condition, so it reports every event" in finished(file, "check").stderr


@pytest.mark.parametrize(
    ("template", "why"),
    [
        pytest.param("{{ event.nothing }}", "'event' is undefined", id="unknown"),
        pytest.param("{{ ''.__class__.__mro__ }}", "is unsafe", id="escape"),
        pytest.param("{{ cycler.__init__.__globals__ }}", "is unsafe", id="escape-by-a-function"),
        pytest.param("{% include '/etc/passwd' %}", "no loader", id="file"),
    ],
)
@pytest.mark.fault("C10", "Z8")
def test_a_template_that_is_wrong_or_would_escape_is_refused(tmp_path: Path, template: str, why: str) -> None:
    text = RULES.replace("notify: hook", f'notify: hook, template: {{title: "{template}"}}')
    with pytest.raises(ConfigError, match=rf"rules\[0\]\.template\.title: cannot be filled in: .*{why}"):
        load.load(written(tmp_path, text), {})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.fault("C10")
def test_an_event_without_details_is_still_a_message(kind: str) -> None:
    message = notification("hook", START, [Event("1", START, KINDS[kind], "acme/owl-2")], ["All"])
    assert message.title.isprintable()
    assert message.title
    assert "•" in message.body


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"nonsense://{CANARY}/x", id="unknown"),
        pytest.param(f"tgram://{CANARY}/", id="incomplete"),
        pytest.param(f"json://user:{CANARY}@host:99999999/x", id="port"),
        pytest.param(f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#{CANARY}/#b", id="two-targets"),
        pytest.param(f"json://host/{CANARY}, json://other/{CANARY}", id="two-addresses"),
        pytest.param(f"json://host/{CANARY}?retyr=3", id="option"),
    ],
)
@pytest.mark.fault("C12")
def test_an_address_that_would_not_work_is_refused_by_its_name(tmp_path: Path, url: str) -> None:
    file = written(tmp_path, RULES.replace("console://", url))
    result = finished(file, "check")
    assert result.returncode == 78
    assert "hook" in result.stderr
    assert CANARY not in result.stdout + result.stderr


@pytest.mark.fault("C15")
def test_an_added_rule_reports_what_happens_from_then_on(tmp_path: Path) -> None:
    dates = Rule("Dates", ("hook",), {"event": Globs.parse("expiration.*")})
    new = Rule("New", ("hook",), {"event": Globs.parse("model.added")})

    with watched_site(tmp_path) as at:
        at.restarts(dates)
        at.shows(OWL, FINCH)
        at.shows(*BIRDS)
        assert (at.news(), at.messages()) == ([("model.added", "wetland/heron-large")], [])
        at.restarts(dates, new)
        at.shows(*BIRDS, after=HOUR)
        assert at.messages() == []
        at.shows(*BIRDS, row("acme/condor-3", "0.000003", "0.000015"))
        assert [message.notification.title for message in at.messages()] == ["acme/condor-3 is new"]


@pytest.mark.parametrize(
    ("zone", "has_zones", "code", "words"),
    [
        pytest.param("Europe/Berlin", True, 0, "", id="none-of-the-system"),
        pytest.param("Europe/Berlin", False, 78, "4:1 timezone: is not a time zone", id="none-at-all"),
        pytest.param("../../etc/passwd", True, 78, "4:1 timezone: is not a time zone", id="path"),
        pytest.param("Mars/Olympus", True, 78, "4:1 timezone: is not a time zone", id="unknown"),
    ],
)
@pytest.mark.fault("C17")
def test_a_timezone_must_be_known_where_the_service_runs(
    tmp_path: Path, zone: str, code: int, words: str, *, has_zones: bool
) -> None:
    file = written(tmp_path, f"{RULES}timezone: {zone}\n")
    empty = tmp_path / ("nothing" if has_zones else "tzdata")
    empty.mkdir()
    (empty / "__init__.py").touch()
    bare = environment() | {"PYTHONTZPATH": "", "PYTHONPATH": str(tmp_path)}
    checked = subprocess.run(
        command(file, "check"), env=bare, capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == code, checked.stderr
    assert words in checked.stderr
