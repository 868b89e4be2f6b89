"""What the news about one model has to do with another: renamed, or free no longer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from watcher.domain.catalog import Document, Item, Json
from watcher.domain.news import Event
from watcher.openrouter.ids import FREE, base, slug, variant
from watcher.openrouter.prices import headline, is_free, whole


def related(news: Sequence[Event], items: Mapping[str, Item]) -> list[Event]:
    """Give the events, with a cause that lies in another model and with the aliases, where there are any."""
    if not news:
        return []
    by_slug, aliases = _by_slug(items), _aliases(items)
    return [_with_aliases(_related(event, items, by_slug), aliases) for event in news]


def _with_aliases(event: Event, aliases: Mapping[str, list[str]]) -> Event:
    """Name the aliases that point to the event's model: what happens to it happens to them."""
    pointing: list[Json] = [*aliases.get(event.subject, []), *aliases.get(slug(event.model), [])]
    return replace(event, model={**event.model, "aliases": pointing}) if pointing else event


def _aliases(items: Mapping[str, Item]) -> dict[str, list[str]]:
    """Find the listed aliases by what they point to, an id or a canonical slug."""
    found: dict[str, list[str]] = {}
    for model, item in items.items():
        document = _listed(item)
        if document and document.get("alias"):
            found.setdefault(str(document["alias"]), []).append(model)
    return found


def _related(event: Event, items: Mapping[str, Item], by_slug: Mapping[str, list[str]]) -> Event:
    if event.kind == "model.removed" and variant(event.subject) == FREE:
        paid = _listed(items.get(base(event.subject)))
        if paid is not None and not is_free(whole(paid)):
            return replace(
                event, cause=f"free tier ended: {base(event.subject)} costs {headline(whole(paid))}"
            )
    is_new = event.kind == "model.added"
    if is_new or event.kind == "model.removed":
        others = [model for model in by_slug.get(slug(event.model), []) if base(model) != base(event.subject)]
        fitting = [model for model in others if (_listed(items[model]) is None) == is_new]
        if fitting:
            return replace(event, cause=f"renamed {'from' if is_new else 'to'} {fitting[0]}")
    return event


def _by_slug(items: Mapping[str, Item]) -> dict[str, list[str]]:
    """Find models by canonical slug, which a model keeps when it gets another id."""
    found: dict[str, list[str]] = {}
    for model, item in items.items():
        if item.observed:
            found.setdefault(slug(item.observed), []).append(model)
    return {shared: models for shared, models in found.items() if shared and len(models) > 1}


def _listed(item: Item | None) -> Document | None:
    """Give what the list shows of a model, None where it does not show it."""
    return item.observed if item and item.observed and item.observed["listed"] else None
