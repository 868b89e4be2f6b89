"""Plausible lists, and which differences in them are news."""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.catalogs import DAY, HOUR, OWL, Row, Story, answer, priced
from tests.support.scripted_server import reply
from tests.support.watched_site import watched_site
from watcher.cli.demo import row
from watcher.domain.policy import HOLDS, Policy
from watcher.news.settings import Settings
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Percent
from watcher.sources.ask import failures

MANY = [row(f"acme/model-{number:03}", "0.000001", "0.000002") for number in range(400)]
SOME = MANY[:60]
AT_ONCE = "holds: {" + ", ".join(f"{name}: 0s" for name in HOLDS) + "}"


@pytest.mark.fault("P2")
def test_half_a_list_that_is_soon_whole_again_is_not_news(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*SOME)
        for _ in range(4):
            at.shows(*SOME[:30])
        assert "it lacks 30 models" in str(at.state().troubles["list", "catalog"].reason)
        at.shows(*SOME)
        assert at.state().missing == 0
        assert (at.news(), at.messages()) == ([], [])


@pytest.mark.parametrize(
    ("twin", "news"),
    [
        pytest.param(priced(OWL, "1", "1"), [("model.unreadable", "acme/owl-2")], id="different"),
        pytest.param(OWL, [], id="equal"),
    ],
)
@pytest.mark.fault("P6", "Q4")
def test_a_model_that_is_listed_twice_is_believed_only_where_both_agree(
    tmp_path: Path, twin: Row, news: list[tuple[str, str]]
) -> None:
    with watched_site(tmp_path, more=AT_ONCE) as at:
        at.shows(OWL, *SOME)
        before = at.state().items["acme/owl-2"]
        for _ in range(3):
            assert not failures(at.shows(OWL, *SOME, twin, after=DAY))
        assert at.state().items["acme/owl-2"] == before
        assert at.news() == news


@pytest.mark.fault("P7", "P23", "W4")
def test_another_order_of_models_keys_and_entries_is_not_news(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - nothing secret about it

    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in chance.sample(sorted(value), len(value))}
        if isinstance(value, list):
            return [shuffled(entry) for entry in chance.sample(value, len(value))]
        return value

    with watched_site(tmp_path, more=AT_ONCE) as at:
        at.shows(*MANY)
        before = at.state().items
        for _ in range(3):
            at.gets(models=reply(answer(shuffled(MANY))), after=DAY)
        assert at.state().items == before
        assert (at.news(), at.messages()) == ([], [])


@pytest.mark.parametrize(
    ("added", "counted"),
    [
        pytest.param({"shiny": True}, None, id="flag"),
        pytest.param({"top_provider": MANY[0]["top_provider"] | {"shiny": 1}}, None, id="nested"),
        pytest.param(
            {"pricing": MANY[0]["pricing"] | {"shiny": "0"}}, "400 models changed other prices", id="price"
        ),
    ],
)
@pytest.mark.fault("P8", "W6")
def test_a_field_added_to_all_models_is_one_line(tmp_path: Path, added: Row, counted: str | None) -> None:
    with watched_site(tmp_path, more=AT_ONCE) as at:
        at.shows(*MANY)
        at.shows(*(base | added for base in MANY))
        at.shows(*(base | added for base in MANY), after=DAY)
        [message] = at.messages()
        assert "The model list has a new field: " in message.notification.body
        news, _, others = message.notification.body.partition("OTHER PRICES\n")
        assert news.count("•") == 1
        assert others.startswith(counted or "")
        assert bool(others) is bool(counted), (
            "a price that is newly listed is news of each model, counted once"
        )


@pytest.mark.parametrize(
    "field",
    ["context_length", "architecture", "supported_parameters", "expiration_date", "name", "canonical_slug"],
)
@pytest.mark.fault("P9")
def test_a_field_that_all_models_lose_is_one_problem_and_not_a_storm(tmp_path: Path, field: str) -> None:
    dated = [base | {"expiration_date": "2026-12-31"} for base in SOME[:5]]
    rows = [*dated, *SOME[5:]]
    with watched_site(tmp_path, more="reminders: []") as at:
        at.shows(*rows)
        lacking = answer([{key: base[key] for key in base if key != field} for base in rows])
        for wait in (HOUR, HOUR, DAY, DAY, DAY):
            at.gets(models=reply(lacking), after=wait)
        assert [kind for kind, _ in at.news()] == ["catalog.incomplete"]
        assert field in str(at.events()[0].cause)
        for _ in range(3):
            at.shows(*rows, after=DAY)
        assert [kind for kind, _ in at.news()] == ["catalog.incomplete", "catalog.complete"]


@pytest.mark.fault("P10")
def test_a_price_rule_sees_prices_among_many_new_keys() -> None:
    dearer = Rule("Dearer", ("team",), {"price": PriceTerms(rises_by=Percent.parse("10%"))})
    story = Story(Settings((dearer,), Policy(dict.fromkeys(HOLDS, 0 * HOUR))))
    story.shows(OWL)
    more = {
        f"input_{name}": "0.000002" for name in ("cache_read", "cache_write", "audio", "image", "video", "x")
    }
    story.shows(priced(OWL, "0.0000015", "0.00001", **more))
    [message] = story.plan.notifications
    assert "prompt $1.25 → $1.50 (+20 %)" in message.body


@pytest.mark.parametrize("spelling", ["0.0000010", "1e-06", "0.00000100000000000000000001", 0.000001])
@pytest.mark.fault("P11", "W5")
def test_another_spelling_of_every_price_is_not_news(tmp_path: Path, spelling: Any) -> None:
    with watched_site(tmp_path, more=AT_ONCE) as at:
        at.shows(*SOME)
        at.shows(*(priced(base, spelling, "2E-6") for base in SOME), after=DAY)
        at.shows(*(priced(base, spelling, "2E-6") for base in SOME), after=DAY)
        assert (at.news(), at.messages()) == ([], [])


@pytest.mark.parametrize(
    ("prompt", "completion", "words"),
    [
        pytest.param("0", "0", "is now free", id="free", marks=pytest.mark.fault("P12", "W8")),
        pytest.param(0, 0.0, "prompt $1.25 → free", id="number", marks=pytest.mark.fault("P12", "W8")),
        pytest.param("-1", "-1", "prompt $1.25 → variable", id="variable", marks=pytest.mark.fault("P12")),
    ],
)
def test_prices_without_an_amount_are_put_into_words(prompt: Any, completion: Any, words: str) -> None:
    story = Story(Settings((Rule("All", ("team",)),), Policy(dict.fromkeys(HOLDS, 0 * HOUR))))
    story.shows(OWL)
    story.shows(priced(OWL, prompt, completion), after=DAY)
    [message] = story.plan.notifications
    assert words in message.title + message.body


@pytest.mark.fault("P13")
def test_prices_a_thousand_times_higher_on_a_third_of_all_models_are_one_message(tmp_path: Path) -> None:
    wrong = [priced(base, "0.001", "0.002") for base in MANY[:140]]
    with watched_site(tmp_path, more=AT_ONCE) as at:
        at.shows(*MANY)
        at.shows(*wrong, *MANY[140:])
        assert at.news() == [("price.changed", base["id"]) for base in MANY[:140]]
        [message] = at.messages()
        assert message.notification.title == "140 models changed price: 140 up (to +99,900 %)"
