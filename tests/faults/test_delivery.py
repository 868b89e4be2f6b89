"""Delivery over time, through the whole service: channels that fail, recover, drip, or are many."""

from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, priced
from tests.support.growing_catalog import HOUR, MINUTE, NOW, SECOND, GrowingCatalog, states, told
from tests.support.receivers import Answer, receiving
from tests.support.served_catalog import Catalog
from watcher.delivery.courier import Courier
from watcher.domain.delivery import OutboxState, Outcome, Verdict
from watcher.service.loop import Service
from watcher.store.store import Store

DOWN = Answer(503, b"down")


@pytest.mark.fault("L2", "I10")
def test_a_channel_that_asks_for_a_pause_gets_all_of_it_and_the_others_go_on(
    tmp_path: Path, catalog: Catalog
) -> None:
    busy = Answer(429, b"slow down", {"Retry-After": "120"})
    with receiving(busy, Answer()) as limited, receiving() as free:
        growing = GrowingCatalog(tmp_path, catalog, {"limited": limited.url(), "free": free.url()})
        growing.add_model()
        growing.deliver()
        growing.add_model()
        growing.deliver(50 * SECOND)
        assert (len(limited.requests), len(free.requests)) == (1, 2)
        growing.deliver(10 * SECOND)
        assert len(limited.requests) == 2, "not before the pause is over"
        assert "acme/new-0 is new" in told(limited)[1]["message"]
        assert "acme/new-1 is new" in told(limited)[1]["message"]
        assert set(states(growing.watcher)) == {OutboxState.SENT}
        growing.watcher.store.close()


@pytest.mark.fault("L3")
def test_after_five_failures_one_message_arrives(tmp_path: Path, catalog: Catalog) -> None:
    with receiving(*[Answer(500)] * 5, Answer()) as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url())
        growing.add_model()
        for _ in range(8):
            growing.deliver(10 * MINUTE)
        assert len(server.requests) == 6
        [message] = growing.watcher.store.outbox.messages()
        assert (message.state, message.attempts, message.repeat) == (OutboxState.SENT, 6, False)
        growing.watcher.store.close()


@pytest.mark.fault("L4")
def test_a_revoked_address_is_left_alone_after_three_attempts_until_it_is_fixed(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving(*[Answer(410, b"channel_is_archived")] * 3, Answer()) as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url())
        growing.add_model()
        for _ in range(6):
            growing.deliver(HOUR)
        assert (len(server.requests), states(growing.watcher)) == (3, [OutboxState.DEAD])
        growing.watcher.store.outbox.retry(None, growing.clock[0])
        growing.deliver()
        assert states(growing.watcher) == [OutboxState.SENT]
        assert "acme/new-0 is new" in told(server)[3]["message"]
        growing.watcher.store.close()


@pytest.mark.fault("L7", "L8", "I3")
def test_what_was_answered_too_late_is_sent_again_and_says_so(tmp_path: Path, catalog: Catalog) -> None:
    with receiving(Answer(drips=True), Answer()) as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url())
        growing.add_model()
        courier = Courier(growing.watcher.store, lambda: growing.clock[0], Flag(), deadline=1.5)
        courier.deliver(growing.watcher.config.channels)
        [message] = growing.watcher.store.outbox.messages()
        assert (message.state, message.repeat, message.attempts) == (OutboxState.WAITING, True, 1)
        assert message.error == "no answer within 1.5 s; the message may have arrived"
        growing.add_model()
        growing.deliver()
        first, again, fresh = told(server)
        assert again["title"] == f"[possible repeat] {first['title']}"
        assert again["message"] == first["message"], "what is new goes apart, unmarked"
        assert fresh["title"] == "acme/new-1 is new"
        growing.watcher.store.close()


@pytest.mark.fault("L9", "I10")
def test_channels_that_failed_last_time_do_not_delay_the_others(tmp_path: Path, catalog: Catalog) -> None:
    order: list[str] = []
    with ExitStack() as stack:
        dripping = [
            stack.enter_context(receiving(Answer(drips=True), meanwhile=lambda: order.append("drip")))
            for _ in range(9)
        ]
        healthy = stack.enter_context(receiving(meanwhile=lambda: order.append("healthy")))
        channels = {f"drip-{number}": server.url() for number, server in enumerate(dripping)}
        growing = GrowingCatalog(tmp_path, catalog, channels | {"healthy": healthy.url()})
        outbox = growing.watcher.store.outbox
        growing.add_model()
        claimed = outbox.claim(
            [tuple(waiting) for name, waiting in outbox.waiting().items() if name != "healthy"]
        )
        for batch in claimed:
            outbox.finish(batch, Outcome(Verdict.RETRY, "down"), growing.clock[0], [growing.clock[0]])
        courier = Courier(growing.watcher.store, lambda: growing.clock[0], Flag(), deadline=2.0)
        assert courier.deliver(growing.watcher.config.channels) == 10
        assert order.index("healthy") < 8, "it is among the eight that go first"
        assert [message.notification.channel for message in outbox.messages([OutboxState.SENT])] == [
            "healthy"
        ]
        growing.watcher.store.close()


@pytest.mark.fault("L15", "W13")
def test_what_waited_three_days_is_one_message_in_order_across_restarts(
    tmp_path: Path, catalog: Catalog
) -> None:
    alone = f'holds: {{context: 0s}}\nsources: {{models: "{catalog.url}", feed: "off"}}'
    with receiving(*[DOWN] * 12, Answer()) as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url(), alone)
        for number in range(500):
            growing.clock[0] += 8 * MINUTE
            catalog.shows(OWL | {"context_length": 1_000 + number}, FINCH, HERON)
            growing.watcher.poll()
            if number % 45 == 44:
                growing.deliver()
            if number % 170 == 169:
                restarted(growing)
        assert len(server.requests) == 11
        assert set(states(growing.watcher)) == {OutboxState.WAITING}
        growing.deliver(2 * HOUR)
        growing.deliver(2 * HOUR)
        [whole] = told(server)[12:]
        lines = [line for line in whole["message"].splitlines() if line.startswith("• ")]
        steps = [f"{before:,} → {before + 1:,} tokens" for before in range(1_000, 1_099)]
        assert [line.split("context ")[1].partition(" · ")[0] for line in lines[1:]] == steps
        assert "… and 400 more; see `watcher events --since 2026-11-02T08:08Z`" in whole["message"]
        assert "covers everything since 2 Nov 2026 08:08 UTC" in whole["message"]
        messages = growing.watcher.store.outbox.messages(limit=1_000)
        assert {message.state for message in messages} == {OutboxState.SENT}
        assert len({message.notification.events for message in messages}) == 500
        growing.watcher.store.close()


def restarted(growing: GrowingCatalog) -> None:
    """End the service and start another on its store."""
    growing.watcher.store.close()
    store = Store.open(growing.watcher.config.store)
    growing.watcher = Service(growing.watcher.config, store, now=lambda: growing.clock[0])
    growing.watcher.resume()


@pytest.mark.fault("L15", "W11", "I3")
def test_what_was_in_flight_at_a_crash_is_sent_separately_from_what_waited(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url())
        growing.add_model()
        growing.watcher.store.outbox.claim([tuple(growing.watcher.store.outbox.waiting()["hook"])])
        for _ in range(3):
            growing.add_model()
        growing.watcher.resume()
        growing.deliver()
        first, rest = told(server)
        assert first["title"] == "[possible repeat] acme/new-0 is new"
        assert rest["title"] == "acme/new-1 and 2 siblings are new"
        growing.watcher.store.close()


@pytest.mark.fault("I11", "L16")
def test_a_channel_gets_no_more_than_its_limit_and_then_the_rest_as_one(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as server:
        growing = GrowingCatalog(tmp_path, catalog, f'{{url: "{server.url()}", limit: 2/h}}')
        for _ in range(10):
            growing.add_model(5 * MINUTE)
            growing.deliver()
        assert [message["title"] for message in told(server)] == ["acme/new-0 is new", "acme/new-1 is new"]
        growing.deliver(15 * MINUTE)
        assert told(server)[2]["title"] == "8 models are new"
        assert set(states(growing.watcher)) == {OutboxState.SENT}
        growing.watcher.store.close()


@pytest.mark.fault("L17", "W16")
def test_three_rules_over_three_channels_are_three_messages_and_the_shared_one_names_its_rules(
    tmp_path: Path, catalog: Catalog
) -> None:
    rules = """rules:
  - {name: New, when: {event: model.added}, notify: [team, ops]}
  - {name: From acme, when: {model: "acme/*"}, notify: [team]}
  - {name: Anything, when: {event: "*.*"}, notify: [boss]}"""
    with receiving() as team, receiving() as ops, receiving() as boss:
        channels = {"team": team.url(), "ops": ops.url(), "boss": boss.url()}
        growing = GrowingCatalog(tmp_path, catalog, channels, rules)
        growing.add_model()
        growing.deliver()
        for server, named in ((team, "Rules: New, From acme"), (ops, "Rule: New"), (boss, "Rule: Anything")):
            [message] = told(server)
            assert message["title"] == "acme/new-0 is new"
            assert f"\n{named} · 2 Nov 2026" in message["message"]
        growing.watcher.store.close()


@pytest.mark.fault("W14", "W23")
def test_two_of_three_channels_are_notified_once_and_the_third_when_it_is_back(
    tmp_path: Path, catalog: Catalog
) -> None:
    day = NOW + timedelta(days=7)
    leaving = {"expiration_date": f"{day:%Y-%m-%d}"}
    with receiving() as one, receiving(DOWN, DOWN, Answer()) as two, receiving() as three:
        crashing = "json://127.0.0.1:99999/"  # no port that there can be, and so refused
        channels = {"crash": crashing, "one": one.url(), "two": two.url(), "three": three.url()}
        growing = GrowingCatalog(tmp_path, catalog, channels)
        catalog.shows(OWL, FINCH, HERON | leaving)
        for _ in range(5):
            growing.watcher.turn()
            growing.clock[0] += 5 * MINUTE
        titles = [[message["title"] for message in told(server)] for server in (one, two, three)]
        leaves, trouble = (
            f"wetland/heron-large leaves in 7 days ({day.day} {day:%b})",
            "Channel crash is failing",
        )
        assert titles == [[leaves, trouble], [leaves, leaves, leaves, trouble], [leaves, trouble]]
        [given_up] = [
            message
            for message in growing.watcher.store.outbox.messages()
            if message.attempts > 1 and message.state is OutboxState.DEAD
        ]
        assert given_up.notification.channel == "crash"
        growing.watcher.store.close()


@pytest.mark.fault("L18")
def test_a_change_and_its_reversal_before_delivery_are_both_in_the_one_message(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving(DOWN, Answer()) as server:
        growing = GrowingCatalog(tmp_path, catalog, server.url(), "holds: {price_listed: 0s}")
        for prompt in ("0.000001", "0.00000125"):
            growing.clock[0] += HOUR
            catalog.shows(priced(OWL, prompt, "0.00001"), FINCH, HERON)
            growing.watcher.turn()
        [_, whole] = told(server)
        lines = [line for line in whole["message"].splitlines() if line.startswith("• ")]
        assert [line.partition(" per M tokens")[0] for line in lines] == [
            "• acme/owl-2: prompt $1.25 → $1.00 (-20 %)",
            "• acme/owl-2: the list shows $1.25 in, $10.00 out",
        ]
        growing.watcher.store.close()
