"""The model list (`GET /api/v1/models`): one document for each model, by id."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from watcher.domain.catalog import Document, Json, Prices, Snapshot
from watcher.domain.errors import RefusedError
from watcher.openrouter import dates, prices
from watcher.openrouter.descriptions import deprecation
from watcher.openrouter.ids import BATCH, base, variant
from watcher.openrouter.pricing import comparable, unreadable
from watcher.sources.fields import Fields, count, flag, text, texts
from watcher.sources.usable import is_usable_id

LONGEST_WORDS = 200
MOST_ROWS = 20_000  # the real list has 600; each one takes 6 kB of memory
BAD_SHARE = 20  # more than one model in twenty unreadable: the answer is broken, not the models
DEEPEST = 20  # the API nests five deep; what is nested without end could neither be compared nor stored
NEXT = re.compile(rb'"next"\s*:\s*"')
LIMITS: Mapping[str, Callable[[Json], Json]] = {
    "context_length": count,
    "max_completion_tokens": count,
    "is_moderated": flag,
}
VITAL = frozenset({"context_length", "expiration_date", "pricing.prompt", "pricing.completion"})
"""Fields that make a row a bad one if they cannot be read."""
NESTED = ("pricing", "architecture", "top_provider")
READ = frozenset(
    {
        "name",
        "canonical_slug",
        "context_length",
        "expiration_date",
        "supported_parameters",
        "architecture.input_modalities",
        "architecture.output_modalities",
    }
)
"""Fields that every row has and that events are made from."""


def next_page(page: bytes) -> str | None:
    """Return `links.next` of a page; None for the last page and for one that cannot be read."""
    if not NEXT.search(page):
        return None  # as nearly always, and parse() reads the page anyway
    try:
        links = _envelope(page).get("links")
    except RefusedError:
        return None  # parse() will say why
    following = links.get("next") if isinstance(links, Mapping) else None
    return following if isinstance(following, str) else None


def parse(pages: Sequence[bytes], at: datetime, query_id: str) -> Snapshot:
    """Read all pages of an answer received at `at` (UTC). Raises RefusedError if it is broken or partial."""
    rows: list[Json] = []
    promised = 0
    for page in pages:
        envelope = _envelope(page)
        data = envelope.get("data")
        if not isinstance(data, list):
            message = "the answer has no list of models in `data`"
            raise RefusedError(message)
        rows += data
        total = envelope.get("total_count")
        promised = max(promised, total if isinstance(total, int) else 0)
    if not rows:
        message = "the list of models is empty"
        raise RefusedError(message)
    if len(rows) < promised:
        message = f"the list is partial: {len(rows)} of {promised} models"
        raise RefusedError(message)
    if len(rows) > MOST_ROWS:
        message = f"the list has {len(rows):,} models; watcher reads at most {MOST_ROWS:,}"
        raise RefusedError(message)
    return _snapshot(rows, at, query_id)


def _envelope(page: bytes) -> Mapping[str, Json]:
    try:
        body = json.loads(
            page, parse_constant=_no_constant, parse_float=_number, object_pairs_hook=_no_duplicates
        )
    except ValueError as problem:
        message = f"the answer is no JSON that can be trusted ({str(problem)[:80]})"
        raise RefusedError(message) from None
    except RecursionError:  # whose own words depend on the Python
        message = "the answer is nested too deeply"
        raise RefusedError(message) from None
    if not isinstance(body, dict):
        message = "the answer is not a JSON object"
        raise RefusedError(message)
    if "error" in body and "data" not in body:
        error = body["error"]
        words = error.get("message") if isinstance(error, dict) else error
        message = f"the server answered with an error: {str(words)[:LONGEST_WORDS]!r:.{LONGEST_WORDS}}"
        raise RefusedError(message)
    return body


def _no_constant(name: str) -> Json:
    message = f"{name} is no JSON number"
    raise ValueError(message)


def _number(text: str) -> float | str:
    """Read a number; one too large for a float, such as 1e400, stays text and is refused where it is used."""
    number = float(text)
    return number if math.isfinite(number) else text


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        message = "an object has one key twice"
        raise ValueError(message)
    return mapping


@dataclass(slots=True)
class _Reading:
    """What has been read of a list so far."""

    documents: dict[str, Document] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unread: dict[str, dict[str, str]] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)

    def read(self, row: Json, at: datetime) -> None:
        """Read a row, or note why it cannot be read."""
        model = _id(row)
        try:
            readable = _readable(row)
            written = _written(readable)
            if self.raw.setdefault(str(model), written) != written:
                self.refused[str(model)] = "is listed twice, differently"
            unread: dict[str, str] = {}
            self.documents[str(model)] = document(readable, at, unread)
            if unread:
                self.unread[str(model)] = unread
            self.fields |= _fields(readable)
        except ValueError as problem:
            self.refused[model or f"row {len(self.refused) + 1}"] = str(problem)

    def bad(self) -> dict[str, str]:
        """Return the rows that say nothing, or not the most important, and why."""
        vital: dict[str, str] = {}
        for model, unread in self.unread.items():
            names = [name for name in unread if name in VITAL]
            if names:
                vital[model] = f"{names[0]} {unread[names[0]]}"
        return {**self.refused, **vital}


def _snapshot(rows: Sequence[Json], at: datetime, query_id: str) -> Snapshot:
    found = _Reading()
    for row in rows:
        found.read(row, at)
    for model in found.refused:
        found.documents.pop(model, None)
        found.unread.pop(model, None)
    bad = found.bad()
    if len(bad) * BAD_SHARE > len(rows):
        model, reason = next(iter(bad.items()))
        message = f"{len(bad)} of {len(rows)} models cannot be read; {model}: {reason}"
        raise RefusedError(message)
    documents = _with_batch(found.documents)
    unread = {model: fields for model, fields in found.unread.items() if model in documents}
    return Snapshot(query_id, documents, frozenset(found.fields), found.refused, found.raw, unread)


def _readable(row: Json) -> Mapping[str, Json]:
    """Return the row if it can be read. Raises ValueError."""
    if not isinstance(row, Mapping) or _id(row) is None:
        message = "has no usable id"
        raise ValueError(message)
    if _is_nested_too_deeply(row):
        message = f"is nested more than {DEEPEST} deep"
        raise ValueError(message)
    return row


def _written(row: Mapping[str, Json]) -> str:
    """Return a row as JSON. Raises ValueError for a lone surrogate, which cannot be stored."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        message = "has text that is no Unicode: surrogates not allowed"
        raise ValueError(message) from None
    return text


def _id(row: Json) -> str | None:
    model = row.get("id") if isinstance(row, Mapping) else None
    return model if isinstance(model, str) and is_usable_id(model) else None


def _is_nested_too_deeply(row: Json) -> bool:
    """Whether a row is nested deeper than DEEPEST; by level, because recursion could exhaust the stack."""
    level: list[Json] = [row]
    for _ in range(DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
    return bool(level)


def _inside(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _fields(row: Mapping[str, Json]) -> set[str]:
    names = set(row)
    for key in NESTED:
        inner = row.get(key)
        names |= {f"{key}.{name}" for name in inner} if isinstance(inner, Mapping) else set()
    return names


def document(row: Mapping[str, Json], at: datetime, unread: dict[str, str] | None = None) -> Document:
    """Return the comparable document of a row, with exact prices and sorted sets.

    What cannot be read is unknown, and `unread` gets to know why, by field.
    """
    fields = Fields(row, {} if unread is None else unread)
    price, clock = _price(fields.inner("pricing"))
    shape, shown = fields.inner("architecture"), fields.inner("top_provider")
    return Document(
        price=price,
        expiration=fields.read("expiration_date", partial(dates.expiration, at=at)),
        alias=fields.inner("alias_target").read("slug", text),
        context=fields.read("context_length", count),
        capabilities={
            "input": shape.read("input_modalities", texts),
            "output": shape.read("output_modalities", texts),
            "parameters": fields.read("supported_parameters", texts),
            "voices": fields.read("supported_voices", texts),
        },
        details={
            "name": fields.read("name", text),
            "canonical_slug": fields.read("canonical_slug", text),
            "knowledge_cutoff": fields.read("knowledge_cutoff", text),
            "mandatory_reasoning": fields.inner("reasoning").read("mandatory", flag),
        },
        deprecation=deprecation(fields.read("description", text)),
        limits={key: shown.read(key, reader) for key, reader in LIMITS.items()},
        clock=clock,
        routing=dict(shown.values),
    )


def _price(pricing: Fields) -> tuple[Prices, Prices]:
    price, clock = comparable(pricing.values)
    for key, problem in unreadable(pricing.values).items():
        pricing.refuse(key, problem)
    for key in prices.MAIN:
        if key not in {**price, **clock}:
            pricing.refuse(key, "not a price")
    return price, clock


def _with_batch(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Make each batch variant a capability of its model: it is no model of its own."""
    batches = {model for model in documents if variant(model) == BATCH and base(model) in documents}
    return {
        model: replace(
            document,
            capabilities={
                **(document.capabilities or {}),
                "service": [BATCH] if f"{model}:{BATCH}" in batches else [],
            },
        )
        for model, document in documents.items()
        if model not in batches
    }
