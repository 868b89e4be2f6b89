import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from watcher.config import config, explain, load, schema
from watcher.domain.errors import ConfigError
from watcher.domain.kinds import KINDS
from watcher.domain.policy import HOLDS
from watcher.rules.conditions import CONDITIONS
from watcher.rules.values import Duration, Globs

ROOT = Path(__file__).parents[2]
CANARY = "cAnArY-7f3e"
GOOD = """\
channels: {console: "console://", team: "${TEAM_URL}"}
rules:
  - name: Everything
    when: {event: "*.*"}
    notify: [console, team]
"""
ENVIRON = {"TEAM_URL": f"slack://{CANARY}/b/c"}


def loaded(tmp_path: Path, text: str = GOOD, environ: Mapping[str, str] = ENVIRON) -> config.Config:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    file.chmod(0o600)
    return load.load(file, environ)


def test_the_shipped_rules_load_without_any_variable_or_warning() -> None:
    shipped = load.load(ROOT / "rules.yaml", {})
    assert shipped.warnings == ()
    assert shipped.settings.rules[0].name == "Leaving OpenRouter"
    assert shipped.sources["models"].endswith("?output_modalities=all")


def test_everything_but_channels_and_rules_has_a_default(tmp_path: Path) -> None:
    given = loaded(tmp_path)
    assert given.poll == timedelta(minutes=5)
    assert given.store == tmp_path / "watcher.db"
    assert list(given.sources) == ["models", "feed"]
    assert given.settings.policy.holds == HOLDS
    assert given.settings.policy.reminders == (30, 14, 7, 1, 0)
    assert given.warnings == ()


def test_given_values_count(tmp_path: Path) -> None:
    more = """\
poll: 10m
store: state/w.db
sources: {models: "http://127.0.0.1:1/${WHERE}", feed: off}
holds: {price: 12h, removed: 2d}
reminders: [3d, 10d]
"""
    given = loaded(tmp_path, more + GOOD, ENVIRON | {"WHERE": "list"})
    assert given.poll == timedelta(minutes=10)
    assert given.store == tmp_path / "state/w.db"
    assert given.sources == {"models": "http://127.0.0.1:1/list"}
    assert given.settings.policy.holds["price"] == timedelta(hours=12)
    assert given.settings.policy.holds["withdrawn"] == HOLDS["withdrawn"]
    assert given.settings.policy.reminders == (10, 3)


def test_under_systemd_the_store_is_in_its_state_directory(tmp_path: Path) -> None:
    given = loaded(tmp_path, environ=ENVIRON | {"STATE_DIRECTORY": "/var/lib/watcher:/other"})
    assert given.store == Path("/var/lib/watcher/watcher.db")
    absolute = loaded(
        tmp_path, "store: /srv/w.db\n" + GOOD, ENVIRON | {"STATE_DIRECTORY": "/var/lib/watcher"}
    )
    assert absolute.store == Path("/srv/w.db")


@pytest.mark.parametrize("credentials", [True, False])
def test_a_secret_can_be_in_a_file_of_its_own(tmp_path: Path, *, credentials: bool) -> None:
    folder = tmp_path / "secrets" if credentials else tmp_path
    folder.mkdir(exist_ok=True)
    (folder / "url").write_text("json://host/x\n")
    environ = {"CREDENTIALS_DIRECTORY": str(folder)} if credentials else {}
    given = loaded(tmp_path, GOOD.replace('"${TEAM_URL}"', "file:url"), environ)
    assert given.channels["team"].url.reveal() == "json://host/x"


def test_a_secret_not_provided_by_systemd_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("json://host/x")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    given = loaded(tmp_path, GOOD.replace('"${TEAM_URL}"', "file:url"), environ)
    assert given.channels["team"].url.reveal() == "json://host/x"


@pytest.mark.parametrize("feed", ["off", "null", ""])
def test_the_feed_can_be_off(tmp_path: Path, feed: str) -> None:
    assert list(loaded(tmp_path, f"sources: {{feed: {feed}}}\n{GOOD}").sources) == ["models"]


def test_a_doubled_dollar_is_a_dollar(tmp_path: Path) -> None:
    given = loaded(tmp_path, GOOD.replace("${TEAM_URL}", "json://host/a$$b"))
    assert given.channels["team"].url.reveal() == "json://host/a$b"


@pytest.mark.fault("C6")
def test_yaml_means_what_it_looks_like(tmp_path: Path) -> None:
    text = GOOD.replace(
        '"*.*"}', '"*.*", author: no, parameter: on, price: {below: 1e-7}, context: {at_least: 012}}'
    )
    when = loaded(tmp_path, text).settings.rules[0].when
    assert str(when["author"]) == "no"
    assert str(when["parameter"]) == "on"
    assert str(when["price"]) == "prompt or completion price is below $0.10 per M tokens"
    assert str(when["context"]) == "at least 12 tokens"


def test_the_file_is_the_one_named_or_else_the_one_in_this_folder(tmp_path: Path) -> None:
    here, named, other = (tmp_path / name for name in ("rules.yaml", "named.yaml", "other.yaml"))
    with pytest.raises(ConfigError, match=r"does not exist; use --config or \$WATCHER_CONFIG to name a file"):
        load.find(None, {}, tmp_path)
    for file in (here, named, other):
        file.touch()
    assert load.find(None, {}, tmp_path) == here
    assert load.find(None, {"WATCHER_CONFIG": str(other)}, tmp_path) == other
    assert load.find(named, {"WATCHER_CONFIG": str(other)}, tmp_path) == named
    with pytest.raises(ConfigError, match=r"nope.yaml does not exist$"):
        load.find(tmp_path / "nope.yaml", {}, tmp_path)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load.load(tmp_path, {})


@pytest.mark.fault("C7", "C16")
def test_what_is_allowed_but_unwise_is_a_warning(tmp_path: Path) -> None:
    text = f"""\
poll: 1m
channels: {{console: "console://", team: "json://host/{CANARY}"}}
rules: [{{name: A, notify: console}}]
"""
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    file.chmod(0o644)
    warnings = load.load(file, {}).warnings
    assert [line.removeprefix(f"{file}").split(" ", 1)[1] for line in warnings] == [
        "poll: OpenRouter caches answers for at least two minutes; polling faster finds nothing new",
        "channels.team: no rule uses this channel",
        "rules[0]: this rule has no condition, so it reports every event",
        "contains the address of team and other users can read it; chmod 600 it, or use ${NAME}",
    ]
    assert CANARY not in str(warnings)


@pytest.mark.fault("C9")
def test_an_event_that_a_rule_names_and_can_never_report_is_a_warning(tmp_path: Path) -> None:
    given = loaded(tmp_path, GOOD.replace('"*.*"', "[model.removed, source.failing], free: true"))
    assert given.warnings == (
        f"{tmp_path}/rules.yaml:4:35 rules[0].when.event[1]: source.failing can never meet `free`; remove it",
    )


@pytest.mark.fault("C16")
def test_an_address_with_a_doubled_dollar_is_a_literal_one_too(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.replace("${TEAM_URL}", f"json://host/$${CANARY}"))
    file.chmod(0o604)
    (warning,) = load.load(file, {}).warnings
    assert "contains the address of team and other users can read it" in warning
    assert CANARY not in warning


@pytest.mark.timeout(30)
@pytest.mark.fault("C8", "Z9")
def test_no_pattern_is_slow(tmp_path: Path) -> None:
    glob = "*a" * 50 + "b"
    wanted = (
        loaded(tmp_path, GOOD.replace('"*.*"', f'"*.*", model: "{glob}"')).settings.rules[0].when["model"]
    )
    assert isinstance(wanted, Globs)
    assert not wanted.matches("a" * 600)


@pytest.mark.fault("Z1", "I12")
def test_the_configuration_is_explained_in_words_without_secrets(tmp_path: Path) -> None:
    given = loaded(
        tmp_path,
        "sources: {models: 'https://${TOKEN}@host/'}\nholds: {price: 12h}\nreminders: [3d, 10d]\n"
        + GOOD.replace("*.*", "model.*")
        + "    stop: true\n  - {name: All, notify: team}\n",
        ENVIRON | {"TOKEN": CANARY},
    )
    assert explain.explain(given) == [
        f"Polls models and feed every 5 minutes. The store is {tmp_path}/watcher.db.",
        "Channels: console (console), team (slack).",
        "Asks what providers charge, a few models at a time (endpoints: auto).",
        "Changed holds (how long a change must last before it is reported): price 12 hours.",
        "Sends reminders 10, 3 days before a model leaves.",
        "Everything: reports to console and team, stops further rules, if",
        "  - the event is model.*",
        "All: reports to team if",
        "  - anything changes",
    ]
    assert CANARY not in repr(given) + str(explain.explain(given))


def test_the_schema_for_editors_is_up_to_date() -> None:
    committed = json.loads((ROOT / "docs/rules.schema.json").read_text())
    assert committed == schema.schema(), "run: watcher schema > docs/rules.schema.json"


def test_the_schema_suggests_the_kinds_of_events_and_names_no_host() -> None:
    found = schema.schema()
    suggested = found["$defs"]["When"]["properties"]["event"]["anyOf"][0]["anyOf"][0]["enum"]
    assert suggested == list(KINDS)
    assert "openrouter.ai" not in json.dumps(found)


def test_the_schema_shows_defaults_as_people_write_them() -> None:
    keys = schema.schema()["properties"]
    assert keys["poll"]["default"] == "5m"
    assert keys["reminders"]["default"] == ["30d", "14d", "7d", "1d", "0d"]


def test_the_shipped_rules_point_to_the_schema() -> None:
    first = (ROOT / "rules.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/rules.schema.json"


@pytest.mark.parametrize("names", [CONDITIONS, KINDS, HOLDS], ids=["conditions", "events", "holds"])
def test_the_reference_has_every_condition_event_and_hold(names: Mapping[str, object]) -> None:
    reference = (ROOT / "docs/configuration.md").read_text()
    assert [name for name in names if f"`{name}`" not in reference] == []


def wrong_in_the_table_of_events() -> list[str]:
    """Return the kinds whose row is missing, does not begin with their meaning or lacks their hold."""
    reference = (ROOT / "docs/configuration.md").read_text()
    section = reference.split("## Events")[1].split("## Holds")[0]
    found = re.findall(r"^\| `(\w+\.\w+)` \| (.+?) \| (.*?) ?\|$", section, re.MULTILINE)
    rows = {kind: (meaning, holds) for kind, meaning, holds in found}
    wrong = [kind for kind in rows if kind not in KINDS]
    for name, kind in KINDS.items():
        meaning, holds = rows.get(name, ("", ""))
        has_hold = kind.row.hold is None or f"`{kind.row.hold}`" in holds
        if not (meaning.startswith(kind.row.meaning) and has_hold):
            wrong.append(name)
    return wrong


def test_the_table_of_events_is_that_of_the_program() -> None:
    assert wrong_in_the_table_of_events() == []


def test_every_hold_is_documented_with_its_default() -> None:
    reference = (ROOT / "docs/configuration.md").read_text()
    rows = {name: f"| `{name}` | {Duration(hold) if hold else 'at once'} |" for name, hold in HOLDS.items()}
    assert [row for row in rows.values() if row not in reference] == []


def test_the_sample_of_the_reference_loads(tmp_path: Path) -> None:
    (tmp_path / "ops-mail-url").write_text("mailtos://user:pass@host")
    sample = examples("yaml")[0].replace("/run/secrets/", "")
    assert loaded(tmp_path, sample, {"WATCHER_SLACK_URL": "slack://a/b/c"}).warnings == (
        f"{tmp_path}/rules.yaml:8:3 channels.console: no rule uses this channel",
    )


@pytest.mark.fault("C3", "C7")
def test_the_mistakes_in_the_reference_are_the_real_messages(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        loaded(tmp_path, examples("yaml")[-1])
    said = [f"watcher: {line.removeprefix(f'{tmp_path}/')}" for line in error.value.problems]
    assert said == examples("text")[-1].splitlines()


def examples(language: str) -> list[str]:
    reference = (ROOT / "docs/configuration.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", reference, flags=re.DOTALL | re.MULTILINE)


def test_the_shipped_rules_report_each_kind_of_event_or_say_that_they_do_not() -> None:
    text = (ROOT / "rules.yaml").read_text()
    wanted = [rule.when["event"] for rule in load.load(ROOT / "rules.yaml", {}).settings.rules]
    told = {kind for kind in KINDS for globs in wanted if isinstance(globs, Globs) and globs.matches(kind)}
    assert [kind for kind in KINDS if kind not in told and kind not in text.partition("Quiet by")[2]] == []
