"""What a model's id says: author, variant, alias.

`author/name` is a model, `author/name:variant` the same model sold another way (`free`, `batch`, ...),
`~author/name-latest` an alias of whichever model is the latest.
"""

from collections.abc import Mapping
from urllib.parse import quote

from watcher.domain.catalog import Document

BATCH = "batch"
FREE = "free"


def author(model: str) -> str:
    """Give the author: `openai` for `openai/gpt-5:batch` and for `~openai/gpt-latest`."""
    return model.removeprefix("~").partition("/")[0]


def variant(model: str) -> str | None:
    """Give the variant: `free` for `openai/gpt-oss:free`, None for a plain id."""
    return model.partition(":")[2] or None


def base(model: str) -> str:
    """Give the id without its variant."""
    return model.partition(":")[0]


def is_alias(model: str) -> bool:
    """Tell whether the id only points to another model."""
    return model.startswith("~")


def slug(document: Document) -> str:
    """Give the canonical slug, which an id and its variants share and keep when renamed; else empty."""
    details = document.get("details")
    return str((details.get("canonical_slug") if isinstance(details, Mapping) else None) or "")


def page(model: str) -> str:
    """Give the model's page for people; whatever the id is, one link to that site."""
    return f"https://openrouter.ai/{quote(model, safe='/:~')}"
