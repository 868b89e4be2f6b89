"""A message as incidents: one for each model or part and kind, which its end resolves."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from watcher.domain.catalog import Json
from watcher.domain.kinds import KINDS, Kind
from watcher.domain.letter import Entry
from watcher.forms.fit import dots, fit
from watcher.forms.paragraphs import literal, utf8, utf16
from watcher.forms.post import ENDS, TEST, Post, Tone, tone_of
from watcher.text.clean import clean

MOST = 20  # requests for a message; what is beyond is one incident
LONGEST_KEY = 250  # characters; PagerDuty takes 255, Opsgenie 512
LONGEST_SUMMARY = 1000  # of PagerDuty's 1,024 characters
LONGEST_MESSAGE = 130  # characters of Opsgenie
LONGEST_DESCRIPTION = 10_000  # of Opsgenie's 15,000 characters
LONGEST_DETAILS = 5000  # of Opsgenie's 8,000 characters
SAME: Mapping[str, Kind] = {
    Kind.EXPIRATION_MOVED: Kind.EXPIRATION_ANNOUNCED,
    Kind.EXPIRATION_RESTORED: Kind.EXPIRATION_ANNOUNCED,
    Kind.EXPIRATION_REMINDER: Kind.EXPIRATION_ANNOUNCED,
    **ENDS,
}
"""The kinds that are about an incident of another kind."""
OURS = frozenset({"id", "kind", "at"})  # what no one else has written
SEVERITIES: Mapping[Tone, str] = {
    Tone.CRITICAL: "critical",
    Tone.WARNING: "warning",
    Tone.INFO: "info",
    Tone.RECOVERED: "info",
}
PRIORITIES: Mapping[Tone, str] = {
    Tone.CRITICAL: "P2",
    Tone.WARNING: "P3",
    Tone.INFO: "P5",
    Tone.RECOVERED: "P5",
}
"""P1 is for what wakes everybody; a model that leaves is not that."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What opens an incident, or resolves the one with the same key."""

    key: str
    summary: str
    tone: Tone
    is_over: bool = False
    kind: str = ""
    subject: str = ""
    text: str = ""
    link: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


def incidents(post: Post) -> list[Incident]:
    """Return what a message opens and resolves, most urgent first; of one key, only what came last."""
    events = {str(event.get("id")): event for event in post.letter.data}
    last: dict[str, tuple[str, Incident]] = {}
    for entry in post.letter.entries:
        told = [event for number in entry.events if (event := events.get(number))]
        for at, incident in _of(entry, told, post):
            if incident.key not in last or at >= last[incident.key][0]:
                last[incident.key] = at, incident
    if TEST in {entry.kind for entry in post.letter.entries}:
        test = _all(post, f"watcher:{TEST}")
        return [test, replace(test, is_over=True)]  # so that nobody has to
    found = [incident for _, incident in last.values()] or [_all(post, "watcher:message")]
    rest = [_all(post, "watcher:more")] if len(found) > MOST else []
    return [*found[: MOST - len(rest)], *rest]


def _of(entry: Entry, events: Sequence[Mapping[str, Json]], post: Post) -> Iterator[tuple[str, Incident]]:
    """Yield an incident for each model or part that an entry is about, with its time."""
    subjects = {_subject(event): event for event in events if event.get("kind") == entry.kind}
    if not subjects:
        yield "", _incident(entry, entry.subject, {}, post)
    for subject, event in subjects.items() if entry.names else [*subjects.items()][:1]:
        yield str(event.get("at", "")), _incident(entry, subject, event, post)


def _subject(event: Mapping[str, Json]) -> str:
    return ":".join(str(event[key]) for key in ("subject", "provider") if event.get(key))


def _incident(entry: Entry, subject: str, event: Mapping[str, Json], post: Post) -> Incident:
    kind = SAME.get(entry.kind) or KINDS.get(entry.kind) or entry.kind
    names = ", ".join(map(clean, entry.names)) if not entry.link else ""
    text = literal(f"{entry.text}{names}{entry.after}")
    return Incident(
        key=fit(clean(f"watcher:{kind}:{subject}", 2 * LONGEST_KEY), len, LONGEST_KEY, dots),
        summary=text,
        tone=tone_of([entry]),
        is_over=entry.kind in ENDS,
        kind=entry.kind,
        subject=literal(str(event.get("subject") or entry.subject)),
        text="\n".join([text, *map(literal, _besides(entry)), literal(post.letter.footer)]),
        link=entry.link,
        details=dict(_details(event)),
    )


def _besides(entry: Entry) -> Iterator[str]:
    yield from entry.besides
    for successor in entry.successors:
        yield f"instead: {successor.model} ({successor.price})"


def _details(event: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for key in ("id", "kind", "subject", "provider", "before", "after", "cause", "at"):
        if event.get(key) is not None:
            yield key, fit(_value(event[key], key), utf8, LONGEST_DETAILS // 8, dots)


def _value(value: Json, key: str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if key in OURS else literal(text)


def _all(post: Post, key: str) -> Incident:
    """Return an incident that stands for a whole message."""
    text = "\n".join(map(literal, post.body.splitlines()))
    return Incident(key, literal(post.title), post.tone, text=text)


def pagerduty(incident: Incident) -> dict[str, Json]:
    """Write an incident for PagerDuty; to resolve one takes no more than its key."""
    if incident.is_over:
        return {"event_action": "resolve", "dedup_key": incident.key}
    summary = fit(incident.summary, utf16, LONGEST_SUMMARY, dots)
    links: list[Json] = [{"href": incident.link, "text": "The model's page"}] if incident.link else []
    details = {**incident.details, "text": fit(incident.text, utf8, LONGEST_DESCRIPTION, dots)}
    return {
        "event_action": "trigger",
        "dedup_key": incident.key,
        "payload": {
            "summary": summary,
            "severity": SEVERITIES[incident.tone],
            "component": incident.subject or "watcher",
            "class": incident.kind,
            "custom_details": details,
        },
        "links": links,
    }


def opsgenie(incident: Incident) -> dict[str, Json]:
    """Write an incident for Opsgenie, or the note with which one is closed."""
    if incident.is_over:
        return {"note": fit(incident.summary, utf16, LONGEST_SUMMARY, dots)}
    lines = [incident.text, *([incident.link] if incident.link else [])]
    return {
        "alias": incident.key,
        "message": fit(incident.summary, utf16, LONGEST_MESSAGE, dots),
        "description": "\n".join(_cut(lines)),
        "priority": PRIORITIES[incident.tone],
        "details": {**incident.details},
    }


def _cut(lines: Iterable[str]) -> list[str]:
    return [fit(line, utf16, LONGEST_DESCRIPTION, dots) for line in lines]
