"""Events as a message: a title, a text for every service, an HTML for mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from watcher.describe import clean, describe, headline, moment
from watcher.domain import Event, Notification
from watcher.events import KINDS
from watcher.identity import page

MOST_LINES = 100  # a longer message is not read; the record has them all
MOST_IDS = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is told: the words, and where to read more."""

    heading: str
    text: str
    link: str | None


def notification(channel: str, at: datetime, events: Sequence[Event], rules: Sequence[str]) -> Notification:
    """Write the one message that a channel gets after a poll, most urgent first."""
    ordered = sorted(
        events, key=lambda event: (KINDS[event.kind].urgency, KINDS[event.kind].heading, event.subject)
    )
    lines = [_line(event) for event in ordered[:MOST_LINES]]
    left_out = len(ordered) - len(lines)
    footer = f"{'Rule' if len(rules) == 1 else 'Rules'}: {', '.join(map(clean, rules))} · {moment(at)}"
    return Notification(
        channel=channel,
        at=at,
        title=_title(ordered),
        body=_body(lines, left_out, footer),
        html=_html(lines, left_out, footer),
        rules=tuple(rules),
        events=tuple(event.id for event in ordered),
    )


def _line(event: Event) -> Line:
    about_model = event.kind.partition(".")[0] not in {"catalog", "source"}
    return Line(
        KINDS[event.kind].heading, describe(event) + _ids(event), page(event.subject) if about_model else None
    )


def _ids(event: Event) -> str:
    """List the models that a catalog-wide event stands for."""
    models = event.after.get("models") if isinstance(event.after, dict) else None
    if event.kind != "catalog.changed" or not isinstance(models, list):
        return ""
    more = f" and {len(models) - MOST_IDS} more" if len(models) > MOST_IDS else ""
    return ": " + ", ".join(clean(str(model)) for model in models[:MOST_IDS]) + more


def _title(events: Sequence[Event]) -> str:
    """Name the most urgent event, and how many more there are."""
    more = len(events) - 1
    suffix = f" and {more} more change{'s' * (more > 1)}" if more else ""
    return headline(events[0]) + suffix


def _body(lines: Sequence[Line], left_out: int, footer: str) -> str:
    text: list[str] = []
    for heading, group in groupby(lines, key=lambda line: line.heading):
        text += [""] * bool(text) + [heading.upper()]
        for line in group:
            text += [f"• {line.text}"] + [f"  {line.link}"] * bool(line.link)
    return "\n".join([*text, *_more(left_out), "", footer])


def _html(lines: Sequence[Line], left_out: int, footer: str) -> str:
    text: list[str] = []
    for heading, group in groupby(lines, key=lambda line: line.heading):
        text += [f"<h3>{escape(heading)}</h3>", "<ul>", *map(_item, group), "</ul>"]
    more = [f"<p>{escape(said)}</p>" for said in _more(left_out)]
    return "\n".join([*text, *more, f"<p><small>{escape(footer)}</small></p>"])


def _item(line: Line) -> str:
    link = f' <a href="{escape(line.link)}">details</a>' if line.link else ""
    return f"<li>{escape(line.text)}{link}</li>"


def _more(left_out: int) -> list[str]:
    return [f"… and {left_out} more: `watcher events` has them all"] if left_out else []
