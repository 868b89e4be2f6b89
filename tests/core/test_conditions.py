from datetime import timedelta
from typing import Any

import pytest

from tests.support.catalogs import OWL, START, document, priced
from watcher.domain.kinds import KINDS
from watcher.domain.news import Event
from watcher.rules.conditions import CONDITIONS, Question
from watcher.rules.price_terms import PriceTerms
from watcher.rules.values import Bounds, Duration, Globs, Percent, Tokens

LEAVING = document(OWL | {"expiration_date": "2026-11-07"})
BEFORE = {"parameters": ["seed", "tools"], "input": ["text"]}


def asked(name: str, wanted: Any, event: Event, told: Any = None) -> bool:
    return CONDITIONS[name].test(Question(event, told or {}), wanted)


def about(kind: str = "model.changed", subject: str = "acme/owl-2:free", **more: Any) -> Event:
    return Event("id", START, KINDS[kind], subject, **{"model": document(), **more})


@pytest.mark.parametrize(
    ("name", "wanted", "event", "answer"),
    [
        ("event", Globs.parse("model.*"), about(), True),
        ("event", Globs.parse("price.*"), about(), False),
        ("model", Globs.parse("acme/*"), about(), True),
        ("model", Globs.parse("Acme/*"), about(), True),
        ("model", Globs.parse(["acme/*", "!*:FREE"]), about(), False),
        ("author", Globs.parse("acme"), about(subject="~acme/owl-latest"), True),
        ("author", Globs.parse("ACME"), about(), True),
        ("provider", Globs.parse("DeepInfra"), about("price.changed", provider="deepinfra"), True),
        ("provider", Globs.parse("deepinfra"), about("provider.added", provider="novita"), False),
        ("provider", Globs.parse("deepinfra"), about(), False),
        ("provider", Globs.parse("!deepinfra"), about("price.changed", provider="deepinfra"), False),
        ("provider", Globs.parse("!deepinfra"), about(), True),
        ("variant", Globs.parse("free"), about(), True),
        ("variant", Globs.parse("none"), about(subject="acme/owl-2"), True),
        ("free", True, about(), False),
        ("free", False, about(), True),
        ("free", True, about(model=document(priced(OWL, "0", "0"))), True),
        ("free", False, about(model=None), False),
        ("context", Bounds(at_least=Tokens(100_000)), about(), True),
        ("context", Bounds(at_least=Tokens(200_000)), about(), False),
        ("context", Bounds(at_most=Tokens(100_000)), about(), False),
        ("context", Bounds(), about(model=None), False),
        ("input", Globs.parse("text"), about(), True),
        ("output", Globs.parse("image"), about(), False),
        ("parameter", Globs.parse("tools"), about(), True),
        ("parameter", Globs.parse("seed"), about(before=BEFORE), True),
        (
            "parameter",
            Globs.parse("seed"),
            about(before="x", model=None),
            False,
        ),
        ("expires_within", Duration.parse("5d"), about(model=LEAVING), True),
        ("expires_within", Duration.parse("4d"), about(model=LEAVING), False),
        ("expires_within", Duration(timedelta(days=4)), about(), False),
        ("cause", Globs.parse("*notice*"), about(cause="without notice"), True),
        ("cause", Globs.parse("*notice*"), about(), False),
        ("price", PriceTerms(rises_by=Percent.parse("10%")), about(), False),
    ],
)
def test_each_condition_tests_one_thing(name: str, wanted: Any, event: Event, *, answer: bool) -> None:
    assert asked(name, wanted, event) is answer


def test_a_threshold_counts_from_the_price_that_the_rule_last_reported() -> None:
    event = about("price.changed", "acme/owl-2")
    wanted = PriceTerms(rises_by=Percent.parse("10%"))
    assert asked("price", wanted, event, {"prompt": "0.000001", "completion": "0.00001"})
    assert not asked("price", wanted, event, {"prompt": "0.0000012", "completion": "0.00001"})


def test_every_condition_describes_itself() -> None:
    assert CONDITIONS["event"].describe(Globs.parse("price.*")) == "the event is price.*"
    assert CONDITIONS["free"].describe(wanted=True) == "the model is free"
    assert CONDITIONS["free"].describe(wanted=False) == "the model is not free"
    for row in CONDITIONS.values():
        assert "{}" in row.words
