"""Which answers are too large to be believed: what one answer leaves behind is kept for a long time."""

from collections.abc import Mapping
from dataclasses import replace

from watcher.domain.catalog import FeedEntry, FeedSnapshot, Item, Snapshot
from watcher.domain.polls import Answer, Failure, Health, Poll, State

TIMES = 10
LEAST_KNOWN = 100  # of fewer models, ten times as many is no wonder
TOO_MANY = "the answer would make it {:,} {}, more than ten times the {:,} known; it is not believed"


def credible(state: State, poll: Poll) -> Poll:
    """Return the poll with a failure in place of each answer that is far larger than what is known."""
    return replace(
        poll, answers={name: _judged(state, name, answer) for name, answer in poll.answers.items()}
    )


def _judged(state: State, name: str, answer: Answer) -> Answer:
    if isinstance(answer, Snapshot):
        known, shown, noun = state.listed, _of_list(state.items, answer), "models"
    elif isinstance(answer, FeedSnapshot):
        known, shown, noun = _of_feed(state.feed), len(answer.items), "items"
    else:
        return answer
    source = state.sources.get(name, Health())
    is_comparable = source.last_good is not None and source.query_id == answer.query_id
    if not is_comparable or shown <= TIMES * max(known, LEAST_KNOWN):
        return answer
    return Failure(TOO_MANY.format(shown, noun, known))


def _of_list(items: Mapping[str, Item], answer: Snapshot) -> int:
    """Count the models shown and those about to leave: new ids in each answer would add up."""
    leaving = {model for model, item in items.items() if item.pending and not item.listed}
    return len(leaving | answer.documents.keys())


def _of_feed(feed: Mapping[str, FeedEntry]) -> int:
    return len({entry.model for entry in feed.values()})
