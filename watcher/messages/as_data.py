"""An event for machines: what the commands print with `--json`, and what webhooks are sent."""

from dataclasses import asdict

from watcher.domain.catalog import Json
from watcher.domain.news import Event
from watcher.rules.severity import severity_of
from watcher.text.times import to_iso

CHART = "chart"  # a fact that is a picture: nothing to read


def as_data(event: Event) -> dict[str, Json]:
    """Return an event as JSON: times in UTC, prices as the API has them; what does not apply is left out."""
    always: dict[str, Json] = {
        "type": "event",
        "id": event.id,
        "at": to_iso(event.at),
        "kind": event.kind,
        "severity": severity_of(event).word,
        "subject": event.subject,
        "before": event.before,
        "after": event.after,
    }
    optional = {
        "cause": event.cause,
        "provider": event.provider,
        "fields": [asdict(change) for change in event.fields],
        "facts": {name: fact for name, fact in event.facts.items() if name != CHART},
    }
    return always | {key: value for key, value in optional.items() if value}
