"""How events about one model relate to another: renamed, or no longer free."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from watcher.domain.catalog import Item
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.openrouter.ids import FREE, base, slug, variant
from watcher.openrouter.prices import full_price, is_free
from watcher.openrouter.units import output_of, show_price

FREE_ENDED = "the free offer ended, {} costs {}"
RENAMED_FROM = "renamed from {}"
RENAMED_TO = "renamed to {}"
MOST_ALIASES = 100  # of one model that an event names
BySlug: TypeAlias = Mapping[tuple[str, bool], list[str]]


def related(news: Sequence[Event], items: Mapping[str, Item]) -> list[Event]:
    """Return the events with their aliases, and with their cause if it lies in another model."""
    if not news:
        return []
    by_slug, aliases = _by_slug(items), _aliases(items)
    return [_with_aliases(_related(event, items, by_slug), aliases) for event in news]


def _with_aliases(event: Event, aliases: Mapping[str, list[str]]) -> Event:
    """Add the aliases that point to the event's model: what happens to it happens to them."""
    by_slug = aliases.get(slug(event.model), []) if event.model else []
    return replace(event, aliases=(*aliases.get(event.subject, []), *by_slug))


def _aliases(items: Mapping[str, Item]) -> dict[str, list[str]]:
    """Find the listed aliases by what they point to, an id or a canonical slug."""
    found: dict[str, list[str]] = {}
    for model, item in items.items():
        if item.listed and item.listed.alias:
            names = found.setdefault(item.listed.alias, [])
            names += [model] if len(names) < MOST_ALIASES else []
    return found


def _related(event: Event, items: Mapping[str, Item], by_slug: BySlug) -> Event:
    if event.kind is Kind.MODEL_REMOVED and variant(event.subject) == FREE:
        paid = items.get(base(event.subject), Item()).listed
        if paid and not is_free(full_price(paid)):
            cause = FREE_ENDED.format(base(event.subject), show_price(full_price(paid), output_of(paid)))
            return replace(event, cause=cause)
    if event.kind in {Kind.MODEL_ADDED, Kind.MODEL_REMOVED} and event.model:
        is_new = event.kind is Kind.MODEL_ADDED
        candidates = by_slug.get((slug(event.model), not is_new), [])
        others = [model for model in candidates if base(model) != base(event.subject)]
        if others:
            return replace(event, cause=(RENAMED_FROM if is_new else RENAMED_TO).format(others[0]))
    return event


def _by_slug(items: Mapping[str, Item]) -> BySlug:
    """Find models by canonical slug, which a model keeps when it gets another id, and whether it is listed.

    Two of different bases are enough to find another one; a list could give all its models one slug.
    """
    found: dict[tuple[str, bool], list[str]] = {}
    for model, item in items.items():
        if item.observed and (shared := slug(item.observed)):
            models = found.setdefault((shared, item.listed is not None), [])
            if not models or (len(models) == 1 and base(models[0]) != base(model)):
                models.append(model)
    return found
