import os
import re
from pathlib import Path

import pytest

from tests.support.config_problems import RULE, problems

CANARY = "cAnArY-7f3e"


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ["1:1 the file is empty"], id="empty", marks=pytest.mark.fault("C1")),
        pytest.param(
            "rules: [a\n",
            ["2:1 invalid YAML: expected ',' or ']'"],
            id="syntax",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param("\trules: 1\n", ["1:1 invalid YAML"], id="tab", marks=pytest.mark.fault("C1")),
        pytest.param(
            b"\xef\xbb\xbfpoll: 1x\n" + RULE.encode(),
            ["1:1 poll: takes a duration"],
            id="bom",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param(
            b"a: 1\nb: \xff\n", ["2:1 is not UTF-8 text"], id="encoding", marks=pytest.mark.fault("C1")
        ),
        pytest.param(
            "a: \x00\n",
            ["1:4 the character U+0000 is not allowed here"],
            id="nul",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param(
            "- a list\n", ["1:1 must be `key: value` lines"], id="list", marks=pytest.mark.fault("C1")
        ),
        pytest.param(
            "poll: 5m\n" + RULE + "poll: 6m\n",
            ["6:1 poll: duplicate key, first on line 1"],
            id="key-twice",
            marks=pytest.mark.fault("C2"),
        ),
        pytest.param(
            "pol: 5m\n" + RULE,
            ['1:1 pol: unknown key; did you mean "poll"?'],
            id="top",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            RULE + "    wen: {}\n",
            ['5:5 rules[0].wen: unknown key; did you mean "when"?'],
            id="rule",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            RULE + "    when: {modle: a/b}\n",
            ['5:12 rules[0].when.modle: unknown key; did you mean "model"?'],
            id="misspelled-condition",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            RULE + "    when: {price: {rise_by: 10%}}\n",
            ['5:20 rules[0].when.price.rise_by: unknown key; did you mean "rises_by"?'],
            id="nested",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            "holds: {prize: 6h}\n" + RULE,
            ['1:9 holds.prize: unknown key; did you mean "price"?'],
            id="hold",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            "a: &x [1]\nb: *x\n",
            ["1:4 anchors and aliases (& and *) are not supported"],
            id="alias",
            marks=pytest.mark.fault("C4"),
        ),
        pytest.param(
            "a: " + "[" * 20_000,
            ["1:23 is nested more than 20 deep"],
            id="deep",
            marks=pytest.mark.fault("C4"),
        ),
        pytest.param(
            "#" * 1_000_001, [" is larger than 1,000,000 bytes"], id="large", marks=pytest.mark.fault("C4")
        ),
        pytest.param(
            "a: !!python/object:os.system x\n",
            ["1:4 tags (!) are not supported"],
            id="tag",
            marks=pytest.mark.fault("C5"),
        ),
        pytest.param(
            "--- \na: 1\n---\nb: 1\n",
            ["3:1 a second document"],
            id="documents",
            marks=pytest.mark.fault("C5"),
        ),
        pytest.param(
            RULE.replace("notify: console", "notify: consol"),
            ['4:5 rules[0].notify: there is no channel "consol"; did you mean "console"?'],
            id="channel",
            marks=pytest.mark.fault("C7"),
        ),
        pytest.param(
            RULE + "  - name: A\n    notify: console\n",
            ["5:5 rules[1].name: rule 1 has the same name"],
            id="names",
            marks=pytest.mark.fault("C7"),
        ),
        pytest.param(
            RULE.replace("console\n", "[]\n"),
            ["4:5 rules[0].notify: takes a channel name"],
            id="nobody",
            marks=pytest.mark.fault("C7"),
        ),
        pytest.param(
            RULE.replace("console\n", "[console, console]\n"),
            ["rules[0].notify: names a channel twice"],
            id="twice",
            marks=pytest.mark.fault("C7"),
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
        pytest.param(
            "holds: {price: 31d}\n" + RULE, ["1:9 holds.price: must be between 0s and 30d"], id="hold"
        ),
        pytest.param(
            "reminders: [5h, 366d]\n" + RULE,
            [
                "1:13 reminders[0]: must be a whole number of days",
                "1:17 reminders[1]: must be between 0d and 365d",
            ],
            id="days",
        ),
        pytest.param(
            "reminders: [1d, 1d]\n" + RULE, ["1:1 reminders: contains a duplicate"], id="days-twice"
        ),
        pytest.param(
            RULE.replace("console://", "${NOPE}"),
            ["channels.console: the environment variable NOPE is not set"],
            id="variable-not-set",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "${VOID}"),
            ["the environment variable VOID is empty"],
            id="empty",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "file:nope"),
            ["cannot be read: No such file"],
            id="file",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "file:binary"),
            ["the file binary cannot be read: it is not a UTF-8 text file"],
            id="binary",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "file:pipe"),
            ["the file pipe cannot be read: it is not a UTF-8 text file"],
            id="pipe",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "file:/x/${TOKEN}"),
            ["1:12 channels.console: the file it names cannot be read: No such file"],
            id="file-by-variable",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "${LINES}"),
            [
                "channels.console: the environment variable LINES contains a line break or another control character"
            ],
            id="lines",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            "store: ${LINES}/w.db\n" + RULE,
            ["1:1 store: the environment variable LINES contains a line break"],
            id="lines-in-store",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", "json://host/${A-B}"),
            ["1:12 channels.console: ${ starts a variable such as ${NAME}"],
            id="name",
            marks=pytest.mark.fault("C11"),
        ),
        pytest.param(
            RULE.replace("console://", CANARY),
            ["1:12 channels.console: is not a valid address"],
            id="no-address",
            marks=pytest.mark.fault("C12", "Z2"),
        ),
        pytest.param(
            RULE.replace("console://", "${TOKEN}"),
            ["1:12 channels.console: is not a valid address"],
            id="variable",
            marks=pytest.mark.fault("C12", "Z2"),
        ),
        pytest.param(
            RULE.replace("notify: console", f"notify: slack://{CANARY}"),
            ["4:5 rules[0].notify: takes channel names; put addresses under `channels`"],
            id="in-notify",
            marks=pytest.mark.fault("Z2"),
        ),
        pytest.param(
            f'channels: {{slack://{CANARY}: "", console: "console://"}}\n' + RULE.partition("\n")[2],
            ["1:12 channels.***: is not a valid address", "1:12 channels.***: is not a valid channel name"],
            id="as-name",
            marks=pytest.mark.fault("Z2"),
        ),
        pytest.param(
            "sources: {models: 'https://${TOKEN} x', feed: openrouter}\n" + RULE,
            [
                "1:11 sources.models: is not a valid address",
                "1:41 sources.feed: is not a valid address; it must look like https://",
            ],
            id="sources",
            marks=pytest.mark.fault("Z2"),
        ),
        pytest.param(
            "sources: {models: off}\n" + RULE,
            ["1:11 sources.models: is not a valid address"],
            id="models-off",
        ),
        pytest.param("store: ''\n" + RULE, ["1:1 store: must not be empty"], id="store"),
        pytest.param(
            "? [a]\n: b\n",
            ["1:3 keys must be text; put it in quotes"],
            id="key",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param(
            "a: 2026-99-99\n",
            ["1:1 invalid YAML: month must be in 1..12"],
            id="date",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param(
            "5: b\n",
            ["1:1 keys must be text; put it in quotes"],
            id="number-as-key",
            marks=pytest.mark.fault("C1"),
        ),
        pytest.param(
            "%YAML 1.1\n---\n" + RULE,
            ["2:1 a %YAML line is not supported"],
            id="version",
            marks=pytest.mark.fault("C6"),
        ),
        pytest.param(
            RULE + "    when: {model: a, model: b}\n",
            ["5:22 rules[0].when.model: duplicate key, first on line 5; keep one"],
            id="nested",
            marks=pytest.mark.fault("C2"),
        ),
        pytest.param(
            "holds: {price: 1h}\nholds: {price: 2h}\n" + RULE,
            ["2:1 holds: duplicate key, first on line 1"],
            id="section",
            marks=pytest.mark.fault("C2"),
        ),
        pytest.param(
            RULE + "    when:\n      event: price.changed\n      model:\n",
            ["7:7 rules[0].when.model: takes a pattern such as openai/*"],
            id="forgotten-value",
        ),
        pytest.param("holds: {price: }\n" + RULE, ["1:9 holds.price: takes a duration"], id="forgotten-hold"),
        pytest.param(
            RULE + "    when: {price: {of: prompt}, context: {}}\n",
            [
                "5:12 rules[0].when.price: is empty; add rises_by or falls_by or below or above",
                "5:33 rules[0].when.context: is empty; add at_least or at_most",
            ],
            id="asks-nothing",
        ),
        pytest.param(
            'channels: {a: "console://"}\nruls: []\n',
            ['2:1 ruls: unknown key; did you mean "rules"?'],
            id="needed",
            marks=pytest.mark.fault("C3"),
        ),
        pytest.param(
            '"a\\n\\e[2J": 1\n' + RULE,
            ["1:1 ***: unknown key"],
            id="one-line",
            marks=pytest.mark.fault("Z2"),
        ),
    ],
)
def test_a_mistake_is_listed_with_its_line_and_the_fix(
    tmp_path: Path, text: str | bytes, expected: list[str]
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    environ = {"VOID": "", "LINES": f"json://{CANARY}\njson://b", "TOKEN": CANARY}
    found = problems(tmp_path, text, environ)
    assert len(found) == len(expected), found
    for line, words in zip(found, expected, strict=True):
        assert words in line
    assert "\n" not in "".join(found)
    assert CANARY not in str(found)
    assert "pydantic" not in str(found)


def test_all_mistakes_are_listed_at_once_in_file_order(tmp_path: Path) -> None:
    text = """\
poll: 2d
pol: 5m
channels: {console: "console://", team: "${NOPE}"}
rules:
  - name: A
    when: {modle: a, price: {rises_by: ten}}
    notify: tem
  - name: A
    notify: console
"""
    found = problems(tmp_path, text, {})
    assert [re.sub(r":\d+ .*", "", line) for line in found] == ["1", "2", "3", "6", "6", "7", "8"]
