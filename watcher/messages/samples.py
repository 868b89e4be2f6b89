"""A made-up event of every kind: what `watcher preview` and the tests of messages show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.domain.catalog import Document, FieldChange, Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.text.times import to_iso

OWL, HERON, WREN, CONDOR, ALIAS = (
    "acme/owl-2",
    "wetland/heron-large",
    "wetland/wren-nano",
    "acme/condor-3",
    "~acme/owl-latest",
)
NAMES: Mapping[str, str] = {
    OWL: "Acme: Owl 2",
    HERON: "Wetland: Heron Large",
    WREN: "Wetland: Wren Nano",
    CONDOR: "Acme: Condor 3",
    ALIAS: "Acme: Owl (latest)",
}
PRICE: Mapping[str, Json] = {"prompt": "0.00000125", "completion": "0.00001"}
DEARER: Mapping[str, Json] = {"prompt": "0.0000015", "completion": "0.0000125"}
CHEAPER: Mapping[str, Json] = {"prompt": "0.000001", "completion": "0.000008"}
SMALL: Mapping[str, Json] = {"prompt": "0.0000001", "completion": "0.0000004"}
CAPABILITIES: Mapping[str, Json] = {"input": ["text"], "output": ["text"], "parameters": ["tools"]}
SUCCESSORS: Sequence[Json] = [
    {"model": CONDOR, "name": NAMES[CONDOR], "price": "20 % cheaper", "lost": []},
    {"model": WREN, "name": NAMES[WREN], "price": "92 % cheaper", "lost": ["image input"]},
]
TREND, RECORD = "▁▁▁▃▃▃▃▆", "highest since May"
OUTAGE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class _Made:
    """What is made up of an event; the rest is the same for all."""

    subject: str
    before: Json = None
    after: Json = None
    fields: tuple[FieldChange, ...] = ()
    cause: str | None = None
    provider: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


def sample_events(at: datetime) -> dict[Kind, Event]:
    """Make up an event of every kind, reported at `at` (UTC)."""
    made = _leaving(at) | _prices(at) | _providers() | _models() | _catalog(at) | _parts(at)
    return {kind: _event(kind, made[kind], at) for kind in Kind}


def _event(kind: Kind, made: _Made, at: datetime) -> Event:
    name = NAMES.get(made.subject)
    return Event(
        id=f"sample-{kind.replace('.', '-').replace('_', '-')}",
        at=at,
        kind=kind,
        subject=made.subject,
        before=made.before,
        after=made.after,
        fields=made.fields,
        cause=made.cause,
        since=at - timedelta(hours=2),
        model=Document(price=PRICE, details={"name": name}) if name else None,
        provider=made.provider,
        facts=made.facts,
    )


def _leaving(at: datetime) -> dict[Kind, _Made]:
    soon, later, past = (f"{at + timedelta(days=days):%Y-%m-%d}" for days in (5, 12, -2))
    successors: Mapping[str, Json] = {"successors": SUCCESSORS}
    deprecated = "This model is deprecated; use Heron Grand instead."
    return {
        Kind.EXPIRATION_ANNOUNCED: _Made(HERON, None, soon, facts=successors),
        Kind.EXPIRATION_MOVED: _Made(HERON, soon, later, facts=successors),
        Kind.EXPIRATION_RESTORED: _Made(HERON, None, later, facts=successors),
        Kind.EXPIRATION_REMINDER: _Made(HERON, None, soon, facts=successors),
        Kind.EXPIRATION_WITHDRAWN: _Made(HERON, soon, None),
        Kind.EXPIRATION_DESCRIBED: _Made(HERON, None, deprecated),
        Kind.EXPIRATION_OVERDUE: _Made(HERON, None, past),
        Kind.MODEL_REMOVED: _Made(WREN, _summary(SMALL), None, cause="without notice", facts=successors),
    }


def _prices(at: datetime) -> dict[Kind, _Made]:
    facts: Mapping[str, Json] = {"trend": TREND, "record": RECORD, "chart": _chart(at)}
    cached = ("input_cache_read", "0.000000125", "0.00000025")
    before, after = ({**PRICE, cached[0]: side} for side in cached[1:])
    return {
        Kind.PRICE_CHANGED: _Made(OWL, PRICE, DEARER, _changes(PRICE, DEARER), facts=facts),
        Kind.PRICE_ROUTED: _Made(
            OWL, PRICE, CHEAPER, _changes(PRICE, CHEAPER), "the host Fowlhost now serves it", "fowlhost"
        ),
        Kind.PRICE_DETAIL: _Made(OWL, before, after, (FieldChange(*cached),)),
        Kind.PROVIDER_PRICE_CHANGED: _Made(
            OWL, PRICE, CHEAPER, _changes(PRICE, CHEAPER), provider="fowlhost"
        ),
        Kind.MODEL_PRICED: _Made(CONDOR, None, CHEAPER),
    }


def _chart(at: datetime) -> Json:
    """Return what the price was in 90 days, with a rise in the middle and the one that is told."""
    start, middle, now = (to_iso(at - timedelta(days=days)) for days in (90, 41, 0.1))
    series: Json = {
        "prompt": [[start, "1.00"], [middle, "1.25"], [now, "1.5"]],
        "completion": [[start, "10"], [now, "12.5"]],
    }
    return {"from": start, "to": to_iso(at), "series": series}


def _providers() -> dict[Kind, _Made]:
    limits: Mapping[str, Json] = {"context": 131072, "max_output": 8192, "quantization": "fp16"}
    lower: Mapping[str, Json] = {**limits, "max_output": 4096, "quantization": "fp8"}
    return {
        Kind.PROVIDER_REMOVED: _Made(
            OWL, PRICE, {"providers": 3}, cause="3 providers remain", provider="fowlhost"
        ),
        Kind.PROVIDER_ADDED: _Made(OWL, None, CHEAPER, provider="fowlhost"),
        Kind.PROVIDER_LIMITS_CHANGED: _Made(OWL, limits, lower, _changes(limits, lower), provider="fowlhost"),
        Kind.ALIAS_RETARGETED: _Made(ALIAS, "acme/owl-1", OWL),
    }


def _models() -> dict[Kind, _Made]:
    gained = FieldChange("parameters", ["tools"], ["seed", "tools"])
    output = FieldChange("max_output", 8192, 16384)
    cutoff = FieldChange("knowledge_cutoff", "2025-06-30", "2026-01-31")
    unread = "its price is not a number"
    return {
        Kind.MODEL_ADDED: _Made(CONDOR, None, _summary(CHEAPER)),
        Kind.MODEL_RETURNED: _Made(WREN, None, _summary(SMALL)),
        Kind.MODEL_UNREADABLE: _Made(WREN, cause=unread),
        Kind.MODEL_READABLE: _Made(WREN, facts={"lasted": OUTAGE.total_seconds()}),
        Kind.CONTEXT_CHANGED: _Made(OWL, 131072, 262144),
        Kind.CAPABILITY_CHANGED: _Made(OWL, fields=(gained,)),
        Kind.LIMITS_CHANGED: _Made(OWL, fields=(output,)),
        Kind.MODEL_CHANGED: _Made(OWL, fields=(cutoff,)),
    }


def _catalog(at: datetime) -> dict[Kind, _Made]:
    missing: list[Json] = [f"wetland/tern-{number}" for number in range(1, 13)]
    lacks = "it lacks 12 models, which count as removed later if they stay away"
    started: Mapping[str, Json] = {"started": to_iso(at - OUTAGE)}
    return {
        Kind.CATALOG_CHANGED: _Made(
            "catalog", None, {"fields": ["plumage"]}, cause="Models have the new field plumage"
        ),
        Kind.CATALOG_INCOMPLETE: _Made("catalog", None, {"missing": missing}, cause=lacks, facts=started),
        Kind.CATALOG_COMPLETE: _Made("catalog", facts={"lasted": OUTAGE.total_seconds()}),
    }


def _parts(at: datetime) -> dict[Kind, _Made]:
    started: Mapping[str, Json] = {"started": to_iso(at - OUTAGE)}
    lasted: Mapping[str, Json] = {"lasted": OUTAGE.total_seconds()}
    return {
        Kind.SOURCE_FAILING: _Made("models", cause="HTTP 503 Service Unavailable", facts=started),
        Kind.SOURCE_RECOVERED: _Made("models", facts=lasted),
        Kind.CHANNEL_FAILING: _Made("ops", cause="HTTP 404 no_service", facts=started),
        Kind.CHANNEL_RECOVERED: _Made("ops", facts=lasted),
        Kind.CONFIGURATION_FAILING: _Made("rules.yaml", cause="rules.yaml:3:1 rules: is missing"),
        Kind.CONFIGURATION_RECOVERED: _Made("rules.yaml", facts=lasted),
        Kind.STORE_FAILING: _Made("store", cause="the disk is full"),
        Kind.STORE_RECOVERED: _Made("store", facts=lasted),
        Kind.MUTE_ENDED: _Made("acme/*", None, {"held": 5, "date": None}, cause="the move was planned"),
    }


def _summary(price: Mapping[str, Json]) -> Json:
    return {"price": price, "context": 131072, "expiration": None, "capabilities": CAPABILITIES}


def _changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(key, before[key], after[key]) for key in before if before[key] != after[key])
