"""The model list (`GET /api/v1/models`): one document for each model, by id."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from watcher.domain.catalog import Document, Json, Snapshot
from watcher.domain.errors import RefusedError
from watcher.openrouter import dates, prices
from watcher.openrouter.descriptions import deprecation
from watcher.openrouter.ids import BATCH, base, variant
from watcher.sources.usable import is_usable_id

LONGEST_WORDS = 200
MOST_ROWS = 20_000  # the real list has 600; each one takes 6 kB of memory
BAD_SHARE = 20  # more than one model in twenty unreadable: the answer is broken, not the models
DEEPEST = 20  # the API nests five deep; what is nested without end could neither be compared nor stored
NEXT = re.compile(rb'"next"\s*:\s*"')
LIMITS = ("context_length", "max_completion_tokens", "is_moderated")
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
    except (ValueError, RecursionError) as problem:
        message = f"the answer is no JSON that can be trusted ({str(problem)[:80] or 'nested too deeply'})"
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


def _snapshot(rows: Sequence[Json], at: datetime, query_id: str) -> Snapshot:
    documents: dict[str, Document] = {}
    raw: dict[str, str] = {}
    refused: dict[str, str] = {}
    fields: set[str] = set()
    for row in rows:
        model = _id(row)
        try:
            readable = _readable(row)
            written = _written(readable)
            if raw.setdefault(str(model), written) != written:
                refused[str(model)] = "is listed twice, differently"
            documents[str(model)] = document(readable, at)
            fields |= _fields(readable)
        except ValueError as problem:
            refused[model or f"row {len(refused) + 1}"] = str(problem)
    for model in refused:
        documents.pop(model, None)
    if len(refused) * BAD_SHARE > len(rows):
        model, reason = next(iter(refused.items()))
        message = f"{len(refused)} of {len(rows)} models cannot be read; {model}: {reason}"
        raise RefusedError(message)
    return Snapshot(query_id, _with_batch(documents), frozenset(fields), refused, raw)


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
    text.encode()
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


def document(row: Mapping[str, Json], at: datetime) -> Document:
    """Return the comparable document of a row, with exact prices and sorted sets. Raises ValueError."""
    price, clock = prices.comparable(_mapping(row, "pricing"))
    if missing := [key for key in prices.MAIN if key not in {**price, **clock}]:
        message = f"has no price for {' and '.join(missing)}"
        raise ValueError(message)
    shape, shown = _mapping(row, "architecture"), _mapping(row, "top_provider")
    return Document(
        price=price,
        expiration=dates.expiration(row.get("expiration_date"), at),
        alias=_text(_mapping(row, "alias_target"), "slug"),
        context=_count(row, "context_length"),
        capabilities={
            "input": _set(shape.get("input_modalities")),
            "output": _set(shape.get("output_modalities")),
            "parameters": _set(row.get("supported_parameters")),
            "voices": _set(row.get("supported_voices")),
        },
        details={
            "name": _text(row, "name"),
            "canonical_slug": _text(row, "canonical_slug"),
            "knowledge_cutoff": _text(row, "knowledge_cutoff"),
            "mandatory_reasoning": _mapping(row, "reasoning").get("mandatory"),
        },
        deprecation=deprecation(row.get("description")),
        limits={key: shown.get(key) for key in LIMITS},
        clock=clock,
        routing=dict(shown),
    )


def _mapping(row: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    value = row.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(row: Mapping[str, Json], key: str) -> str | None:
    """Return a text field; None for anything else."""
    value = row.get(key)
    return value if isinstance(value, str) else None


def _count(row: Mapping[str, Json], key: str) -> int | None:
    """Return a number of tokens; None if it is missing. Raises ValueError for anything else."""
    value = row.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    message = f"{key} is {str(value)[:40]!r}, which is no number of tokens"
    raise ValueError(message)


def _set(value: Json) -> list[str] | None:
    """Return a list as a sorted set of texts; None, which is unknown, for anything else."""
    return sorted({str(entry) for entry in value}) if isinstance(value, list) else None


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
