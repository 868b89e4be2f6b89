from datetime import date

from tests.support.catalogs import DAY, FINCH, HERON, OWL, Story, priced
from watcher.domain.polls import Poll
from watcher.news.settings import Settings
from watcher.reports.backtest import Backtest
from watcher.rules.route import Rule
from watcher.rules.values import Globs

PRICES = Rule("Prices", ("team", "ops"), {"event": Globs.parse("price.*")})
NEW = Rule("New", ("team",), {"event": Globs.parse("model.added")})
SILENT = Rule("Silent", ("team",), {"author": Globs.parse("nobody")})


def backtest(*days: list[dict[str, object]]) -> Backtest:
    story = Story(Settings((PRICES, NEW, SILENT)))
    test = Backtest(["Prices", "New", "Silent"])
    for rows in days:
        story.shows(*rows, after=8 * DAY)
        test.add(Poll(story.at, {}), story.plan)
    return test


def test_each_rule_has_its_messages_its_busiest_day_and_its_models() -> None:
    test = backtest(
        [OWL, FINCH],
        [priced(OWL, "1", "1"), FINCH],
        [priced(OWL, "2", "2"), priced(FINCH, "1", "1"), HERON],
    )
    prices, new, silent = test.records()
    assert (prices.messages, prices.models) == (4, (("acme/owl-2", 2), ("acme/finch-mini", 1)))
    assert prices.busiest == (date(2026, 11, 18), 2)
    assert round(prices.a_day, 2) == 0.24
    assert (new.messages, new.models) == (1, (("wetland/heron-large", 1),))
    assert (silent.messages, silent.busiest, silent.models) == (0, None, ())


def test_what_no_rule_matched_is_counted_by_kind() -> None:
    test = backtest([OWL, FINCH], [OWL | {"expiration_date": "2026-12-20"}, FINCH, HERON])
    assert dict(test.unmatched) == {"expiration.announced": 1}


def test_a_record_is_a_json_object() -> None:
    [prices, *_, silent] = backtest([OWL], [priced(OWL, "1", "1")]).records()
    assert prices.as_json()["busiest_day"] == "2026-11-18"
    assert silent.as_json() == {
        "type": "rule",
        "rule": "Silent",
        "messages": 0,
        "a_day": 0.0,
        "busiest_day": None,
        "busiest_day_messages": 0,
        "models": [],
    }
    assert Backtest(["x"]).records()[0].a_day == 0
