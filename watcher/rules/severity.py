"""How urgent an event is unless a rule says otherwise."""

from collections.abc import Callable, Mapping

from watcher.domain.kinds import Kind, Severity
from watcher.domain.news import ON_TIME, Event
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


def direction(event: Event) -> int:
    """Return 1 for a price that rose, -1 for one that fell, by the usual mix of tokens; else 0."""
    before, after = (prices.blend(side) for side in (event.before, event.after))
    if before is None or after is None or before == after:
        move = prices.largest_move(event.before, event.after) or 0
        return (move > 0) - (move < 0)
    return 1 if after > before else -1


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
    return Severity.INFO if direction(event) < 0 else Severity.WARNING


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
