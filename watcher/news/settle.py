"""Which differences have lasted long enough to be news: a flap is none.

A difference between what was announced and what is observed waits for its hold. When it goes away first
nothing is ever said; when it lasts it is announced with its true total, however it drifted meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.domain.catalog import Aspect, Change, Document, Item, Json, Level, Pending
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.news import causes, steadiness
from watcher.news.diff import COMPARED, diff
from watcher.news.events import Circumstances, kind_of, of_change, told_dates
from watcher.news.steadiness import Moment
from watcher.openrouter import dates, prices

HOLD_OF_KIND = {
    "model.added": "added",
    "model.returned": "returned",
    "model.removed": "removed",
    "price.changed": "price",
    "price.detail": "price_other",
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
AT_ONCE = frozenset({Aspect.ALIAS, Aspect.EXPIRATION, Aspect.PRICE})  # can be told at once
LATELY_TOLD = timedelta(days=2)
AGAIN = timedelta(hours=8)
CONFIRMED = 2  # polls: one answer alone never proves that a model is gone


def adopt(observed: Document, at: datetime, policy: Policy) -> Item:
    """Take a model as known without a word: the baseline."""
    return Item(_counted(observed, at, policy), observed, levels=steadiness.known(observed["price"], at))


def settle(
    model: str, item: Item, observed: Document, moment: Moment, policy: Policy
) -> tuple[Item, list[Event]]:
    """Sort the differences of one model into those that are news now and those that go on waiting.

    `item` is the model as the poll before left it, `observed` what this one shows (`listed` false: absent).
    """
    case = _Case.of(model, item, observed, moment, policy)
    due = case.due()
    told = _tell(case.known, due, moment.at)
    spoken = {change.aspect for change in due}
    if spoken & {Aspect.LISTED, Aspect.EXPIRATION}:
        told = _counted(told, moment.at, policy)  # the news itself says how many days are left
    elif _is_reminder_due(told, observed, case.waits, moment.at, policy):
        told = _counted(told, moment.at, policy)
        due.append(Change(Aspect.COUNTDOWN, None, told["expiration"]))
    after = Item(
        announced=told if due or item.announced is not None else None,
        observed=observed,
        pending={aspect: wait for aspect, wait in case.waits.items() if aspect not in spoken},
        revision=item.revision + bool(due),
        levels=case.levels,
    )
    news = [of_change(model, change, case.known, observed, case.circumstances(change)) for change in due]
    return after, news


@dataclass(frozen=True, slots=True)
class Waiting:
    """A difference that is no news yet: since when, and when it is told if it stays (UTC)."""

    event: Event
    since: datetime
    due_at: datetime


def outlook(model: str, item: Item, moment: Moment, policy: Policy) -> list[Waiting]:
    """Give what waits of a model as of the last poll; `event` is what would be told."""
    if item.observed is None or not item.pending:
        return []
    case = _Case.of(model, item, item.observed, moment, policy)
    return [
        Waiting(
            of_change(model, change, case.known, item.observed, case.circumstances(change)),
            case.waits[change.aspect].since,
            case.due_at(change),
        )
        for change in case.changes
    ]


@dataclass(frozen=True, slots=True)
class _Case:
    """One model at one poll: what is known of it, what differs, and since when."""

    item: Item
    known: Document
    changes: tuple[Change, ...]
    waits: Mapping[Aspect, Pending]
    levels: tuple[Level, ...]
    moment: Moment
    policy: Policy

    @classmethod
    def of(cls, model: str, item: Item, observed: Document, moment: Moment, policy: Policy) -> "_Case":
        known = _learned(item.announced or UNKNOWN, observed)
        changes = diff(model, known, _with_unlisted_prices(_learned(observed, known), known))
        if not observed["listed"]:
            changes = [change for change in changes if change.aspect is Aspect.LISTED]
        waits = {change.aspect: _wait(item, change.aspect, moment.at) for change in changes}
        return cls(item, known, tuple(changes), waits, _levels(item, observed, moment), moment, policy)

    def due(self) -> list[Change]:
        """Give the differences that have lasted; nothing else of a model that people do not know of."""
        due = [change for change in self.changes if self._has_lasted(change)]
        is_listed = self.known["listed"] or any(change.aspect is Aspect.LISTED for change in due)
        return due if is_listed else []

    def _has_lasted(self, change: Change) -> bool:
        is_confirmed = self.waits[change.aspect].polls >= CONFIRMED or change.aspect is not Aspect.LISTED
        return (is_confirmed or bool(change.after)) and self.moment.at >= self.due_at(change)

    def due_at(self, change: Change) -> datetime:
        """Give when a difference is news if it stays as it is."""
        since, holds = self.waits[change.aspect].since, self.policy.holds
        hold = holds[HOLD_OF_KIND[kind_of(change, self.known)]]
        match change.aspect:
            case Aspect.LISTED if not change.after:
                is_dated = _is_past_its_date(self.known, self.moment.at)
                return since if is_dated else since + steadiness.shortened(hold, self.moment.gap)
            case Aspect.PRICE if steadiness.moved(change.before, change.after) and not _is_rescheduled(
                change
            ):
                return steadiness.due_at(change.before, self.levels, self.moment.gap, holds)
            case Aspect.PRICE if _is_rescheduled(change):
                return self._again(change, since)
            case Aspect.ALIAS | Aspect.EXPIRATION:
                return max(since + hold, self._again(change, since))
        return since + hold

    def _again(self, change: Change, since: datetime) -> datetime:
        """Make what is told at once wait where it only takes back what was told: two views may alternate."""
        before, told_at = self.known.get(f"{change.aspect}_before"), self.known.get(f"{change.aspect}_told")
        is_lately = isinstance(told_at, str) and since - datetime.fromisoformat(told_at) < LATELY_TOLD
        return since + AGAIN if is_lately and change.after == before else since

    def circumstances(self, change: Change) -> Circumstances:
        """Say when, since when and why a difference is told."""
        at, wait = self.moment.at, self.waits.get(change.aspect)
        since, cause, crowd = wait.since if wait else at, None, 0
        if change.aspect is Aspect.LISTED and not change.after:
            cause = causes.of_removal(self.known, at)
        if change.aspect is Aspect.PRICE:
            level = self.levels[steadiness.newest(self.levels, change.before)]
            cause, crowd = causes.of_price(change, level), level.movers
        return Circumstances(at, since, self.item.revision, cause, crowd)


def _is_rescheduled(change: Change) -> bool:
    return prices.schedule(change.before) != prices.schedule(change.after)


def _levels(item: Item, observed: Document, moment: Moment) -> tuple[Level, ...]:
    """Add this poll's price to those that the model showed lately."""
    if not observed["listed"]:
        return item.levels
    if not item.levels:
        return steadiness.born(observed["price"], moment)
    was_routed = item.observed is not None and item.observed.get("routing") != observed.get("routing")
    return steadiness.note(item.levels, observed["price"], moment, routed=was_routed)


def _tell(known: Document, due: Sequence[Change], at: datetime) -> Document:
    """Give what people know once they are told; every date told is kept, in case it comes again."""
    told = dict(known)
    for change in due:
        told[change.aspect] = change.after
        if change.aspect in AT_ONCE:
            told |= {f"{change.aspect}_told": at.isoformat(), f"{change.aspect}_before": change.before}
        if change.aspect is Aspect.EXPIRATION:
            dates = dict.fromkeys([*told_dates(known), change.before, change.after])
            told["dates"] = [date for date in dates if date]
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


def _with_unlisted_prices(observed: Document, known: Document) -> Document:
    """Keep the lesser prices that this host does not list: not listed is not free. A schedule can end."""
    before, after = _prices(known), _prices(observed)
    has_schedule = bool(prices.schedule(before))
    kept = {
        key: price
        for key, price in before.items()
        if key not in after and key not in prices.HEADLINE and not (key == "overrides" and has_schedule)
    }
    return {**observed, "price": {**after, **kept}} if kept else observed


def _prices(document: Document) -> Document:
    price = document["price"]
    return price if isinstance(price, Mapping) else {}


def _wait(item: Item, aspect: Aspect, at: datetime) -> Pending:
    """Start or continue the waiting of a difference."""
    before = item.pending.get(aspect)
    return Pending(before.since, CONFIRMED) if before else Pending(at)


def _is_past_its_date(known: Document, at: datetime) -> bool:
    day = dates.day_of(known.get("expiration"))
    return day is not None and dates.days_left(day, at) <= 0


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
    return dates.reached(dates.day_of(document.get("expiration")), at, policy.reminders)
