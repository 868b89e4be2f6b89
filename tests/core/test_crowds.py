"""Nothing is hidden by a crowd: what a rule matches alone is told, however many others come with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import START
from tests.support.mail_pages import page_of, words_of
from watcher.domain.catalog import Document, FieldChange
from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import Event, Notification
from watcher.messages import crowds
from watcher.messages.message import MOST_LINES, notification
from watcher.news.notifications import notify
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule, route
from watcher.rules.values import Duration, Globs, Percent, Price

DOWN_TO_ONE = {"providers": 1}


def told(*events: Event) -> Notification:
    return notification("team", START, events, ["r"])


def lines(message: Notification) -> list[str]:
    return [line for line in message.body.splitlines() if line.startswith("•")]


def price(model: str, before: str, after: str, **more: Any) -> Event:
    sides = {"prompt": before, "completion": "0"}, {"prompt": after, "completion": "0"}
    changes = (FieldChange("prompt", before, after),)
    return Event(f"price {model}", START, Kind.PRICE_CHANGED, model, *sides, fields=changes, **more)


def leaving(model: str, day: str, kind: Kind = Kind.EXPIRATION_ANNOUNCED, before: str | None = None) -> Event:
    return Event(f"{kind} {model}", START, kind, model, before, day)


def offer(kind: Kind, model: str, provider: str = "deepinfra", **more: Any) -> Event:
    return Event(f"{kind} {model} {provider}", START, kind, model, provider=provider, **more)


RISES = [price(f"acme/up-{n}", "0.00001", f"0.0000{10 + n}") for n in range(1, 10)]
FALLS = [price(f"acme/down-{n}", "0.00001", f"0.00000{9 - n}") for n in range(5)]


class TestCounting:
    def test_prices_are_counted_by_direction_with_size_and_listed_largest_first(self) -> None:
        message = told(*RISES, *FALLS)
        assert message.title == "14 models changed price: 9 up (to +90 %), 5 down"
        assert message.body.splitlines()[:3] == [
            "PRICES",
            "14 models changed price: 9 up (to +90 %), 5 down (to -50 %)",
            "• acme/up-9: prompt $10.00 → $19.00 (+90 %) per M tokens",
        ]
        assert len(lines(message)) == 14
        assert "14 models changed price: 9 up (to +90 %), 5 down (to -50 %)</p>" in words_of(page_of(message))

    def test_what_became_free_or_was_is_counted_apart(self) -> None:
        ended = [price("acme/free", "0", "0.00001"), price("acme/gift", "0.00001", "0")]
        message = told(RISES[0], FALLS[0], *ended, price("acme/router", "0.00001", "-1"))
        assert (
            "5 models changed price: 1 up (+10 %), 1 down (-10 %), 1 no longer free, 1 now free, 1 otherwise"
        ) in message.body
        assert lines(message)[0].startswith("• acme/free")

    def test_few_are_not_counted(self) -> None:
        message = told(*RISES[:3])
        assert message.title == "acme/up-3 30 % dearer; 2 more prices up"
        assert "models changed" not in message.body

    def test_variants_twins_and_aliases_are_set_aside(self) -> None:
        twins = [
            replace(event, id=f"{event.id}:batch", subject=f"{event.subject}:batch") for event in RISES[:3]
        ]
        message = told(*RISES[:3], *twins)
        assert message.title == "acme/up-3 30 % dearer; 2 more prices up"
        assert len(message.events) == 6
        removed = [Event(f"{n}", START, Kind.MODEL_REMOVED, f"acme/{n}") for n in range(3)]
        alias = Event("a", START, Kind.MODEL_REMOVED, "~acme/latest", model=Document(alias="acme/1"))
        assert "models were removed" not in told(*removed, alias).body

    def test_the_title_counts_the_most_urgent_and_says_how_many_more(self) -> None:
        days = [leaving(f"acme/{n}", f"2026-11-0{n}") for n in range(4, 9)]
        assert told(*RISES, *days).title == "5 models leave, the first in 2 days; 9 prices up"
        assert told(*RISES, days[0]).title == "acme/4 leaves in 2 days (4 Nov); 9 prices up"

    @pytest.mark.parametrize("kind", crowds.CROWDS)
    def test_every_counted_kind_says_its_number(self, kind: Kind) -> None:
        message = told(*(Event(f"{n}", START, kind, f"acme{n}/x", None, n) for n in range(5)))
        assert message.title.startswith("5 ")
        assert "5 " in message.body.splitlines()[1]

    def test_capabilities_say_what_most_gained_or_lost(self) -> None:
        gained = FieldChange("parameters", ["seed"], ["seed", "tools"])
        lost = FieldChange("input", ["image", "text"], ["text"])
        events = [
            Event(
                f"{n}",
                START,
                Kind.CAPABILITY_CHANGED,
                f"acme/{n}",
                fields=(gained, lost) if n < 2 else (gained,),
            )
            for n in range(5)
        ]
        message = told(*events)
        assert message.title == "5 models changed capabilities: all gained parameter tools"
        assert f"{message.title}, 2 lost image input\n" in message.body

    def test_removals_say_how_many_came_without_notice(self) -> None:
        causes = ["without notice", "without notice", "on its announced date", "without notice"]
        events = [
            Event(f"{n}", START, Kind.MODEL_REMOVED, f"acme/{n}", cause=c) for n, c in enumerate(causes)
        ]
        assert told(*events).title == "4 models were removed, 3 of them without notice"

    def test_batch_variants_alone_are_called_so(self) -> None:
        events = [Event(f"{n}", START, Kind.MODEL_REMOVED, f"acme/{n}:batch") for n in range(28)]
        assert told(*events).title == "28 batch variants were removed"

    def test_what_there_is_no_room_for_is_counted_all_the_same(self) -> None:
        urgent = [Event(f"r{n}", START, Kind.MODEL_REMOVED, f"acme/{n}") for n in range(MOST_LINES)]
        message = told(*urgent, *RISES)
        assert len(lines(message)) == MOST_LINES
        assert "PRICES\n9 models changed price: 9 up (to +90 %)\n… and 9 more; see" in message.body
        page = words_of(page_of(message))
        assert page.index("9 models changed price: 9 up (to +90 %)</p>") < page.index("… and 9 more")

    def test_what_is_left_out_is_counted(self) -> None:
        message = told(*(Event(f"{n}", START, Kind.MODEL_ADDED, f"acme/{n}") for n in range(MOST_LINES + 30)))
        assert message.title == "130 models are new"
        assert "… and 30 more; see `watcher events --since 2026-11-02T08:00Z`" in message.body
        assert "… and 30 more" in page_of(message)
        assert len(message.events) == MOST_LINES + 30


class TestDates:
    def test_one_date_is_said_once_with_the_models(self) -> None:
        message = told(*(leaving(f"a/{name}", "2026-11-20") for name in "xyz"))
        assert lines(message) == ["• 3 models leave on Fri 20 Nov 2026, in 18 days: a/x, a/y, a/z"]
        assert message.title == "a/x and 2 siblings leave in 18 days (20 Nov)"
        assert len(message.events) == 3
        assert page_of(message).count('href="https://openrouter.ai/a/') == 3

    def test_several_dates_are_ordered_soonest_first(self) -> None:
        later = [leaving(f"a/{name}", "2026-11-20") for name in "xyz"]
        twin = leaving("a/x:batch", "2026-11-20")
        message = told(*later, twin, leaving("b/soon", "2026-11-09"))
        assert message.title == "4 models leave, the first in 7 days"
        assert message.body.splitlines()[:5] == [
            "LEAVING OPENROUTER",
            "4 models leave between Mon 9 Nov 2026 and Fri 20 Nov 2026",
            "• b/soon leaves on Mon 9 Nov 2026, in 7 days",
            "  https://openrouter.ai/b/soon",
            "• 3 models leave on Fri 20 Nov 2026, in 18 days: a/x, a/y, a/z; also applies to a/x:batch",
        ]

    def test_twelve_models_of_one_author_with_one_date_are_one_line(self) -> None:
        message = told(*(leaving(f"openai/m-{n}", "2026-11-20") for n in range(12)))
        assert message.title == "12 models leave in 18 days"
        assert len(lines(message)) == 1
        assert "12 models leave on Fri 20 Nov 2026, in 18 days: openai/m-0, " in message.body

    def test_dates_that_moved_from_elsewhere_are_not_alike(self) -> None:
        moved = [
            leaving(f"a/{n}", "2026-11-20", Kind.EXPIRATION_MOVED, f"2026-11-{10 + n % 2}") for n in range(6)
        ]
        assert lines(told(*moved)) == [
            "• 3 models leave on Fri 20 Nov 2026, in 18 days (was Tue 10 Nov 2026): a/0, a/2, a/4",
            "• 3 models leave on Fri 20 Nov 2026, in 18 days (was Wed 11 Nov 2026): a/1, a/3, a/5",
        ]


class TestProviders:
    def test_many_models_down_to_one_provider_are_counted(self) -> None:
        message = told(
            *(
                offer(Kind.PROVIDER_REMOVED, f"acme/{n}", after=DOWN_TO_ONE, cause="down to one provider")
                for n in range(9)
            )
        )
        assert message.title == "9 models are down to one provider"

    def test_the_last_provider_but_one_is_critical(self) -> None:
        gone = offer(Kind.PROVIDER_REMOVED, "acme/owl-2", after=DOWN_TO_ONE, cause="down to one provider")
        other = offer(Kind.PROVIDER_REMOVED, "acme/finch", after={"providers": 2}, cause="2 providers remain")
        message = told(*RISES[:1], other, gone)
        assert message.events[0] == gone.id
        assert message.title == "acme/owl-2 is down to one provider; 1 price up, 1 more provider change"
        assert message.body.startswith(
            "DOWN TO ONE PROVIDER\n• deepinfra no longer offers acme/owl-2; down to one provider\n"
        )
        assert "• deepinfra no longer offers acme/finch; 2 providers remain\n" in message.body

    def test_two_providers_of_one_model_are_two_decisions(self) -> None:
        both = [offer(Kind.PROVIDER_ADDED, "acme/owl-2", name) for name in ("deepinfra", "novita")]
        assert len(lines(told(*both))) == 2

    def test_a_provider_that_adds_many_models_is_named(self) -> None:
        many = [offer(Kind.PROVIDER_ADDED, f"acme/{n}") for n in range(4)]
        assert told(*many).title == "deepinfra now offers 4 models"
        mixed = [*many, offer(Kind.PROVIDER_ADDED, "acme/5", "novita")]
        assert told(*mixed).title == "5 offers of providers are new: 4 by deepinfra, 1 by novita"

    def test_all_news_of_providers_that_is_not_critical_stands_together(self) -> None:
        limits = offer(Kind.PROVIDER_LIMITS_CHANGED, "acme/owl-2")
        removed = offer(Kind.PROVIDER_REMOVED, "acme/owl-2", after={"providers": 3})
        capability = Event("c", START, Kind.CAPABILITY_CHANGED, "acme/owl-2")
        assert told(limits, capability, removed).body.count("PROVIDERS") == 1


IDS = st.sampled_from(
    [
        f"{author}/m-{n}{variant}"
        for author in ("acme", "~acme", "wet")
        for n in range(40)
        for variant in ("", ":batch", ":free")
    ]
)
AMOUNTS = st.sampled_from(["0", "-1", "0.000001", "0.0000012", "0.000003", "0.04"])
PRICES = st.dictionaries(st.sampled_from(["prompt", "completion", "image", "request"]), AMOUNTS)
SIDES = st.one_of(
    st.none(),
    PRICES,
    st.sampled_from(["2026-11-05", "2026-11-20", "acme/m-1", 4096, 8192]),
    st.builds(lambda number: {"providers": number}, st.integers(1, 3)),
)
CHANGES = st.builds(
    FieldChange,
    st.sampled_from(["prompt", "completion", "image", "context", "parameters", "name"]),
    SIDES | st.just(["tools"]),
    SIDES | st.just(["seed"]),
)
DOCUMENTS = st.none() | st.builds(
    Document,
    price=st.none() | PRICES,
    context=st.none() | st.sampled_from([1000, 200_000]),
    expiration=st.sampled_from([None, "2026-11-05"]),
    alias=st.sampled_from([None, "acme/m-1"]),
)
EVENTS = st.builds(
    Event,
    id=st.just(""),
    at=st.sampled_from([START, START - timedelta(hours=3)]),
    kind=st.sampled_from(Kind),
    subject=IDS,
    before=SIDES,
    after=SIDES,
    fields=st.lists(CHANGES, max_size=2).map(tuple),
    cause=st.sampled_from([None, "without notice", "DeepInfra raised its price"]),
    model=DOCUMENTS,
    aliases=st.lists(IDS, max_size=2).map(tuple),
    provider=st.sampled_from([None, "deepinfra", "novita"]),
)


def crowd_of(seeds: Sequence[Event], copies: int) -> list[Event]:
    """Repeat each event for many models: hundreds in one poll, but each kind once a model and provider."""
    found = {
        (seed.kind, subject, seed.provider): replace(seed, id=f"{number}-{copy}", subject=subject)
        for number, seed in enumerate(seeds)
        for copy in range(copies)
        for subject in [f"{seed.subject.partition(':')[0]}-{copy}" if copy else seed.subject]
    }
    once = {(kind, subject): event for (kind, subject, _), event in found.items() if kind == "price.changed"}
    return [*once.values(), *(event for key, event in found.items() if key[0] != "price.changed")]


CROWDED = st.builds(crowd_of, st.lists(EVENTS, min_size=1, max_size=12), st.sampled_from([1, 3, 40]))
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from([*(kind.value for kind in Kind), "price.*", "expiration.*", "!model.*"]).map(
            Globs.parse
        ),
        "model": st.sampled_from(["acme/*", "acme/m-7", "acme/m-1-3", "!*:batch", "*:batch", "~*"]).map(
            Globs.parse
        ),
        "author": st.sampled_from(["acme", "wet", "!acme"]).map(Globs.parse),
        "variant": st.sampled_from(["none", "batch", "free"]).map(Globs.parse),
        "free": st.booleans(),
        "expires_within": st.just(Duration.parse("30d")),
        "price": st.builds(
            PriceTerms,
            rises_by=st.sampled_from([None, Percent.parse("10%")]),
            falls_by=st.just(None),
            below=st.sampled_from([None, Price.parse("$2/M")]),
        ),
    },
)
RULES = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from(["a", "b", "c"]),
        notify=st.sampled_from([("team",), ("ops", "team")]),
        when=CONDITIONS,
        severity=st.sampled_from([None, *Severity]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda rule: rule.name,
)


@given(CROWDED, RULES)
@pytest.mark.fault("P13", "P21", "W19")
def test_what_a_rule_matches_alone_is_told_however_many_others_come(
    events: list[Event], rules: list[Rule]
) -> None:
    sent = notify(events, rules, START)
    ids = Counter((message.channel, event) for message in sent for event in message.events)
    for rule in rules:
        for event in events:
            for match in route([event], [rule], {}).matches:
                assert ids[match.channel, event.id] == 1
                assert any(
                    rule.name in message.rules and event.id in message.events
                    for message in sent
                    if message.channel == match.channel
                )


@given(CROWDED)
def test_a_message_about_many_keeps_its_bounds_and_counts_everything(events: list[Event]) -> None:
    message = told(*events)
    assert sorted(message.events) == sorted(event.id for event in events)
    assert len(message.title) <= 140
    assert "\n" not in message.title
    assert len(message.body) < 100_000
    assert 1 <= len(lines(message)) <= MOST_LINES
    if "… and" not in message.body and "more;" not in message.body:
        assert all(event.subject in message.body for event in events if event.kind.row.about == "model")


@given(st.sampled_from(Kind), st.text(min_size=1, max_size=256), st.integers(1, 300))
def test_the_longest_ids_of_any_kind_stay_in_bounds(kind: Kind, name: str, number: int) -> None:
    long = (name * 256)[:250]
    message = told(*(Event(f"{n}", START, kind, f"{long}{n}", None, "2026-11-20") for n in range(number)))
    assert len(message.body) < 100_000
    assert len(page_of(message)) < 500_000
    assert len(message.title) <= 140
    assert len(message.events) == number
