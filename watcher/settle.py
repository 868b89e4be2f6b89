"""Which differences have lasted long enough to be news: a flap is none.

A difference between what was announced and what is observed waits for its hold. When it goes away first
nothing is ever said; when it lasts it is announced with its true total, however it drifted meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher import lifecycle
from watcher.diff import COMPARED, diff
from watcher.domain import Aspect, Change, Document, Event, Item, Json, Pending
from watcher.events import kind_of, of_change

HOURS = timedelta(hours=1)

HOLDS: Mapping[str, timedelta] = {
    "added": 0 * HOURS,
    "returned": 6 * HOURS,
    "removed": 24 * HOURS,
    "price": 6 * HOURS,
    "announced": 0 * HOURS,
    "moved": 0 * HOURS,
    "withdrawn": 48 * HOURS,
    "alias": 0 * HOURS,
    "context": 24 * HOURS,
    "capabilities": 24 * HOURS,
    "details": 24 * HOURS,
    "feed": 1 * HOURS,
    "source": 1 * HOURS,
}
"""How long a difference must last before it is news, by the name that the configuration uses."""

REMINDERS = (30, 14, 7, 1, 0)
"""Days before an expiration date at which people are reminded."""

HOLD_OF_KIND = {
    "model.added": "added",
    "model.returned": "returned",
    "model.removed": "removed",
    "price.changed": "price",
    "expiration.announced": "announced",
    "expiration.restored": "announced",
    "expiration.moved": "moved",
    "expiration.withdrawn": "withdrawn",
    "alias.retargeted": "alias",
    "context.changed": "context",
    "capability.changed": "capabilities",
    "model.changed": "details",
}
UNKNOWN: Document = {
    "listed": None,
    "expiration": None,
}  # all else about a new model is learned without a word
CONFIRMED = 2  # polls: one answer alone never proves that a model is gone


@dataclass(frozen=True, slots=True)
class Policy:
    """How long differences must last (by hold name), and when to remind of an expiration (days before)."""

    holds: Mapping[str, timedelta] = field(default_factory=lambda: HOLDS)
    reminders: tuple[int, ...] = REMINDERS


def adopt(observed: Document, at: datetime, policy: Policy) -> Item:
    """Take a model as known without a word: the baseline."""
    return Item(_counted(observed, at, policy), observed)


def settle(
    model: str, item: Item, observed: Document, at: datetime, policy: Policy
) -> tuple[Item, list[Event]]:
    """Sort the differences of one model into those that are news now and those that go on waiting.

    `item` is the model as the poll before left it, `observed` what this one shows (`listed` false: absent).
    """
    known = _learned(item.announced or UNKNOWN, observed)
    changes = diff(model, known, _learned(observed, known))
    if not observed["listed"]:
        changes = [change for change in changes if change.aspect is Aspect.LISTED]
    waits = {change.aspect: _wait(item, change.aspect, observed, at) for change in changes}
    due = [change for change in changes if _has_lasted(known, change, waits[change.aspect], at, policy)]
    if not known["listed"] and Aspect.LISTED not in {change.aspect for change in due}:
        due = []  # nobody is told details of a model that they do not know or believe gone
    told = _tell(known, due, observed)
    spoken = {change.aspect for change in due}
    if spoken & {Aspect.LISTED, Aspect.EXPIRATION}:
        told = _counted(told, at, policy)  # the news itself says how many days are left
    elif _is_reminder_due(told, observed, waits, at, policy):
        told = _counted(told, at, policy)
        due.append(Change(Aspect.COUNTDOWN, None, told["expiration"]))
    announced = told if due or item.announced is not None else None
    pending = {aspect: wait for aspect, wait in waits.items() if aspect not in spoken}
    news = [of_change(model, change, known, observed, at=at, revision=item.revision) for change in due]
    return Item(announced, observed, pending, item.revision + bool(due), item.price_moves), news


def _tell(known: Document, due: Sequence[Change], observed: Document) -> Document:
    """Give what people know once they are told; a date taken back is kept, in case it comes again."""
    told = dict(known)
    for change in due:
        told[change.aspect] = observed[change.aspect]
        if change.aspect is Aspect.EXPIRATION and not change.after:
            told["withdrawn"] = change.before
    return told


def _learned(document: Document, other: Document) -> Document:
    """Fill what a document does not know from the other: becoming known, or unknown, is no news."""
    filled: dict[str, Json] = {
        aspect: other[aspect] for aspect in COMPARED if aspect not in document and aspect in other
    }
    details, others = document.get("details"), other.get("details")
    if isinstance(details, Mapping) and isinstance(others, Mapping):
        known = {key: value for key, value in details.items() if value is not None}
        filled["details"] = {**others, **known}
    if document.get("alias") is None:
        filled["alias"] = other.get("alias")
    return {**document, **filled}


def _wait(item: Item, aspect: Aspect, observed: Document, at: datetime) -> Pending:
    """Start or continue the waiting of a difference."""
    before = item.pending.get(aspect)
    if before is None:
        return Pending(since=at, value_since=at)
    moved = item.observed is None or item.observed.get(aspect) != observed[aspect]
    return Pending(before.since, at if moved else before.value_since, min(before.polls + 1, CONFIRMED))


def _has_lasted(known: Document, change: Change, wait: Pending, at: datetime, policy: Policy) -> bool:
    kind = kind_of(change, known)
    lasted = at - wait.since >= policy.holds[HOLD_OF_KIND[kind]]
    if kind == "model.removed":
        return wait.polls >= CONFIRMED and (lasted or _is_past_its_date(known, at))
    return lasted


def _is_past_its_date(known: Document, at: datetime) -> bool:
    day = lifecycle.day_of(known.get("expiration"))
    return day is not None and lifecycle.days_left(day, at) <= 0


def _is_reminder_due(
    told: Document, observed: Document, waits: Mapping[Aspect, Pending], at: datetime, policy: Policy
) -> bool:
    """Tell whether a date that stands, of a model that is there, has reached a more urgent threshold."""
    if not (told["listed"] and observed["listed"]) or Aspect.EXPIRATION in waits:
        return False
    counted, reached = told.get("countdown"), _reached(told, at, policy)
    return reached is not None and (not isinstance(counted, int) or reached < counted)


def _counted(document: Document, at: datetime, policy: Policy) -> Document:
    """Note the most urgent reminder that the document's date has reached, so that it is not said again."""
    return {**document, "countdown": _reached(document, at, policy)}


def _reached(document: Document, at: datetime, policy: Policy) -> int | None:
    return lifecycle.reached(lifecycle.day_of(document.get("expiration")), at, policy.reminders)
