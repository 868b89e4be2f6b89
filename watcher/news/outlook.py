"""What is on hold: what would be reported, when, and why then."""

from dataclasses import dataclass
from datetime import datetime

from watcher.domain.catalog import Change, Item
from watcher.domain.news import Event
from watcher.domain.policy import Policy
from watcher.domain.providers import Market
from watcher.news import row_price
from watcher.news.holds import Moment, Reason
from watcher.news.settle import Case
from watcher.openrouter import prices


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change on hold: since when, when it is reported if it lasts (UTC), and why then."""

    event: Event
    since: datetime
    due_at: datetime
    reason: Reason


def outlook(
    model: str, item: Item, moment: Moment, policy: Policy, *, market: Market | None = None
) -> list[Waiting]:
    """Return a model's changes on hold as of the last poll; `event` is what would be reported."""
    if item.observed is None:
        return []
    case = Case.of(model, item, item.observed, moment, policy, market=market)
    return [*(_waiting(case, change) for change in case.changes), *_waiting_row(case)]


def _waiting(case: Case, change: Change) -> Waiting:
    due = case.due_at(change)
    return Waiting(case.event(change), case.waits[change.aspect].since, due.at, due.reason)


def _waiting_row(case: Case) -> list[Waiting]:
    row = case.item.row
    due = row_price.due_at(row, case.moment, case.policy.holds["price_listed"]) if row else None
    if row is None or due is None:
        return []
    shift = row_price.shift_of(row, prices.main_prices(case.observed.price), case.observed.routing)
    return [Waiting(event, shift.since, due, Reason.LISTED) for event in case.events_of_row(shift)]
