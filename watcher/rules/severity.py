"""How urgent an event is unless a rule says otherwise."""

from collections.abc import Callable, Mapping

from watcher.domain.causes import ON_TIME
from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import Event
from watcher.openrouter import dates, prices

SOON = 7  # days: what leaves by then is critical
WORDS: Mapping[str, Severity] = {
    severity.word: severity for severity in (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
}
"""The severities by the names that rules and messages use."""


def severity_of(event: Event) -> Severity:
    """Return what the rule that tells it says, else the default of its kind."""
    return default(event) if event.severity is None else event.severity


def default(event: Event) -> Severity:
    """Return how urgent an event is by itself."""
    judge = JUDGES.get(event.kind)
    return judge(event) if judge else event.kind.row.severity


def is_last_but_one(event: Event) -> bool:
    """Whether an event is a provider that left a model with only one."""
    left = event.after.get("providers") if isinstance(event.after, Mapping) else None
    return event.kind is Kind.PROVIDER_REMOVED and left == 1


def _removed(event: Event) -> Severity:
    """Judge a removal: what goes as announced surprises nobody."""
    day = dates.day_of(event.model.expiration) if event.model else None
    is_on_time = event.cause == ON_TIME or (day is not None and dates.days_left(day, event.at) <= 0)
    return Severity.WARNING if is_on_time else Severity.CRITICAL


def _leaving(event: Event) -> Severity:
    day = dates.day_of(event.after)
    is_soon = day is not None and dates.days_left(day, event.at) <= SOON
    return Severity.CRITICAL if is_soon else Severity.WARNING


def _price(event: Event) -> Severity:
    return Severity.INFO if prices.direction(event.before, event.after) < 0 else Severity.WARNING


def _provider_left(event: Event) -> Severity:
    """With one provider left, a model is as good as leaving."""
    return Severity.CRITICAL if is_last_but_one(event) else event.kind.row.severity


JUDGES: Mapping[Kind, Callable[[Event], Severity]] = {
    Kind.MODEL_REMOVED: _removed,
    Kind.EXPIRATION_ANNOUNCED: _leaving,
    Kind.EXPIRATION_MOVED: _leaving,
    Kind.EXPIRATION_RESTORED: _leaving,
    Kind.EXPIRATION_REMINDER: _leaving,
    Kind.PRICE_CHANGED: _price,
    Kind.PROVIDER_REMOVED: _provider_left,
}
"""The kinds whose severity depends on what happened; all others have that of their row."""
