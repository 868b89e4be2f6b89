from datetime import timedelta

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, Row, Story, priced
from watcher.domain.catalog import Item
from watcher.domain.policy import Policy
from watcher.news.holds import Moment, Reason
from watcher.news.outlook import Waiting, outlook
from watcher.reports.explain import check_rules
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import ECHO, Rule
from watcher.rules.values import Globs, Percent

MINUTES = timedelta(minutes=5)
PRICES = Rule("Prices", ("team",), {"event": Globs.parse("price.*")})
TENTH = Rule("Dearer", ("ops",), {"price": PriceTerms(rises_by=Percent.parse("30%"))})
STOP = Rule("First", ("team",), {"event": Globs.parse("price.*")}, stop=True)


def waiting(*rows: Row, every: timedelta = MINUTES) -> list[Waiting]:
    story = Story()
    for row in rows:
        story.shows(row, FINCH, after=every)
    return outlook(
        "acme/owl-2", story.state.items["acme/owl-2"], Moment(story.at, story.at - every), Policy()
    )


def test_a_waiting_change_says_since_when_and_when_it_will_be_reported() -> None:
    changed = priced(OWL, "0.0000015", "0.0000125") | {"context_length": 5}
    context, price = waiting(OWL, changed, changed)
    assert (price.event.kind, context.event.kind) == ("price.changed", "context.changed")
    assert price.due_at - price.since == context.due_at - context.since == DAY
    assert context.event.after == 5


def test_what_waits_says_why_it_waits_as_long_as_it_does() -> None:
    changed = priced(OWL, "0.0000015", "0.0000125") | {"context_length": 5}
    context, price = waiting(OWL, changed, changed)
    assert (price.reason, context.reason) == (Reason.LISTED, Reason.USUAL)


def test_it_is_reported_exactly_then() -> None:
    story = Story()
    story.shows(OWL)
    changed = OWL | {"context_length": 5}
    story.shows(changed)
    [wait] = outlook(
        "acme/owl-2", story.state.items["acme/owl-2"], Moment(story.at, story.at - HOUR), Policy()
    )
    while story.at + HOUR < wait.due_at:
        assert story.shows(changed) == []
    [event] = story.shows(changed)
    assert (event.at, event.after) == (wait.due_at, wait.event.after)


def test_nothing_waits_where_nothing_differs() -> None:
    assert waiting(OWL, OWL) == []
    assert outlook("x", Item(), Moment(Story().at, Story().at), Policy()) == []


def test_every_rule_says_whether_it_matches_and_what_is_not_met() -> None:
    [wait] = waiting(OWL, priced(OWL, "0.0000015", "0.0000125"))
    found = check_rules(wait.event, [PRICES, TENTH], {})
    assert [(v.rule, v.matches, v.channels, v.unmet) for v in found] == [
        ("Prices", True, ("team",), ()),
        ("Dearer", False, ("ops",), ("the prompt or completion price rises by at least 30 %",)),
    ]


def test_no_rule_below_a_stop_matches() -> None:
    [wait] = waiting(OWL, priced(OWL, "0.0000015", "0.0000125"))
    assert [v.unmet for v in check_rules(wait.event, [STOP, PRICES], {})] == [
        (),
        ("rule 'First' above reports it and has stop: true",),
    ]


def test_twins_say_so() -> None:
    batch = OWL | {"id": "acme/owl-2:batch"}
    story = Story()
    story.shows(batch)
    dearer = priced(batch, "1", "1")
    [event] = [*story.shows(dearer), *story.shows(dearer, after=DAY)]
    assert check_rules(event, [PRICES], {})[0].unmet == (ECHO,)
