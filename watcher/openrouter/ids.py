"""What a model's id says: author, variant, alias.

`author/name` is a model, `author/name:variant` the same model sold another way (`free`, `batch`, ...),
`~author/name-latest` an alias of whichever model is the latest.
"""

from urllib.parse import quote

from watcher.domain.catalog import Document

BATCH = "batch"
FREE = "free"
VARIANTS = (
    FREE,
    BATCH,
    "thinking",
    "extended",
    "exacto",
    "online",
    "nitro",
    "floor",
    "beta",
    "self-moderated",
)
"""The variants there are or were; the list shows only some of them."""


def author(model: str) -> str:
    """Return the author: `openai` for `openai/gpt-5:batch` and for `~openai/gpt-latest`."""
    return model.removeprefix("~").partition("/")[0]


def variant(model: str) -> str | None:
    """Return the variant: `free` for `openai/gpt-oss:free`, None for a plain id."""
    return model.partition(":")[2] or None


def base(model: str) -> str:
    """Return the id without its variant."""
    return model.partition(":")[0]


def is_alias(model: str) -> bool:
    """Whether the id only points to another model."""
    return model.startswith("~")


def slug(document: Document) -> str:
    """Return the canonical slug, which an id and its variants share and keep when renamed; else empty."""
    return str((document.details or {}).get("canonical_slug") or "")


def page(model: str) -> str:
    """Return the address of the model's page; whatever the id is, it stays on that site."""
    return f"https://openrouter.ai/{quote(model, safe='/:~')}"
