import pytest

from tests.support.catalogs import START
from watcher.domain.kinds import Kind
from watcher.messages.lines import describe
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.messages.troubles import SOURCES


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sample_that_can_be_told(kind: Kind) -> None:
    event = sample_events(START)[kind]
    message = notification("team", START, [event], ["Sample"])
    assert event.kind is kind
    named = SOURCES.get(event.subject, event.subject).removeprefix("the ")
    assert named in message.title + message.body or kind.startswith(("catalog.", "store."))
    assert "unknown" not in describe(event)


def test_samples_have_ids_of_their_own() -> None:
    events = sample_events(START)
    assert len({event.id for event in events.values()}) == len(Kind)


def test_all_samples_together_are_one_message() -> None:
    events = [*sample_events(START).values()]
    message = notification("team", START, events, ["Sample"])
    assert len(message.events) == len(Kind)
