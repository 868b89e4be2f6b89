from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START
from tests.support.due_messages import due
from tests.support.sample_stores import polled, run_sql, with_news
from watcher.domain.delivery import OutboxState, Outcome, Verdict
from watcher.domain.errors import NotFoundError
from watcher.store.outbox import ChannelCounts
from watcher.store.store import Store

SENT = Outcome(Verdict.SENT)
LATER = START + DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watcher.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        with_news(opened)
        yield opened


@pytest.mark.fault("I1")
def test_every_event_has_one_message_for_each_channel_of_its_rules(store: Store) -> None:
    assert [batch[0].notification.channel for batch in due(store, LATER)] == ["ops", "team"]


@pytest.mark.fault("I4")
def test_a_claim_is_recorded_before_anything_is_sent(store: Store) -> None:
    [first, second] = due(store, LATER)
    [[claimed]] = store.outbox.claim([first])
    assert (claimed.state, claimed.attempts) == (OutboxState.SENDING, 1)
    assert due(store, LATER) == [second]


@pytest.mark.fault("I3", "X9")
def test_what_was_sent_is_never_due_again(store: Store) -> None:
    for batch in store.outbox.claim(due(store, LATER)):
        store.outbox.finish(batch, SENT, START, [None])
    assert due(store, START + 9 * DAY) == []
    assert store.outbox.recover() == 0


@pytest.mark.fault("L15")
def test_what_was_sent_as_one_is_finished_as_one_and_counts_as_one_message(store: Store) -> None:
    polled(store, 2, OWL, FINCH, HERON)
    for batch in store.outbox.claim(due(store, LATER)):
        assert len(batch) == 2
        store.outbox.finish(batch, SENT, LATER, [None, None])
    assert {message.state for message in store.outbox.messages()} == {OutboxState.SENT}
    assert store.outbox.sent_since(LATER) == {"ops": [LATER], "team": [LATER]}
    assert store.outbox.sent_since(LATER + DAY) == {}


def test_a_failed_message_waits_for_its_next_attempt(store: Store) -> None:
    [ops, _] = store.outbox.claim(due(store, LATER))
    store.outbox.finish(ops, Outcome(Verdict.RETRY, "busy"), LATER, [LATER + HOUR])
    assert due(store, LATER) == []
    [[again]] = due(store, LATER + HOUR)
    assert (again.id, again.attempts, again.error) == (ops[0].id, 1, "busy")


@pytest.mark.fault("I17")
def test_what_was_claimed_but_not_started_waits_as_before(store: Store) -> None:
    before = due(store, START)
    for batch in store.outbox.claim(before):
        store.outbox.release(batch)
    assert due(store, START) == before
    assert all(counts.error is None for counts in store.outbox.channels().values())


@pytest.mark.fault("I2")
def test_a_message_given_up_is_dead_and_can_be_requeued(store: Store) -> None:
    [first, second] = store.outbox.claim(due(store, LATER))
    for batch in (first, second):
        store.outbox.finish(batch, Outcome(Verdict.REFUSED, "gone"), START, [None])
    dead = store.outbox.messages([OutboxState.DEAD])
    assert {message.refusals for message in dead} == {1}
    assert store.outbox.retry([first[0].id], START) == 1
    [[again]] = due(store, START)
    assert (again.id, again.attempts, again.refusals) == (first[0].id, 0, 0)
    assert store.outbox.retry(None, START) == 1
    with pytest.raises(NotFoundError, match="there is no dead letter 99"):
        store.outbox.retry([99], START)


@pytest.mark.fault("X5", "W11")
def test_what_was_being_sent_at_a_crash_is_sent_again_and_marked(path: Path) -> None:
    with Store.open(path) as store:
        with_news(store)
        claimed = store.outbox.claim(due(store, LATER))
    with Store.open(path) as store:
        assert store.outbox.recover() == 2
        again = due(store, LATER)
        assert [[d.id for d in batch] for batch in again] == [[d.id for d in batch] for batch in claimed]
        assert all(batch[0].repeat for batch in again)
        assert again[0][0].notification.events == claimed[0][0].notification.events


@pytest.mark.fault("C14")
def test_messages_for_a_channel_that_is_gone_are_dead_and_visible(store: Store) -> None:
    assert store.outbox.give_up_orphans(["team"]) == 1
    [dead] = store.outbox.messages([OutboxState.DEAD])
    assert (dead.notification.channel, dead.error) == ("ops", "the channel is no longer configured")


@pytest.mark.parametrize("column", ["rules", "events", "at", "next_at"])
@pytest.mark.fault("X21")
def test_a_row_that_cannot_be_read_is_given_up_and_the_others_go_on(
    store: Store, path: Path, column: str
) -> None:
    run_sql(path, f"update outbox set {column} = 'poison' where channel = 'ops'")  # noqa: S608 - our own words
    assert [batch[0].notification.channel for batch in due(store, LATER)] == ["team"]
    [dead] = store.outbox.messages([OutboxState.DEAD])
    assert dead.error == "the stored message cannot be read"
    assert dead.notification.title == "acme/finch-mini is new"


def test_channels_are_counted(store: Store) -> None:
    [ops, team] = store.outbox.claim(due(store, LATER))
    store.outbox.finish(ops, SENT, START, [None])
    store.outbox.finish(team, Outcome(Verdict.REFUSED, "no"), START, [None])
    polled(store, 2, OWL, FINCH, HERON)
    assert store.outbox.channels() == {
        "ops": ChannelCounts(1, 0, "2026-11-02T08:00:00Z", "sent", "2026-11-02T10:00:00Z"),
        "team": ChannelCounts(1, 1, None, "dead", "2026-11-02T10:00:00Z", "no"),
    }


def test_a_channels_error_is_that_of_its_oldest_waiting_message(store: Store) -> None:
    [ops, team] = store.outbox.claim(due(store, LATER))
    store.outbox.finish(ops, Outcome(Verdict.RETRY, "busy"), START, [LATER])
    store.outbox.finish(team, Outcome(Verdict.REFUSED, "no"), START, [None])
    polled(store, 2, OWL, FINCH, HERON)
    [second] = [message for message in due(store, LATER) if message[0].notification.channel == "team"]
    [second] = store.outbox.claim([second])
    store.outbox.finish(second, Outcome(Verdict.RETRY, "down"), START, [LATER])
    counts = store.outbox.channels()
    assert (counts["ops"].error, counts["team"].error) == ("busy", "down")
