"""How events about one model relate to another: renamed, or no longer free."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watcher.domain.catalog import Item
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.openrouter.ids import FREE, base, slug, variant
from watcher.openrouter.prices import full_price, is_free, show_main

FREE_ENDED = "free tier ended: {} costs {}"
RENAMED_FROM = "renamed from {}"
RENAMED_TO = "renamed to {}"


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
            found.setdefault(item.listed.alias, []).append(model)
    return found


def _related(event: Event, items: Mapping[str, Item], by_slug: Mapping[str, list[str]]) -> Event:
    if event.kind is Kind.MODEL_REMOVED and variant(event.subject) == FREE:
        paid = items.get(base(event.subject), Item()).listed
        if paid and not is_free(full_price(paid)):
            cause = FREE_ENDED.format(base(event.subject), show_main(full_price(paid)))
            return replace(event, cause=cause)
    if event.kind in {Kind.MODEL_ADDED, Kind.MODEL_REMOVED} and event.model:
        is_new = event.kind is Kind.MODEL_ADDED
        others = [model for model in by_slug.get(slug(event.model), []) if base(model) != base(event.subject)]
        fitting = [model for model in others if (items[model].listed is None) == is_new]
        if fitting:
            return replace(event, cause=(RENAMED_FROM if is_new else RENAMED_TO).format(fitting[0]))
    return event


def _by_slug(items: Mapping[str, Item]) -> dict[str, list[str]]:
    """Find models by canonical slug, which a model keeps when it gets another id."""
    found: dict[str, list[str]] = {}
    for model, item in items.items():
        if item.observed:
            found.setdefault(slug(item.observed), []).append(model)
    return {shared: models for shared, models in found.items() if shared and len(models) > 1}
