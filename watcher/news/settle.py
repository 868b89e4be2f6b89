"""Which changes have lasted long enough to be news: flapping is not.

A difference between what was announced and what is observed is on hold. If it reverts first, nothing is
reported; if it lasts, it is announced with its true total, however it drifted meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import (
    UNKNOWN,
    Announcement,
    Aspect,
    Change,
    Document,
    Item,
    Level,
    Pending,
    Prices,
)
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.news import causes, steadiness
from watcher.news.diff import COMPARED, diff
from watcher.news.events import Circumstances, kind_of, of_change
from watcher.news.steadiness import Due, Moment, Reason
from watcher.openrouter import dates, prices

REMEMBERED = frozenset({Aspect.ALIAS, Aspect.EXPIRATION, Aspect.PRICE})  # these may be reported at once
RECENTLY = timedelta(days=2)
AGAIN = timedelta(hours=8)
CONFIRMED = 2  # polls: a single answer never proves that a model left


def adopt(observed: Document, at: datetime, policy: Policy) -> Item:
    """Accept a model as already known, without an event: the baseline."""
    return Item(
        observed,
        observed,
        levels=steadiness.of_baseline(observed.price, at),
        countdown=_reached(observed, at, policy),
    )


def settle(
    model: str, item: Item, observed: Document, moment: Moment, policy: Policy
) -> tuple[Item, list[Event]]:
    """Separate the changes of one model that are news now from those that stay on hold.

    `item` is the model after the poll before, `observed` what this one shows (`listed` false: absent).
    """
    case = Case.of(model, item, observed, moment, policy)
    due = case.due()
    announced = _announced(case.announced, due, observed)
    aspects = {change.aspect for change in due}
    countdown = item.countdown
    if aspects & {Aspect.LISTED, Aspect.EXPIRATION}:
        countdown = _reached(announced, moment.at, policy)  # the event itself says how many days are left
    elif case.is_reminder_due(announced):
        countdown = _reached(announced, moment.at, policy)
        due.append(Change(Aspect.COUNTDOWN, None, announced.expiration))
    after = Item(
        announced=announced if due or item.announced is not None else None,
        observed=observed,
        pending={aspect: wait for aspect, wait in case.waits.items() if aspect not in aspects},
        revision=item.revision + bool(due),
        levels=case.levels,
        countdown=countdown,
        dates=_dates(item, due),
        last={**item.last, **_announcements(due, moment.at)},
    )
    return after, [case.event(change) for change in due]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change on hold: since when, when it is reported if it lasts (UTC), and why then."""

    event: Event
    since: datetime
    due_at: datetime
    reason: Reason


def outlook(model: str, item: Item, moment: Moment, policy: Policy) -> list[Waiting]:
    """Return a model's changes on hold as of the last poll; `event` is what would be reported."""
    if item.observed is None or not item.pending:
        return []
    case = Case.of(model, item, item.observed, moment, policy)
    return [_waiting(case, change) for change in case.changes]


def _waiting(case: "Case", change: Change) -> Waiting:
    due = case.due_at(change)
    return Waiting(case.event(change), case.waits[change.aspect].since, due.at, due.reason)


@dataclass(frozen=True, slots=True)
class Case:
    """One model at one poll: what has been announced, what differs, and since when."""

    model: str
    item: Item
    announced: Document
    observed: Document
    changes: tuple[Change, ...]
    waits: Mapping[Aspect, Pending]
    levels: tuple[Level, ...]
    moment: Moment
    policy: Policy

    @classmethod
    def of(cls, model: str, item: Item, observed: Document, moment: Moment, policy: Policy) -> "Case":
        """Compare what is observed of a model with what was announced."""
        announced = _filled(item.announced or UNKNOWN, observed)
        changes = diff(model, announced, _with_unlisted_prices(_filled(observed, announced), announced))
        if not observed.listed:
            changes = [change for change in changes if change.aspect is Aspect.LISTED]
        waits = {change.aspect: _wait(item, change.aspect, moment.at) for change in changes}
        levels = _levels(item, observed, moment)
        return cls(model, item, announced, observed, tuple(changes), waits, levels, moment, policy)

    def due(self) -> list[Change]:
        """Return the changes that have lasted; none for a model that has not been announced itself."""
        due = [change for change in self.changes if self._has_lasted(change)]
        is_announced = self.announced.listed or any(change.aspect is Aspect.LISTED for change in due)
        return due if is_announced else []

    def _has_lasted(self, change: Change) -> bool:
        is_confirmed = self.waits[change.aspect].polls >= CONFIRMED or change.aspect is not Aspect.LISTED
        return (is_confirmed or bool(change.after)) and self.moment.at >= self.due_at(change).at

    def kind(self, change: Change) -> Kind:
        """Return the kind of news that a change is."""
        return kind_of(change, self.item.dates)

    def due_at(self, change: Change) -> Due:
        """Return when a change is news if it lasts, and why then."""
        since, holds = self.waits[change.aspect].since, self.policy.holds
        hold = holds[self.kind(change).row.hold or ""]
        match change.aspect:
            case Aspect.LISTED if not change.after:
                if _is_past_its_date(self.announced, self.moment.at):
                    return Due(since, Reason.ANNOUNCED)
                return Due(since + steadiness.shortened(hold, self.moment.gap), Reason.USUAL)
            case Aspect.PRICE if _is_rescheduled(change):
                return self._unless_it_reverts(change, Due(since, Reason.SCHEDULE))
            case Aspect.PRICE if steadiness.moved(change.before, change.after):
                return steadiness.due_at(change.before, self.levels, self.moment.gap, holds)
            case Aspect.ALIAS | Aspect.EXPIRATION:
                return self._unless_it_reverts(change, Due(since + hold, Reason.USUAL))
        return Due(since + hold, Reason.USUAL)

    def _unless_it_reverts(self, change: Change, due: Due) -> Due:
        """Delay what only reverts the last announcement: two views of the catalog may alternate."""
        since, last = self.waits[change.aspect].since, self.item.last.get(change.aspect)
        if last is None or since - last.at >= RECENTLY or change.after != last.before:
            return due
        return max(due, Due(since + AGAIN, Reason.REVERTS), key=lambda found: found.at)

    def event(self, change: Change) -> Event:
        """Return the event that a change is, or would be, at this poll."""
        return of_change(self.model, change, self.kind(change), self.observed, self._circumstances(change))

    def _circumstances(self, change: Change) -> Circumstances:
        at, wait = self.moment.at, self.waits.get(change.aspect)
        since, cause, crowd = wait.since if wait else at, None, 0
        if change.aspect is Aspect.LISTED and not change.after:
            cause = causes.of_removal(self.announced, at)
        if change.aspect is Aspect.PRICE:
            level = self.levels[steadiness.newest(self.levels, change.before)]
            cause, crowd = causes.of_price(change, level), level.movers
        return Circumstances(at, since, self.item.revision, cause, crowd)

    def is_reminder_due(self, announced: Document) -> bool:
        """Whether the unchanged date of a listed model has reached a more urgent threshold."""
        if not (announced.listed and self.observed.listed) or Aspect.EXPIRATION in self.waits:
            return False
        reached = _reached(announced, self.moment.at, self.policy)
        return reached is not None and (self.item.countdown is None or reached < self.item.countdown)


def _is_rescheduled(change: Change) -> bool:
    return prices.schedule(change.before) != prices.schedule(change.after)


def _levels(item: Item, observed: Document, moment: Moment) -> tuple[Level, ...]:
    """Add this poll's price to the recent ones."""
    if not observed.listed:
        return item.levels
    if not item.levels:
        return steadiness.of_new_model(observed.price, moment)
    was_routed = item.observed is not None and item.observed.routing != observed.routing
    return steadiness.note(item.levels, observed.price, moment, routed=was_routed)


def _announced(before: Document, due: Sequence[Change], observed: Document) -> Document:
    """Return what is announced once the changes are reported; evidence is always that of the last poll."""
    values = {change.aspect.value: change.after for change in due}
    return replace(before, **values, clock=observed.clock, routing=observed.routing)  # type: ignore[arg-type]


def _dates(item: Item, due: Sequence[Change]) -> tuple[str, ...]:
    """Add the expiration dates that are announced now; each is kept in case it is set again."""
    new = [(change.before, change.after) for change in due if change.aspect is Aspect.EXPIRATION]
    return tuple(dict.fromkeys([*item.dates, *(str(date) for pair in new for date in pair if date)]))


def _announcements(due: Sequence[Change], at: datetime) -> dict[Aspect, Announcement]:
    return {change.aspect: Announcement(at, change.before) for change in due if change.aspect in REMEMBERED}


def _filled(document: Document, other: Document) -> Document:
    """Fill a document's unknown values from the other: becoming known or unknown is not news."""
    filled = {
        aspect.value: getattr(other, aspect)
        for aspect in COMPARED
        if aspect not in {Aspect.LISTED, Aspect.EXPIRATION} and getattr(document, aspect) is None
    }
    if document.details and other.details:
        own = {key: value for key, value in document.details.items() if value is not None}
        filled["details"] = {**other.details, **own}
    return replace(document, **filled)


def _with_unlisted_prices(observed: Document, announced: Document) -> Document:
    """Keep other prices that this host does not list: unlisted does not mean free. A schedule can end."""
    before, after = _prices(announced), _prices(observed)
    has_schedule = bool(prices.schedule(before))
    kept = {
        key: price
        for key, price in before.items()
        if key not in after and key not in prices.MAIN and not (key == "overrides" and has_schedule)
    }
    return replace(observed, price={**after, **kept}) if kept else observed


def _prices(document: Document) -> Prices:
    return document.price or {}


def _wait(item: Item, aspect: Aspect, at: datetime) -> Pending:
    """Start or continue the hold of a change."""
    before = item.pending.get(aspect)
    return Pending(before.since, CONFIRMED) if before else Pending(at)


def _is_past_its_date(announced: Document, at: datetime) -> bool:
    day = dates.day_of(announced.expiration)
    return day is not None and dates.days_left(day, at) <= 0


def _reached(document: Document, at: datetime, policy: Policy) -> int | None:
    """Return the most urgent reminder (days) that the document's date has reached, if any."""
    return dates.reached(dates.day_of(document.expiration), at, policy.reminders)
