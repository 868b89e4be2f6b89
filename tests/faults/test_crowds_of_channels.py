"""Many channels that hang hold up neither polls nor, for longer than one deadline, the channels that work."""

from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from time import monotonic

import pytest

from tests.support.growing_catalog import SECOND, GrowingCatalog
from tests.support.receivers import Answer, free_port, receiving
from tests.support.scripted_server import HANG, Script, serving
from tests.support.send_one import RETRY, SENT, message
from tests.support.served_catalog import Catalog
from watcher.delivery.courier import MOST_IN_FLIGHT, Courier
from watcher.delivery.transport import AT_ONCE, deliver
from watcher.domain.delivery import Channel, OutboxState, Secret

pytestmark = pytest.mark.real_sender
DEADLINE = 12.0  # of a message; the machine that runs the tests may be slow
HUNG = Script((HANG,))


@pytest.mark.fault("R5", "L9", "I10")
def test_ninety_channels_that_hang_delay_a_healthy_one_by_no_more_than_a_deadline(
    tmp_path: Path, catalog: Catalog
) -> None:
    arrived: list[float] = []
    with serving(HUNG) as hung, receiving(meanwhile=lambda: arrived.append(monotonic())) as healthy:
        urls = {f"hung-{number}": f"json://127.0.0.1:{hung.port}/{number}" for number in range(90)}
        growing = GrowingCatalog(tmp_path, catalog, urls | {"healthy": healthy.url()})
        growing.add_model()
        courier = Courier(growing.watcher.store, lambda: growing.clock[0], Flag(), deadline=DEADLINE)
        began = monotonic()
        assert courier.deliver(growing.watcher.config.channels) == 91
        assert arrived[0] - began < DEADLINE
        assert monotonic() - began < 2 * DEADLINE
        found = growing.watcher.store.outbox.messages(limit=100)
        assert sum(one.state is OutboxState.WAITING and one.repeat for one in found) == 90
        growing.watcher.store.close()


@pytest.mark.fault("R5", "L9", "I16")
def test_polls_go_on_while_messages_hang_and_their_outcomes_are_kept(
    tmp_path: Path, catalog: Catalog
) -> None:
    with serving(HUNG) as hung, receiving() as healthy:
        urls = {"hung": f"json://127.0.0.1:{hung.port}/", "healthy": healthy.url()}
        growing = GrowingCatalog(tmp_path, catalog, urls)
        growing.watcher.config = replace(growing.watcher.config, poll=SECOND)
        growing.add_model()
        began = monotonic()
        polls, next_poll = 0, 0.0
        while polls < 3:
            before = next_poll
            next_poll, _ = growing.watcher.turn(next_poll)
            polls += next_poll != before
        assert monotonic() - began < 15, "three polls do not wait for the message"
        assert len(healthy.requests) == 1
        growing.watcher.end()
        growing.watcher.deliver()
        assert {one.state for one in growing.watcher.store.outbox.messages()} <= {
            OutboxState.SENT,
            OutboxState.SENDING,
            OutboxState.WAITING,
        }
        growing.watcher.store.close()


@pytest.mark.fault("R5", "L9")
def test_channels_that_failed_before_leave_room_for_those_that_work(tmp_path: Path, catalog: Catalog) -> None:
    nowhere = f"json://127.0.0.1:{free_port()}/"
    with serving(HUNG) as hung, receiving() as healthy:
        urls = {f"down-{number}": f"{nowhere}{number}" for number in range(MOST_IN_FLIGHT)}
        growing = GrowingCatalog(tmp_path, catalog, urls | {"healthy": healthy.url()})
        growing.add_model()
        outbox, channels = growing.watcher.store.outbox, growing.watcher.config.channels
        stop = Flag()
        courier = Courier(growing.watcher.store, lambda: growing.clock[0], stop, deadline=DEADLINE)
        courier.deliver(channels)
        courier.deliver(channels)
        now_hung = {
            name: Channel(name, Secret(f"json://127.0.0.1:{hung.port}/"))
            for name in channels
            if name != "healthy"
        } | {"healthy": channels["healthy"]}
        growing.clock[0] = max(one.next_at for one in outbox.messages([OutboxState.WAITING], 999))
        growing.add_model(after=SECOND)
        end = monotonic() + DEADLINE
        while len(healthy.requests) < 2 and monotonic() < end:
            courier.deliver(now_hung, patience=0.1)
        assert len(healthy.requests) == 2
        in_flight = {one.notification.channel for one in outbox.messages([OutboxState.SENDING], 999)}
        assert len(in_flight - {"healthy"}) == MOST_IN_FLIGHT // 2
        stop.set()
        courier.deliver(now_hung)
        assert not outbox.messages([OutboxState.SENDING])
        growing.watcher.store.close()


@pytest.mark.fault("R5", "L9", "X18")
def test_a_crowd_shares_processes_and_each_message_has_its_own_outcome() -> None:
    answers = [Answer(status, b"said") for status in (200, 404, 500)]
    with receiving(answers[0]) as good, receiving(answers[1]) as bad, receiving(answers[2]) as down:
        servers = [good, bad, down] * AT_ONCE
        batch = [
            (Channel(f"c{n}", Secret(server.url(f"/{n}"))), message()) for n, server in enumerate(servers)
        ]
        outcomes = deliver(batch)
        assert sorted(len(server.requests) for server in (good, bad, down)) == [AT_ONCE] * 3
    assert [outcome.reason for outcome in outcomes] == ["", "HTTP 404 said", "HTTP 500 said"] * AT_ONCE
    assert {outcome.verdict for outcome in outcomes[::3]} == {SENT}


@pytest.mark.fault("R5", "X18")
def test_a_crowds_process_that_dies_leaves_messages_that_may_have_arrived() -> None:
    batch = [
        (Channel(f"c{number}", Secret("json://127.0.0.1:9/")), message()) for number in range(AT_ONCE + 1)
    ]
    outcomes = deliver(batch, sender=("/bin/sh", "-c", "exit 1"))
    assert {(outcome.verdict, outcome.unsure) for outcome in outcomes} == {(RETRY, True)}
