"""Which changes have lasted long enough to be news: flapping is not.

A difference between what was announced and what is observed is on hold. If it reverts first, nothing is
reported; if it lasts, it is announced with its true total, however it drifted meanwhile.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import (
    UNKNOWN,
    Announcement,
    Aspect,
    Change,
    Document,
    FieldChange,
    Item,
    Pending,
    Prices,
    RowPrice,
)
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.domain.providers import Market
from watcher.news import causes, row_price
from watcher.news.diff import COMPARED, diff
from watcher.news.events import Circumstances, kind_of, of_change
from watcher.news.holds import Due, Moment, Reason, shortened
from watcher.news.row_price import Shift
from watcher.openrouter import dates, prices
from watcher.openrouter.ids import is_alias
from watcher.openrouter.units import sold_instead

REMEMBERED = frozenset({Aspect.ALIAS, Aspect.EXPIRATION, Aspect.LISTED, Aspect.PRICE})
MOST_DATES = 100  # expiration dates remembered of a model
RECENTLY = timedelta(days=2)
AGAIN = timedelta(hours=8)
SAID_BY_ABSENCE = frozenset({Aspect.LISTED, Aspect.EXPIRATION, Aspect.DEPRECATION})  # None is no unknown
OVERDUE = -1  # days left: still listed a day after its date
CONFIRMED = 2  # polls: a single answer never proves that a model left


def adopt(observed: Document, at: datetime, policy: Policy) -> Item:
    """Accept a model as already known, without an event: the baseline."""
    return Item(
        observed,
        observed,
        row=row_price.begin(prices.main_prices(observed.price), observed.routing, at),
        countdown=_reached(observed, at, policy),
    )


def settle(
    model: str,
    item: Item,
    observed: Document,
    moment: Moment,
    policy: Policy,
    *,
    market: Market | None = None,
) -> tuple[Item, list[Event]]:
    """Separate the changes of one model that are news now from those that stay on hold.

    `item` is the model after the poll before, `observed` what this one shows (`listed` false: absent). If its
    providers are known (`market`), a new price in its row does not mean that its price changed.
    """
    case = Case.of(model, item, observed, moment, policy, market=market)
    due = case.due()
    announced = _announced(case.announced, due, observed)
    aspects = {change.aspect for change in due}
    countdown = item.countdown
    if aspects & {Aspect.LISTED, Aspect.EXPIRATION}:
        countdown = _reached(announced, moment.at, policy)  # the event itself says how many days are left
    elif case.is_reminder_due(announced):
        countdown = _reached(announced, moment.at, policy)
        due.append(Change(Aspect.COUNTDOWN, None, announced.expiration))
    row, shift = case.look_at_row(announced)
    if shift:
        announced = replace(announced, price={**(announced.price or {}), **shift.after})
    after = Item(
        announced=announced if due or item.announced is not None else None,
        observed=observed,
        pending={aspect: wait for aspect, wait in case.waits.items() if aspect not in aspects},
        revision=item.revision + bool(due or shift),
        row=row,
        countdown=countdown,
        dates=_dates(item, due),
        last={**item.last, **_announcements(due, moment.at)},
    )
    return after, [*map(case.event, due), *(case.events_of_row(shift) if shift else ())]


@dataclass(frozen=True, slots=True)
class Case:
    """One model at one poll: what has been announced, what differs, and since when."""

    model: str
    item: Item
    announced: Document
    observed: Document
    changes: tuple[Change, ...]
    waits: Mapping[Aspect, Pending]
    moment: Moment
    policy: Policy
    market: Market | None

    @classmethod
    def of(
        cls,
        model: str,
        item: Item,
        observed: Document,
        moment: Moment,
        policy: Policy,
        *,
        market: Market | None,
    ) -> "Case":
        """Compare what is observed of a model with what was announced."""
        announced = _filled(item.announced or UNKNOWN, observed)
        changes = diff(model, announced, _comparable(_filled(observed, announced), announced))
        if not observed.listed:
            changes = [change for change in changes if change.aspect is Aspect.LISTED]
        waits = {change.aspect: _wait(item, change.aspect, moment.at) for change in changes}
        return cls(model, item, announced, observed, tuple(changes), waits, moment, policy, market)

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
        if change.aspect is Aspect.COUNTDOWN and _days_left(self.announced, self.moment.at) < 0:
            return Kind.EXPIRATION_OVERDUE
        return kind_of(change, self.item.dates)

    def due_at(self, change: Change) -> Due:
        """Return when a change is news if it lasts, and why then."""
        since, holds = self.waits[change.aspect].since, self.policy.holds
        hold = holds[self.kind(change).row.hold or ""]
        match change.aspect:
            case Aspect.LISTED if not change.after:
                if _is_past_its_date(self.announced, self.moment.at):
                    return Due(since, Reason.ANNOUNCED)
                return Due(since + shortened(hold, self.moment.gap), Reason.USUAL)
            case Aspect.PRICE if _is_rescheduled(change):
                return self._unless_it_reverts(change, Due(since, Reason.SCHEDULE))
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
        cause = None
        if change.aspect is Aspect.LISTED and not change.after:
            cause = causes.of_removal(self.announced, at)
        if change.aspect is Aspect.PRICE:
            cause = causes.of_detail(change)
        return Circumstances(at, wait.since if wait else at, self.item.revision, cause)

    def look_at_row(self, announced: Document) -> tuple[RowPrice | None, Shift | None]:
        """Follow the price in the model's row; a model that has not been announced begins with its price."""
        price, row = prices.main_prices(self.observed.price), self.item.row
        if not self.observed.listed or is_alias(self.model):
            return row, None
        is_listed = self.announced.listed and announced.listed
        # A price that becomes known is no news.
        if row is None or not is_listed or not row.reported.keys() >= price.keys():
            return row_price.begin(price, self.observed.routing, self.moment.at), None
        hold = self.policy.holds["price_listed"]
        return row_price.look(row, price, self.observed.routing, self.moment, hold)

    def events_of_row(self, shift: Shift) -> list[Event]:
        """Return the event of a price that the row shows: a change only if nobody polls the providers.

        There is none if a known provider changed its price and the row followed: that is news by itself.
        """
        if self.market and not _is_asked(shift.before, self.market):
            return []
        is_routing = shift.is_routing or self.market is not None
        before, after = ({**(self.observed.price or {}), **side} for side in (shift.before, shift.after))
        fields = tuple(
            FieldChange(key, shift.before.get(key), shift.after.get(key))
            for key in prices.MAIN
            if shift.before.get(key) != shift.after.get(key)
        )
        cause, host = causes.of_routing(shift.after, self.market) if is_routing else (causes.LISTED, None)
        event = of_change(
            self.model,
            Change(Aspect.PRICE, before, after, fields),
            Kind.PRICE_ROUTED if is_routing else Kind.PRICE_CHANGED,
            self.observed,
            Circumstances(self.moment.at, shift.since, self.item.revision, cause),
        )
        return [replace(event, provider=host)]

    def is_reminder_due(self, announced: Document) -> bool:
        """Whether the unchanged date of a listed model has reached a more urgent threshold."""
        if not (announced.listed and self.observed.listed) or Aspect.EXPIRATION in self.waits:
            return False
        reached = _reached(announced, self.moment.at, self.policy)
        return reached is not None and (self.item.countdown is None or reached < self.item.countdown)


def _is_asked(price: Prices, market: Market) -> bool:
    """Whether a provider still asks a price, within 5 %."""
    return any(prices.apart(offer.price, price) < prices.SMALL for offer in market.offers.values())


def _is_rescheduled(change: Change) -> bool:
    return prices.schedule(change.before) != prices.schedule(change.after)


def _announced(before: Document, due: Sequence[Change], observed: Document) -> Document:
    """Return what is announced once the changes are reported; evidence is always that of the last poll."""
    values = {change.aspect.value: change.after for change in due}
    return replace(before, **values, clock=observed.clock, routing=observed.routing)  # type: ignore[arg-type]


def _dates(item: Item, due: Sequence[Change]) -> tuple[str, ...]:
    """Add the expiration dates that are announced now; each is kept in case it is set again."""
    new = [(change.before, change.after) for change in due if change.aspect is Aspect.EXPIRATION]
    dated = dict.fromkeys([*item.dates, *(str(date) for pair in new for date in pair if date)])
    return tuple(dated)[-MOST_DATES:]


def _announcements(due: Sequence[Change], at: datetime) -> dict[Aspect, Announcement]:
    return {change.aspect: Announcement(at, change.before) for change in due if change.aspect in REMEMBERED}


def _filled(document: Document, other: Document) -> Document:
    """Fill a document's unknown values from the other: becoming known or unknown is not news."""
    filled = {
        aspect.value: getattr(other, aspect)
        for aspect in COMPARED
        if aspect not in SAID_BY_ABSENCE and getattr(document, aspect) is None
    }
    for name in ("details", "capabilities", "limits"):
        own, others = getattr(document, name), getattr(other, name)
        if own and others:
            filled[name] = {**others, **{key: value for key, value in own.items() if value is not None}}
    before, after = _prices(document), _prices(other)
    if document.price is not None and prices.schedule(before) == prices.schedule(after):
        filled["price"] = {**prices.main_prices(after), **before}
    return replace(document, **filled)


def _comparable(observed: Document, announced: Document) -> Document:
    """Keep what is not compared here as announced: the main prices and prices that are no longer listed.

    The main prices are followed separately, and unlisted does not mean free, except for what a model sells
    instead of tokens. A new schedule replaces both.
    """
    before, after = _prices(announced), _prices(observed)
    if prices.schedule(before) != prices.schedule(after):
        return observed
    sold = sold_instead(before, after)
    unlisted = {key: price for key, price in before.items() if key not in after and key not in sold}
    return replace(observed, price={**after, **unlisted, **prices.main_prices(before)})


def _prices(document: Document) -> Prices:
    return document.price or {}


def _wait(item: Item, aspect: Aspect, at: datetime) -> Pending:
    """Start or continue the hold of a change."""
    before = item.pending.get(aspect)
    return Pending(before.since, CONFIRMED) if before else Pending(at)


def _is_past_its_date(announced: Document, at: datetime) -> bool:
    return announced.expiration is not None and _days_left(announced, at) <= 0


def _days_left(document: Document, at: datetime) -> int:
    """Return the UTC days until a model leaves; a huge number if it has no date."""
    day = dates.day_of(document.expiration)
    return dates.days_left(day, at) if day else sys.maxsize


def _reached(document: Document, at: datetime, policy: Policy) -> int | None:
    """Return the most urgent reminder (days) that the document's date has reached, OVERDUE at last."""
    return dates.reached(dates.day_of(document.expiration), at, (*policy.reminders, OVERDUE))
