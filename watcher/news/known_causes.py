"""The causes that each kind of event can have, for rules that ask for one."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from watcher.domain.causes import OF_REMOVAL, OF_ROUTING
from watcher.domain.kinds import About, Kind
from watcher.news.causes import LISTED, OF_DETAIL, SCHEDULE
from watcher.news.completeness import OF_INCOMPLETE
from watcher.news.feed import SEEN
from watcher.news.floor_causes import OF_FLOOR
from watcher.news.lineage import FREE_ENDED, RENAMED_FROM, RENAMED_TO
from watcher.news.model_list import NEW_FIELD, NEW_FIELDS
from watcher.news.providers import LAST_ONE, LEFT
from watcher.news.unreadable import OF_UNREADABLE
from watcher.rules.values import Globs
from watcher.text.globs import ANY, overlap

CAUSES: Mapping[Kind, tuple[str, ...]] = {
    Kind.MODEL_ADDED: (SEEN, RENAMED_FROM),
    Kind.MODEL_REMOVED: (*OF_REMOVAL, RENAMED_TO, FREE_ENDED),
    Kind.PRICE_CHANGED: (LISTED, SCHEDULE, *OF_FLOOR),
    Kind.PRICE_ROUTED: OF_ROUTING,
    Kind.PRICE_DETAIL: OF_DETAIL,
    Kind.PROVIDER_REMOVED: (LAST_ONE, LEFT),
    Kind.CATALOG_CHANGED: (NEW_FIELD, NEW_FIELDS),
    Kind.CATALOG_INCOMPLETE: OF_INCOMPLETE,
    Kind.MODEL_UNREADABLE: OF_UNREADABLE,
}
"""Kinds about a part of watcher give a reason in free words instead; all others give no cause."""


@lru_cache(maxsize=1024)
def can_have(kind: Kind, pattern: str) -> bool:
    """Whether an event of a kind can have a cause that matches."""
    if kind.row.about is About.PART:
        return True
    return any(overlap(pattern, cause.replace("{}", ANY)) for cause in ("", *CAUSES.get(kind, ())))


def met_by(kind: Kind, wanted: Globs) -> bool:
    """Whether an event of a kind can meet a rule's `cause`."""
    named = [pattern for pattern in wanted.patterns if not pattern.startswith("!")]
    return not named or any(can_have(kind, pattern) for pattern in named)


def said(kinds: Collection[Kind]) -> list[str]:
    """Give the causes of these kinds as people read them, each once."""
    return list(dict.fromkeys(cause.replace("{}", "...") for kind in kinds for cause in CAUSES.get(kind, ())))
