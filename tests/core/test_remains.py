from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import HOUR, START
from watcher.domain.catalog import FieldChange, Json
from watcher.domain.kinds import KINDS, Kind, Severity
from watcher.domain.news import Event
from watcher.messages.remains import net

A, B, C = "0.000001", "0.000002", "0.000003"


def event(number: int, kind: str, before: Json = None, after: Json = None, **more: Any) -> Event:
    return Event(f"e{number}", START + number * HOUR, KINDS[kind], "acme/owl", before, after, **more)


def price(number: int, before: str, after: str, **more: Any) -> Event:
    change = FieldChange("prompt", before, after)
    return event(number, "price.changed", {"prompt": before}, {"prompt": after}, fields=(change,), **more)


def offer(number: int, kind: str, provider: str) -> Event:
    return event(number, kind, provider=provider)


@pytest.mark.parametrize(
    ("events", "left", "undone"),
    [
        pytest.param([price(1, A, B)], ["price.changed"], 0, id="one-event-is-itself"),
        pytest.param([price(1, A, B), price(2, B, A)], [], 2, id="a-price-that-is-back"),
        pytest.param([price(1, A, B), price(2, B, C), price(3, C, A)], [], 3, id="back-after-two-steps"),
        pytest.param(
            [event(1, "context.changed", 8, 9), event(2, "context.changed", 9, 8)], [], 2, id="context"
        ),
        pytest.param(
            [event(1, "alias.retargeted", "a", "b"), event(2, "alias.retargeted", "b", "a")],
            [],
            2,
            id="alias",
        ),
        pytest.param([event(1, "model.added"), event(2, "model.removed")], [], 2, id="came-and-went"),
        pytest.param([event(1, "model.removed"), event(2, "model.returned")], [], 2, id="went-and-came"),
        pytest.param(
            [event(1, "model.removed"), event(2, "model.returned"), event(3, "model.removed")],
            ["model.removed"],
            0,
            id="went-twice",
        ),
        pytest.param(
            [event(1, "model.added"), event(2, "model.removed"), event(3, "model.returned")],
            ["model.returned"],
            0,
            id="came-twice",
        ),
        pytest.param(
            [event(1, "model.priced"), event(2, "model.removed")], ["model.removed"], 0, id="known-and-gone"
        ),
        pytest.param(
            [event(1, "model.priced"), event(2, "model.priced")], ["model.priced"], 0, id="known-twice"
        ),
        pytest.param(
            [event(1, "model.added"), price(2, A, B), event(3, "model.removed")],
            [],
            3,
            id="all-about-a-guest",
        ),
        pytest.param(
            [
                event(1, "expiration.announced", None, "2026-12-01"),
                event(2, "expiration.withdrawn", "2026-12-01"),
            ],
            [],
            2,
            id="announced-and-withdrawn",
        ),
        pytest.param(
            [
                event(1, "expiration.announced", None, "2026-12-01"),
                event(2, "expiration.reminder", None, "2026-12-01"),
                event(3, "expiration.withdrawn", "2026-12-01"),
            ],
            [],
            3,
            id="a-reminder-in-between",
        ),
        pytest.param(
            [
                event(1, "expiration.withdrawn", "2026-12-01"),
                event(2, "expiration.restored", None, "2026-12-01"),
            ],
            [],
            2,
            id="withdrawn-and-restored",
        ),
        pytest.param(
            [
                event(1, "expiration.moved", "2026-12-01", "2026-12-09"),
                event(2, "expiration.moved", "2026-12-09", "2026-12-01"),
                event(3, "expiration.reminder", None, "2026-12-01"),
            ],
            ["expiration.reminder"],
            0,
            id="moved-back-and-reminded",
        ),
        pytest.param(
            [event(n, "expiration.reminder", None, "2026-12-01") for n in (1, 2)],
            ["expiration.reminder"],
            0,
            id="reminded-twice",
        ),
        pytest.param(
            [
                event(1, "expiration.announced", None, "2026-12-01"),
                event(2, "expiration.moved", "2026-12-01", "2026-12-09"),
            ],
            ["expiration.announced"],
            0,
            id="announced-and-moved",
        ),
        pytest.param(
            [
                event(1, "expiration.moved", "2026-12-01", "2026-12-09"),
                event(2, "expiration.withdrawn", "2026-12-09"),
            ],
            ["expiration.withdrawn"],
            0,
            id="moved-and-withdrawn",
        ),
        pytest.param(
            [
                event(1, "expiration.announced", None, "2026-11-02"),
                event(2, "expiration.overdue", None, "2026-11-02"),
            ],
            ["expiration.overdue"],
            0,
            id="announced-and-overdue",
        ),
        pytest.param(
            [event(1, "expiration.reminder", None, "2026-11-02"), event(2, "model.removed")],
            ["model.removed"],
            0,
            id="left-on-its-date",
        ),
        pytest.param([event(1, "source.failing"), event(2, "source.recovered")], [], 2, id="own-trouble"),
        pytest.param([event(1, "source.recovered")], ["source.recovered"], 0, id="only-its-end"),
        pytest.param(
            [event(1, "source.failing"), event(2, "source.recovered"), event(3, "source.failing")],
            ["source.failing"],
            0,
            id="it-fails-again",
        ),
        pytest.param(
            [offer(1, "provider.added", "deep"), offer(2, "provider.removed", "deep")], [], 2, id="an-offer"
        ),
        pytest.param(
            [offer(1, "provider.added", "deep"), offer(2, "provider.removed", "fire")],
            ["provider.added", "provider.removed"],
            0,
            id="offers-of-two-providers",
        ),
        pytest.param(
            [event(n, "catalog.changed", None, [f"field {n}"]) for n in (1, 2)],
            ["catalog.changed", "catalog.changed"],
            0,
            id="what-nothing-undoes",
        ),
    ],
)
def test_what_was_undone_is_counted_and_the_rest_remains(
    events: list[Event], left: list[str], undone: int
) -> None:
    remains = net(reversed(events))
    assert [one.kind.value for one in remains.events] == left
    assert remains.undone == undone
    assert sum(map(len, remains.ids.values())) == len(events) - undone


def test_several_changes_of_a_price_are_the_change_from_first_to_last() -> None:
    [left] = net([price(1, A, B, cause="up"), price(2, B, C, cause="further up")]).events
    assert (left.before, left.after) == ({"prompt": A}, {"prompt": C})
    assert left.fields == (FieldChange("prompt", A, C),)
    assert left.cause is None
    assert left.id == "e2"


def test_a_cause_that_all_steps_share_is_told() -> None:
    [left] = net(
        [price(1, A, B, cause="deep raised its price"), price(2, B, C, cause="deep raised its price")]
    ).events
    assert left.cause == "deep raised its price"


def test_of_several_values_only_those_that_differ_are_told() -> None:
    both = (FieldChange("name", "a", "b"), FieldChange("knowledge_cutoff", "x", "y"))
    back = (FieldChange("name", "b", "a"),)
    [left] = net([event(1, "model.changed", fields=both), event(2, "model.changed", fields=back)]).events
    assert left.fields == (FieldChange("knowledge_cutoff", "x", "y"),)


def test_a_model_whose_price_becomes_known_is_new_with_its_price() -> None:
    for summary, expected in [
        ({"context": 8}, {"context": 8, "price": {"prompt": A}}),
        (None, {"price": {"prompt": A}}),
    ]:
        [left] = net(
            [event(1, "model.added", None, summary), event(2, "model.priced", None, {"prompt": A})]
        ).events
        assert (left.kind, left.after) == (Kind.MODEL_ADDED, expected)


def test_a_date_that_moved_twice_moved_once() -> None:
    [left] = net(
        [
            event(1, "expiration.moved", "2026-12-01", "2026-12-09"),
            event(2, "expiration.moved", "2026-12-09", "2026-12-24"),
        ]
    ).events
    assert (left.kind, left.before, left.after) == (Kind.EXPIRATION_MOVED, "2026-12-01", "2026-12-24")


def test_what_a_rule_said_of_one_step_counts_for_all() -> None:
    [left] = net([price(1, A, B, severity=Severity.INFO), price(2, B, C)]).events
    assert left.severity is Severity.INFO


EVENTS = st.lists(
    st.builds(
        lambda kind, subject, sides, provider: (kind, subject, *sides, provider),
        st.sampled_from(Kind),
        st.sampled_from(["acme/a", "acme/b"]),
        st.tuples(st.sampled_from([None, "2026-12-01", "x"]), st.sampled_from([None, "2026-12-01", "x"])),
        st.sampled_from([None, "deep"]),
    ),
    max_size=12,
)


@given(EVENTS)
def test_each_event_is_told_by_one_that_remains_or_counted_as_undone(said: list[Any]) -> None:
    events = [
        Event(f"e{n}", START + n * HOUR, kind, subject, before, after, provider=provider)
        for n, (kind, subject, before, after, provider) in enumerate(said)
    ]
    remains = net(events)
    told = Counter(number for ids in remains.ids.values() for number in ids)
    assert set(told.values()) <= {1}
    assert told.keys() <= {event.id for event in events}
    assert len(told) + remains.undone == len(events)
    assert {event.id for event in remains.events} == remains.ids.keys()
