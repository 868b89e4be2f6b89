from datetime import timedelta

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, Row, Story, priced
from watcher.domain.catalog import Item
from watcher.domain.policy import Policy
from watcher.news.settle import Waiting, outlook
from watcher.news.steadiness import Moment, Reason
from watcher.reports.explain import check_rules
from watcher.rules.route import ECHO, MASS, Rule
from watcher.rules.values import Globs, Percent, PriceTerms

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


def test_what_waits_says_since_when_and_when_it_is_told() -> None:
    changed = priced(OWL, "0.0000015", "0.0000125") | {"context_length": 5}
    price, context = waiting(OWL, changed, changed)
    assert (price.event.kind, context.event.kind) == ("price.changed", "context.changed")
    assert price.due_at - price.since == HOUR - MINUTES
    assert context.due_at - context.since == DAY
    assert context.event.after == 5


def test_what_waits_says_why_it_waits_as_long_as_it_does() -> None:
    changed = priced(OWL, "0.0000015", "0.0000125") | {"context_length": 5}
    price, context = waiting(OWL, changed, changed)
    assert (price.reason, context.reason) == (Reason.STEADY, Reason.USUAL)
    cheaper, dearer = priced(OWL, "0.000001", "0.00001"), priced(OWL, "0.0000015", "0.0000125")
    [restless] = waiting(OWL, cheaper, dearer, every=HOUR)
    assert restless.reason == "its price moved within the last six days"
    [small] = waiting(OWL, priced(OWL, "0.00000126", "0.00001"))
    assert small.reason == "the change is below 5 %"


def test_it_is_told_just_then() -> None:
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


def test_where_nothing_differs_nothing_waits() -> None:
    assert waiting(OWL, OWL) == []
    assert outlook("x", Item(), Moment(Story().at, Story().at), Policy()) == []


def test_every_rule_says_whether_it_tells_and_what_is_not_met() -> None:
    [wait] = waiting(OWL, priced(OWL, "0.0000015", "0.0000125"))
    found = check_rules(wait.event, [PRICES, TENTH], {})
    assert [(v.rule, v.matches, v.channels, v.unmet) for v in found] == [
        ("Prices", True, ("team",), ()),
        ("Dearer", False, ("ops",), ("the prompt or completion price rises by at least 30 %",)),
    ]


def test_after_a_rule_that_stops_no_other_tells() -> None:
    [wait] = waiting(OWL, priced(OWL, "0.0000015", "0.0000125"))
    assert [v.unmet for v in check_rules(wait.event, [STOP, PRICES], {})] == [
        (),
        ("rule 'First' above reports it and has stop: true",),
    ]


def test_echoes_and_mass_changes_say_so() -> None:
    batch = OWL | {"id": "acme/owl-2:batch"}
    story = Story()
    story.shows(batch)
    [event] = story.shows(priced(batch, "1", "1"))
    assert check_rules(event, [PRICES], {})[0].unmet == (ECHO,)
    rows = [OWL | {"id": f"acme/{number}"} for number in range(20)]
    story = Story()
    story.shows(*rows)
    [whole, single, *_] = story.shows(*(priced(row, "1", "1") for row in rows), after=8 * HOUR)
    assert whole.kind == "catalog.changed"
    assert check_rules(single, [PRICES], {})[0].unmet == (MASS,)
