import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from watcher import config, config_shape
from watcher.conditions import CONDITIONS
from watcher.errors import ConfigError
from watcher.events import KINDS
from watcher.settle import HOLDS

ROOT = Path(__file__).parent.parent
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
    return config.load(file, environ)


def problems(tmp_path: Path, text: str | bytes, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    file = tmp_path / "rules.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        config.load(file, environ)
    return [line.removeprefix(f"{file}:") for line in error.value.problems]


def test_the_shipped_rules_load_without_any_variable_or_warning() -> None:
    shipped = config.load(ROOT / "rules.yaml", {})
    assert shipped.warnings == ()
    assert shipped.settings.rules[0].name == "Leaving OpenRouter"
    assert shipped.sources["models"].endswith("?output_modalities=all")


def test_everything_has_a_default_but_channels_and_rules(tmp_path: Path) -> None:
    given = loaded(tmp_path)
    assert given.poll == timedelta(minutes=5)
    assert given.store == tmp_path / "watcher.db"
    assert list(given.sources) == ["models", "feed"]
    assert given.settings.policy.holds == HOLDS
    assert given.settings.policy.reminders == (30, 14, 7, 1, 0)
    assert given.warnings == ()


def test_what_is_given_counts(tmp_path: Path) -> None:
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


def test_a_doubled_dollar_is_a_dollar(tmp_path: Path) -> None:
    given = loaded(tmp_path, GOOD.replace("${TEAM_URL}", "json://host/a$$b"))
    assert given.channels["team"].url.reveal() == "json://host/a$b"


def test_yaml_means_what_it_looks_like__C6(tmp_path: Path) -> None:
    text = GOOD.replace(
        '"*.*"}', '"*.*", author: no, variant: on, price: {below: 1e-7}, context: {at_least: 012}}'
    )
    when = loaded(tmp_path, text).settings.rules[0].when
    assert str(when["author"]) == "no"
    assert str(when["variant"]) == "on"
    assert str(when["price"]) == "prompt or completion price is below $0.10 per M tokens"
    assert str(when["context"]) == "at least 12 tokens"


RULE = 'channels: {console: "console://"}\nrules:\n  - name: A\n    notify: console\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["1:1 the file is empty"], id="C1-empty"),
        pytest.param("rules: [a\n", ["2:1 this is not YAML: expected ',' or ']'"], id="C1-syntax"),
        pytest.param("\trules: 1\n", ["1:1 this is not YAML"], id="C1-tab"),
        pytest.param(
            b"\xef\xbb\xbfpoll: 1x\n" + RULE.encode(), ["1:1 poll: takes a length of time"], id="C1-bom"
        ),
        pytest.param(b"a: 1\nb: \xff\n", ["2:1 is not UTF-8 text"], id="C1-encoding"),
        pytest.param("a: \x00\n", ["this is not YAML"], id="C1-nul"),
        pytest.param("- a list\n", ["1:1 the file is `key: value` lines"], id="C1-list"),
        pytest.param(
            "poll: 5m\n" + RULE + "poll: 6m\n", ["6:1 poll: is there twice, first in line 1"], id="C2"
        ),
        pytest.param("pol: 5m\n" + RULE, ['1:1 pol: unknown key; did you mean "poll"?'], id="C3-top"),
        pytest.param(
            RULE + "    wen: {}\n", ['5:5 rules[0].wen: unknown key; did you mean "when"?'], id="C3-rule"
        ),
        pytest.param(
            RULE + "    when: {modle: a/b}\n",
            ['5:12 rules[0].when.modle: unknown key; did you mean "model"?'],
            id="C3",
        ),
        pytest.param(
            RULE + "    when: {price: {rise_by: 10%}}\n",
            ['5:20 rules[0].when.price.rise_by: unknown key; did you mean "rises_by"?'],
            id="C3-nested",
        ),
        pytest.param(
            "holds: {prize: 6h}\n" + RULE,
            ['1:9 holds.prize: unknown key; did you mean "price"?'],
            id="C3-hold",
        ),
        pytest.param(
            "a: &x [1]\nb: *x\n", ["1:4 anchors and aliases (& and *) are not used here"], id="C4-alias"
        ),
        pytest.param("a: " + "[" * 20_000, ["1:23 is nested more than 20 deep"], id="C4-deep"),
        pytest.param("#" * 1_000_001, [" is larger than 1,000,000 bytes"], id="C4-large"),
        pytest.param("a: !!python/object:os.system x\n", ["1:4 tags (!) are not used here"], id="C5"),
        pytest.param("--- \na: 1\n---\nb: 1\n", ["3:1 a second document"], id="C5-documents"),
        pytest.param(
            RULE.replace("notify: console", "notify: consol"),
            ['4:5 rules[0].notify: there is no channel "consol"; did you mean "console"?'],
            id="C7-channel",
        ),
        pytest.param(
            RULE + "  - name: A\n    notify: console\n",
            ["5:5 rules[1].name: rule 1 has this name too"],
            id="C7-names",
        ),
        pytest.param(
            RULE.replace("console\n", "[]\n"), ["4:5 rules[0].notify: takes the name"], id="C7-nobody"
        ),
        pytest.param(
            RULE.replace("console\n", "[console, console]\n"),
            ["rules[0].notify: names a channel twice"],
            id="C7-twice",
        ),
        pytest.param('channels: {a: "console://"}\n', ["1:1 rules: is missing"], id="no-rules"),
        pytest.param(
            'channels: {a: "console://"}\nrules: []\n', ["2:1 rules: must not be empty"], id="empty-rules"
        ),
        pytest.param(
            RULE.replace("name: A", "name: 5"), ["3:5 rules[0].name: takes text; put it in quotes"], id="name"
        ),
        pytest.param(RULE + "    stop: maybe\n", ["5:5 rules[0].stop: takes true or false"], id="stop"),
        pytest.param(
            "rules: 5\nchannels: 5\n", ["1:1 rules: takes a list", "2:1 channels: takes `key"], id="types"
        ),
        pytest.param(
            "rules: [5]\nchannels: {}\n", ["1:9 rules[0]: takes `key", "2:1 channels: must not"], id="shapes"
        ),
        pytest.param(
            RULE + "    when: {event: price.change}\n",
            ['5:12 rules[0].when.event: there is no event "price.change"; did you mean "price.changed"?'],
            id="event",
        ),
        pytest.param(
            RULE + "    when: {event: [nothing.*]}\n",
            ["rules[0].when.event[0]: there is no event"],
            id="glob",
        ),
        pytest.param(
            RULE + "    when: {price: {of: input}}\n",
            ["of: takes 'prompt', 'completion' or 'either'"],
            id="price-of",
        ),
        pytest.param(RULE + "    when: {free: 1}\n", ["rules[0].when.free: takes true or false"], id="free"),
        pytest.param(
            RULE + "    when: {price: {rises_by: 10}}\n", ["takes a percentage such as 10%"], id="percent"
        ),
        pytest.param("poll: 0s\n" + RULE, ["1:1 poll: must be between 1s and 1d"], id="poll"),
        pytest.param("holds: {price: 31d}\n" + RULE, ["1:9 holds.price: must be at most 30d"], id="hold"),
        pytest.param(
            "reminders: [1d, 5h, 1d]\n" + RULE,
            ["1:17 reminders[1]: must", "1:21 reminders[2]: must"],
            id="days",
        ),
        pytest.param(
            RULE.replace("console://", "${NOPE}"),
            ["channels.console: the environment variable NOPE is not set"],
            id="C11",
        ),
        pytest.param(
            RULE.replace("console://", "${VOID}"), ["the environment variable VOID is empty"], id="C11-empty"
        ),
        pytest.param(
            RULE.replace("console://", "file:nope"), ["cannot be read: No such file"], id="C11-file"
        ),
        pytest.param(
            RULE.replace("console://", "file:binary"), ["cannot be read: it is not UTF-8"], id="C11-binary"
        ),
        pytest.param(
            RULE.replace("console://", "${LINES}"), ["channels.console: is no address"], id="C11-lines"
        ),
        pytest.param(
            RULE.replace("console://", f"{CANARY}"), ["1:12 channels.console: is no address"], id="C12_Z2"
        ),
    ],
)
def test_a_mistake_gets_a_line_with_its_place_and_the_way_out(
    tmp_path: Path, text: str | bytes, expected: list[str]
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    found = problems(tmp_path, text, {"VOID": "", "LINES": "json://a\njson://b"})
    assert len(found) == len(expected), found
    for line, words in zip(found, expected, strict=True):
        assert words in line
    assert CANARY not in str(found)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
pol: 5m
channels: {console: "console://", team: "${NOPE}"}
rules:
  - name: A
    when: {modle: a, price: {rises_by: ten}}
    notify: tem
  - name: A
    notify: console
"""
    found = problems(tmp_path, text)
    assert [re.sub(r":\d+ .*", "", line) for line in found] == ["1", "2", "5", "5", "6", "7"]


def test_the_file_is_the_one_that_is_named_else_the_one_here(tmp_path: Path) -> None:
    here, named, other = (tmp_path / name for name in ("rules.yaml", "named.yaml", "other.yaml"))
    with pytest.raises(
        ConfigError, match=r"there is no such file; name another with --config or \$WATCHER_CONFIG"
    ):
        config.find(None, {}, tmp_path)
    for file in (here, named, other):
        file.touch()
    assert config.find(None, {}, tmp_path) == here
    assert config.find(None, {"WATCHER_CONFIG": str(other)}, tmp_path) == other
    assert config.find(named, {"WATCHER_CONFIG": str(other)}, tmp_path) == named
    with pytest.raises(ConfigError, match=r"nope.yaml: there is no such file$"):
        config.find(tmp_path / "nope.yaml", {}, tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path, {})


def test_what_is_allowed_but_unwise_is_a_warning__C7_C16(tmp_path: Path) -> None:
    text = f"""\
poll: 1m
channels: {{console: "console://", team: "json://host/{CANARY}"}}
rules: [{{name: A, notify: console}}]
"""
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    file.chmod(0o644)
    warnings = config.load(file, {}).warnings
    assert [line.removeprefix(f"{file}").split(" ", 1)[1] for line in warnings] == [
        "poll: answers are cached for two minutes or more; a shorter pause finds nothing new",
        "channels.team: no rule uses this channel",
        "rules[0]: this rule has no condition: it tells every event",
        "holds the address of team and others may read it: chmod 600, or use ${NAME}",
    ]
    assert CANARY not in str(warnings)


def test_the_configuration_is_explained_in_words_without_secrets__Z1(tmp_path: Path) -> None:
    given = loaded(
        tmp_path, "holds: {price: 12h}\n" + GOOD + "    stop: true\n  - {name: All, notify: team}\n"
    )
    assert config.explain(given) == [
        f"Every 5 minutes ask models and feed; remember in {tmp_path}/watcher.db.",
        "Channels: console (console), team (slack).",
        "A difference is news once it has lasted (other than usual): price 12 hours.",
        "Everything: tell console and team and stop when",
        "  - The kind of event is *.*",
        "All: tell team when",
        "  - anything happens",
    ]
    assert CANARY not in repr(given) + str(config.explain(given))


def test_the_schema_for_editors_is_up_to_date() -> None:
    committed = json.loads((ROOT / "docs/rules.schema.json").read_text())
    assert committed == config_shape.schema(), "run: watcher schema > docs/rules.schema.json"


def test_the_shipped_rules_point_to_the_schema() -> None:
    first = (ROOT / "rules.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/rules.schema.json"


@pytest.mark.parametrize("names", [CONDITIONS, KINDS, HOLDS], ids=["conditions", "events", "holds"])
def test_the_reference_has_every_condition_event_and_hold(names: Mapping[str, object]) -> None:
    reference = (ROOT / "docs/configuration.md").read_text()
    assert [name for name in names if f"`{name}`" not in reference] == []
