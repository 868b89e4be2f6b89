from dataclasses import replace
from typing import Any

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, document
from watcher.domain.catalog import Item
from watcher.domain.kinds import About, Kind
from watcher.domain.providers import Market, Offer
from watcher.rules import reach
from watcher.rules.conditions import CONDITIONS
from watcher.rules.price_terms import PriceTerms
from watcher.rules.reach import Known
from watcher.rules.route import Rule
from watcher.rules.values import Bounds, Duration, Globs, Percent, Price, Tokens

MODELS = {
    "openai/gpt-5": document(OWL),
    "openai/gpt-5:batch": document(OWL),
    "anthropic/claude": document(FINCH),
    "acme/heron": document(HERON),
}
PROVIDERS = {"openai/gpt-5": Market(offers={"deepinfra/fp8": Offer("deepinfra/fp8", "DeepInfra", {})})}
KNOWN = Known.of_state({model: Item(found, found) for model, found in MODELS.items()}, PROVIDERS)


def globs(*patterns: str) -> Globs:
    return Globs.parse([*patterns])


def strange(**when: Any) -> list[str]:
    return [what for _, _, what in reach.strangers(when, KNOWN)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (
            {"model": globs("gpt-5*")},
            ['no model of the 4 known matches "gpt-5*"; did you mean "openai/gpt-5*"?'],
        ),
        ({"model": globs("*", "gemini")}, ['no model of the 4 known matches "gemini"']),
        (
            {"model": globs("opneai/gpt*")},
            ['no model of the 4 known matches "opneai/gpt*"; did you mean "openai/gpt*"?'],
        ),
        (
            {"model": globs("anthropic/clade")},
            ['no model of the 4 known matches "anthropic/clade"; did you mean "anthropic/claude"?'],
        ),
        ({"model": globs("OpenAI/*", "!nothing/*")}, []),
        ({"author": globs("opneai")}, ['no author of the 3 known matches "opneai"; did you mean "openai"?']),
        ({"author": globs("OpenAI")}, []),
        ({"parameter": globs("tool")}, ['no parameter of the 3 known matches "tool"; did you mean "tools"?']),
        ({"provider": globs("DeepInfra")}, []),
        (
            {"provider": globs("deepinfrra")},
            ['the only provider known does not match "deepinfrra"; did you mean "deepinfra"?'],
        ),
        ({"event": globs("channel.*"), "model": globs("team")}, []),
        ({"variant": globs("nitro")}, []),
        ({"free": True}, []),
    ],
)
def test_a_name_that_nothing_known_has_is_pointed_out(when: Any, expected: list[str]) -> None:
    assert strange(**when) == expected


def test_without_anything_known_nothing_is_strange() -> None:
    assert [*reach.strangers({"model": globs("gpt-5*")}, Known())] == []


def test_what_is_listed_now_and_what_was_once_are_both_known() -> None:
    gone = replace(document(OWL), listed=False)
    known = Known.of_state({"acme/gone": Item(gone, gone), "acme/new": Item(None, document(OWL))}, {})
    assert list(known.listed) == ["acme/new"]
    assert set(known.models) == {"acme/gone", "acme/new"}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, ["openai/gpt-5", "anthropic/claude", "acme/heron"]),
        ({"model": globs("OpenAI/*")}, ["openai/gpt-5"]),
        ({"variant": globs("batch")}, ["openai/gpt-5:batch"]),
        ({"event": globs("price.changed"), "author": globs("acme"), "cause": globs("nope")}, ["acme/heron"]),
        ({"price": PriceTerms(rises_by=Percent.parse("10%")), "author": globs("acme")}, ["acme/heron"]),
        ({"price": PriceTerms(below=Price.parse("$0.20/M"))}, ["anthropic/claude"]),
        ({"expires_within": Duration.parse("1d"), "author": globs("openai")}, ["openai/gpt-5"]),
        ({"event": globs("source.*")}, None),
        ({"event": globs("catalog.changed")}, None),
    ],
)
def test_a_rule_matches_the_models_that_meet_its_conditions_on_models(when: Any, expected: Any) -> None:
    assert reach.models_of(Rule("rule", ("team",), when), MODELS) == expected


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([Kind.PRICE_CHANGED], "price.changed"),
        ([Kind.SOURCE_FAILING, Kind.SOURCE_RECOVERED], "source.*"),
        ([Kind.MODEL_ADDED, Kind.PRICE_CHANGED, Kind.CATALOG_CHANGED], None),
        ([kind for kind in Kind if kind.row.about is About.MODEL], "events about models"),
    ],
)
def test_kinds_are_written_as_in_a_rule(kinds: Any, expected: str | None) -> None:
    assert reach.said(kinds) == (expected or "price.changed, model.added or catalog.changed")


def test_every_kind_can_meet_some_conditions_and_every_condition_some_kinds() -> None:
    values: dict[type, Any] = {
        Globs: globs("a*"),
        bool: True,
        Duration: Duration.parse("1d"),
        Bounds: Bounds(at_least=Tokens(1)),
        PriceTerms: PriceTerms(below=Price.parse("$1/M")),
    }
    for row in CONDITIONS.values():
        if row.key != "event":
            assert any(row.met_by(kind, values[row.type]) for kind in Kind), row.key


@pytest.mark.parametrize(
    ("earlier", "later", "hidden"), [("7d", "1d", True), ("7d", "7d", True), ("1d", "7d", False)]
)
def test_a_rule_about_sooner_dates_is_hidden_by_one_about_later_dates(
    earlier: str, later: str, *, hidden: bool
) -> None:
    first, second = (
        Rule(within, ("team",), {"expires_within": Duration.parse(within)}, stop=True)
        for within in (earlier, later)
    )
    assert reach.hides(first, second) is hidden
