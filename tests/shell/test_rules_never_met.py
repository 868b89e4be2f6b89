"""A rule that can never report anything does not pass `watcher check`, however many rules there are."""

import random
from pathlib import Path
from time import process_time

import pytest
from click.testing import CliRunner

from watcher.cli.main import main
from watcher.config.checks import contradictions
from watcher.config.rule_checks import kinds_of, rule_of
from watcher.config.schema import rule_section
from watcher.config.stops import Stops
from watcher.rules import reach
from watcher.rules.route import Rule

FIRST = "{name: First, when: {model: 'openai/*', event: price.*}, notify: c, stop: true}"
NEVER = {
    "{model: 'gpt-5*'}": '"gpt-5*" has no author: ids are author/name; did you mean "*/gpt-5*"?',
    "{model: claude-sonnet-4.5}": '"claude-sonnet-4.5" is not an id: ids are author/name',
    "{model: 'openai/gpt-(4|5).*'}": "looks like a regular expression",
    "{model: '^openai/.*$'}": "looks like a regular expression",
    "{author: 'openai/*'}": '"openai/*" is not an author; did you mean "openai"?',
    "{variant: fre}": 'there is no variant "fre"; did you mean "free"?',
    "{input: picture}": 'there is no input modality "picture"',
    "{output: sound}": 'there is no output modality "sound"',
    "{cause: nope}": 'there is no cause "nope"',
    "{event: price.change}": 'there is no event "price.change"; did you mean "price.changed"?',
    "{price: {below: $1/M, above: $2/M}}": "no price is both below $1.00/M and above $2.00/M",
    "{price: {rises_by: 5%, falls_by: 5%}}": "a price cannot rise and fall at once",
    "{context: {at_least: 200k, at_most: 100k}}": "no model can be in between",
    "{free: true, price: {above: $1/M}}": "a free model has no price",
    "{model: 'openai/*', author: google}": "no model is openai/* and has the author google",
    "{model: ['openai/*', '!openai/*']}": "excludes everything",
    "{event: source.*, expires_within: 7d}": "can meet this, and the event is source.*",
    "{event: ['price.*', '!price.*']}": "excludes everything",
}


def checked(folder: Path, *rules: str) -> tuple[int, str]:
    file = folder / "rules.yaml"
    file.write_text("channels: {c: 'console://'}\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    found = CliRunner().invoke(main, ["--config", str(file), "check"], env={"STATE_DIRECTORY": None})
    return found.exit_code, found.stderr


@pytest.mark.parametrize("when", NEVER)
@pytest.mark.fault("V12")
def test_a_rule_that_can_never_be_met_is_a_mistake(tmp_path: Path, when: str) -> None:
    code, words = checked(tmp_path, f"{{name: Never, when: {when}, notify: c}}")
    assert code == 78, when
    assert NEVER[when].split("$1.00")[0] in words
    assert "rules.yaml:3:" in words


@pytest.mark.parametrize(
    "later",
    [
        "{name: Later, when: {model: 'OpenAI/gpt-*', event: price.changed}, notify: c}",
        "{name: Later, when: {model: ['openai/a*', 'OPENAI/b'], event: price.*}, notify: c, stop: true}",
    ],
)
@pytest.mark.fault("V12")
def test_a_rule_below_one_that_stops_all_of_it_is_a_mistake(tmp_path: Path, later: str) -> None:
    for first in (FIRST, "{name: First, notify: c, stop: true}"):
        code, words = checked(tmp_path, first, later)
        assert code == 78
        assert 'never reports anything: rule "First" above reports all of it first' in words


@pytest.mark.fault("V12")
def test_capital_letters_and_the_beginnings_of_authors_are_no_mistake(tmp_path: Path) -> None:
    for model in ("OpenAI/*", "meta*", "*gpt-5*", "gpt-5*/*", "!*:batch"):
        assert checked(tmp_path, f"{{name: Any case, when: {{model: '{model}'}}, notify: c}}")[0] == 0


def sections(number: int) -> list[object]:
    """Write rules that stop, each about an author of its own."""
    return [
        {
            "name": f"Rule {one}",
            "when": {"model": [f"author-{one}/*", "!*:batch"], "event": "price.*"},
            "notify": "c",
            "stop": True,
        }
        for one in range(number)
    ]


@pytest.mark.fault("V13")
def test_a_thousand_rules_are_checked_in_well_under_a_second() -> None:
    data = {"channels": {"c": "console://"}, "rules": sections(1000)}
    began = process_time()
    assert list(contradictions(data)) == []
    assert process_time() - began < 1.5, "a third of it on an idle machine; ten times as much before"


@pytest.mark.fault("V13")
def test_the_quick_search_for_a_rule_above_finds_what_a_look_at_each_would_find() -> None:
    chance = random.Random(5)  # noqa: S311 - rules, no secret
    names: list[object] = [
        "*",
        "openai/*",
        "OpenAI/gpt-*",
        "openai/gpt-5",
        "*:free",
        "a?/*",
        "[ab]/*",
        "google/*",
        "!*:batch",
    ]
    values: dict[str, list[object]] = {
        "model": names,
        "author": ["openai", "Open*", "*", "google", "!openai"],
        "variant": ["free", "*", "none"],
        "event": ["price.*", "price.changed", "*", "model.*"],
        "parameter": ["tools", "*"],
        "free": [True],
    }
    rules: list[Rule] = []
    for number in range(250):
        when = {key: chance.choice(values[key]) for key in values if chance.random() < 0.3}
        if understood := rule_section({"name": f"{number}", "when": when, "notify": "c", "stop": True}):
            rules.append(rule_of(understood))
    stops, hidden = Stops(), 0
    for number, rule in enumerate(rules):
        kinds = kinds_of(rule.when)
        slow = [one for one in rules[:number] if kinds <= kinds_of(one.when) and reach.hides(one, rule)]
        quick = [one for one, taken in stops.above(rule) if kinds <= taken and reach.hides(one, rule)]
        assert quick == slow
        hidden += bool(slow)
        stops.add(rule, kinds)
    assert hidden > 50
