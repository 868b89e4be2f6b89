"""Events as a message: a title, plain text for every service, HTML for mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from itertools import groupby

from watcher.domain.kinds import About, Kind
from watcher.domain.news import Event, Notification
from watcher.messages.lines import describe, title
from watcher.openrouter.ids import base, page
from watcher.openrouter.prices import largest_move, percent
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import show_time

MOST_LINES = 100  # nobody reads a longer message, and `watcher events` has them all
MOST_IDS = 40


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message: its heading, its text, and where to read more."""

    heading: str
    text: str
    link: str | None


def notification(
    channel: str,
    at: datetime,
    events: Sequence[Event],
    rules: Sequence[str],
    *,
    since: datetime | None = None,
) -> Notification:
    """Write the message to a channel, most urgent first; `since`: the start of a long period it covers."""
    ordered = _in_order(events)
    changes = [list(alike) for _, alike in groupby(ordered, key=_change_key)]
    is_dated = len({event.at for event in events}) > 1
    lines = [_line(alike, is_dated=is_dated) for alike in changes[:MOST_LINES]]
    left_out = len(changes) - len(lines)
    footer = f"{'Rule' if len(rules) == 1 else 'Rules'}: {', '.join(map(clean, rules))} · {show_time(at)}"
    footer += f" · covers everything since {show_time(since)}" if since else ""
    return Notification(
        channel=channel,
        at=at,
        title=_title([alike[0] for alike in changes]),
        body=_body(lines, left_out, footer),
        html=_html(lines, left_out, footer),
        rules=tuple(rules),
        events=tuple(event.id for event in ordered),
    )


def _in_order(events: Sequence[Event]) -> list[Event]:
    """Sort the most urgent first, then the largest price changes, then the oldest."""
    moves: dict[tuple[str, str], Decimal] = {}
    firsts: dict[tuple[str, str], datetime] = {}
    for event in events:
        about = event.kind, base(event.subject)
        moves[about] = max(moves.get(about, Decimal(0)), abs(_move(event) or Decimal(0)))
        firsts[about] = min(firsts.get(about, event.at), event.at)

    def order(event: Event) -> tuple[object, ...]:
        kind, model = event.kind.row, base(event.subject)
        moved, first = -moves[event.kind, model], firsts[event.kind, model]
        return kind.severity, kind.heading, moved, first, model, event.at, _change_key(event), event.subject

    return sorted(events, key=order)


def _move(event: Event) -> Decimal | None:
    return largest_move(event.before, event.after) if event.kind is Kind.PRICE_CHANGED else None


def _change_key(event: Event) -> tuple[str, ...]:
    """Return the key that groups events which are one change to a model and its variants."""
    move, aspect = _move(event), event.kind.partition(".")[0]
    same = percent(move) if move else ""
    if aspect in {"expiration", "context", "capability"}:
        same = str((event.after, event.fields))
    if aspect == "catalog":
        same = str(event.cause)
    return base(event.subject), event.kind, same, event.at.isoformat()


def _line(alike: Sequence[Event], *, is_dated: bool) -> Line:
    """Write one change in one line: the model in full, its variants by name, and the time if `is_dated`."""
    event, *others = alike
    names = [clean(name) for name in (*(other.subject for other in others), *event.aliases)]
    also = f"; also applies to {', '.join(names)}" if names else ""
    text = describe(event) + _ids(event) + also + (f" · {show_time(event.at)}" if is_dated else "")
    return Line(
        event.kind.row.heading, text, page(event.subject) if event.kind.row.about is About.MODEL else None
    )


def _ids(event: Event) -> str:
    """List the models of a catalog-wide event."""
    models = event.after.get("models") if isinstance(event.after, dict) else None
    if event.kind is not Kind.CATALOG_CHANGED or not isinstance(models, list):
        return ""
    more = f" and {len(models) - MOST_IDS} more" if len(models) > MOST_IDS else ""
    return ": " + ", ".join(clean(str(model)) for model in models[:MOST_IDS]) + more


def _title(events: Sequence[Event]) -> str:
    """Write the title of the most urgent event, and how many more there are."""
    more = len(events) - 1
    return title(events[0]) + (f" and {counted(more, 'more change')}" if more else "")


def _body(lines: Sequence[Line], left_out: int, footer: str) -> str:
    text: list[str] = []
    for heading, group in groupby(lines, key=lambda line: line.heading):
        if text:
            text.append("")
        text.append(heading.upper())
        for line in group:
            text.append(f"• {line.text}")
            if line.link:
                text.append(f"  {line.link}")
    return "\n".join([*text, *_more(left_out), "", footer])


def _html(lines: Sequence[Line], left_out: int, footer: str) -> str:
    text: list[str] = []
    for heading, group in groupby(lines, key=lambda line: line.heading):
        text += [f"<h3>{escape(heading)}</h3>", "<ul>", *map(_item, group), "</ul>"]
    more = [f"<p>{escape(hint)}</p>" for hint in _more(left_out)]
    return "\n".join([*text, *more, f"<p><small>{escape(footer)}</small></p>"])


def _item(line: Line) -> str:
    link = f' <a href="{escape(line.link)}">details</a>' if line.link else ""
    return f"<li>{escape(line.text)}{link}</li>"


def _more(left_out: int) -> list[str]:
    return [f"… and {left_out} more; see `watcher events`"] if left_out else []
