"""What one poll means: the state after it, the news, and who is told.

Pure: the same function is the service, the dry run and the replay.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import (
    Event,
    Failure,
    HistoryEntry,
    Item,
    Json,
    Notification,
    Part,
    Plan,
    Snapshot,
    Source,
    State,
)
from watcher.domain.kinds import KINDS
from watcher.domain.polls import Poll
from watcher.messages.lines import in_common
from watcher.messages.message import notification
from watcher.news.events import of_catalog
from watcher.news.feed import Sighting, confirm, told_slugs, witness
from watcher.news.health import judge
from watcher.news.lineage import related
from watcher.news.model_list import Look, observe
from watcher.news.settle import Policy
from watcher.openrouter.prices import HEADLINE
from watcher.openrouter.prices import whole as whole_price
from watcher.rules.route import Match, Rule, route
from watcher.sources.model_list import READ

MODELS = "models"
FEED = "feed"
WAVE = 15  # models whose prices moved in one poll: policy or schema, not news about each
WAVE_SHARE = 0.05
CATCH_UP = timedelta(hours=6)  # after a longer time without a good look, a message says since when
SHRUNKEN = 10
SHRUNKEN_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration says about meaning."""

    rules: tuple[Rule, ...] = ()
    policy: Policy = field(default_factory=Policy)


def plan(state: State, poll: Poll, settings: Settings) -> Plan:
    """Decide what a poll means; nothing is done yet."""
    sources, health = _judge(state, poll, settings)
    items, feed, news = state.items, state.feed, list[Event]()
    listing, sighted = poll.answers.get(MODELS), poll.answers.get(FEED)
    if isinstance(listing, Snapshot):
        before = state.sources.get(MODELS, Source())
        look = Look(listing, before, poll.at, settings.policy, told_slugs(feed))
        items, news = observe(items, look)
        news = related(news, items)
        feed = confirm(feed, items)
        news += _new_fields(listing.fields - before.fields, poll.at) if before.fields else []
        sources[MODELS] = replace(sources[MODELS], fields=before.fields | listing.fields)
    if isinstance(sighted, Snapshot):
        is_first = state.sources.get(FEED, Source()).last_good is None
        listed = isinstance(listing, Snapshot)
        sighting = Sighting(sighted, poll.at, is_first, listed, settings.policy.holds["feed"])
        feed, seen = witness(feed, items, sighting)
        news += seen
    troubles, own = _judge_parts(state, poll, settings)
    events = [*_collapse(news, len(items), poll.at), *health, *own]
    routed = route(events, settings.rules, state.told_prices)
    return Plan(
        State(items, sources, feed, routed.told_prices, troubles),
        tuple(events),
        tuple(_notifications(routed.matches, poll.at, _gap(state, poll.at))),
        tuple(_history(state.items, items, poll.at)),
        tuple((match.rule, match.event) for match in routed.matches),
        listing.raw if isinstance(listing, Snapshot) else {},
        routed.faults,
    )


def _judge(state: State, poll: Poll, settings: Settings) -> tuple[dict[str, Source], list[Event]]:
    sources, told = dict(state.sources), list[Event]()
    for name, answer in poll.answers.items():
        source = replace(state.sources.get(name, Source()), asked_at=poll.at)
        if isinstance(answer, Failure):
            problem: str | None = answer.reason
        else:
            source = replace(source, identity=answer.identity, last_good=poll.at)
            problem = (_shrunken(state, answer) or _lacking(source, answer)) if name == MODELS else None
        hold = settings.policy.holds["source"]
        sources[name], news = judge(("source", name), source, problem, poll.at, hold)
        told += news
    return sources, told


def _judge_parts(state: State, poll: Poll, settings: Settings) -> tuple[dict[Part, Source], list[Event]]:
    troubles, told = dict(state.troubles), list[Event]()
    channels = {("channel", channel) for rule in settings.rules for channel in rule.notify}
    for part in {**state.troubles, **poll.troubles}:
        if part[0] == "channel" and part not in channels:
            troubles.pop(part, None)  # nobody is told through it any more
            continue
        trouble = poll.troubles.get(part)
        hold = timedelta(0) if trouble and trouble.is_final else settings.policy.holds["channel"]
        before = state.troubles.get(part, Source())
        troubles[part], news = judge(part, before, trouble.reason if trouble else None, poll.at, hold)
        told += news
    return troubles, told


def _gap(state: State, at: datetime) -> datetime | None:
    """Give since when nobody has looked, where that is long ago: what is told may be older than it seems."""
    source = state.sources.get(MODELS, Source())
    return source.last_good if source.last_good and at - source.last_good > CATCH_UP else None


def _shrunken(state: State, answer: Snapshot) -> str | None:
    """Say so where a list shows far fewer models than people know; each waits for its removal as ever."""
    source = state.sources.get(MODELS, Source())
    if answer.identity != source.identity:
        return None
    listed = sum(bool(item.announced and item.announced["listed"]) for item in state.items.values())
    shown = len(answer.documents) + len(answer.refused)
    if listed - shown <= max(SHRUNKEN, listed * SHRUNKEN_SHARE):
        return None
    return f"the list shows only {shown} of {listed} models"


def _lacking(source: Source, answer: Snapshot) -> str | None:
    """Say so where no row has a field any more that news are made of."""
    lost = sorted((source.fields & READ) - answer.fields)
    return f"no model has {', '.join(lost)} any more" if lost else None


def _new_fields(fields: Iterable[str], at: datetime) -> list[Event]:
    names: list[Json] = [*sorted(fields)]
    if not names:
        return []
    what = f"The list has {'a new field' if len(names) == 1 else 'new fields'}: {', '.join(map(str, names))}"
    return [of_catalog(at, what, {"fields": names})]


def _collapse(news: Sequence[Event], models: int, at: datetime) -> list[Event]:
    """Let one catalog-wide event stand for many of a kind; the single ones stay in the record.

    Many are told in one poll, or came in one wave and are told as each settles.
    """
    counts = Counter(event.kind for event in news)
    wave = max(WAVE, models * WAVE_SHARE)
    many = [
        e
        for e in news
        if e.kind != "catalog.changed" and (counts[e.kind] > KINDS[e.kind].most or e.crowd > wave)
    ]
    whole = {kind: _of_many(kind, many, at) for kind in dict.fromkeys(event.kind for event in many)}
    folded = {event.id for event in many}
    single = [replace(e, part_of=whole[e.kind].id) if e.id in folded else e for e in news]
    return [*whole.values(), *single]


def _of_many(kind: str, news: Sequence[Event], at: datetime) -> Event:
    alike = [event for event in news if event.kind == kind]
    subjects: list[Json] = [event.subject for event in alike]
    ids: list[Json] = [event.id for event in alike]
    fields: list[Json] = [*sorted({change.path for event in alike for change in event.fields})]
    common = in_common(alike)
    what = f"{len(alike)} models at once: {KINDS[kind].meaning}{common and f', {common}'}"
    return of_catalog(at, what, {"kind": kind, "fields": fields, "models": subjects, "events": ids})


def notify(events: Sequence[Event], rules: Sequence[Rule], at: datetime) -> list[Notification]:
    """Write the messages about some events by themselves."""
    return _notifications(route(events, rules, {}).matches, at, None)


def _notifications(matches: Sequence[Match], at: datetime, since: datetime | None) -> list[Notification]:
    """Write one message a channel, however many events and rules; what is urgent has one of its own."""
    urgent = {(match.channel, match.event.id) for match in matches if match.is_urgent}
    groups: dict[tuple[str, bool], list[Match]] = {}
    for match in matches:
        groups.setdefault((match.channel, (match.channel, match.event.id) in urgent), []).append(match)
    return [
        replace(
            notification(
                channel,
                at,
                list({match.event.id: match.event for match in told}.values()),
                list(dict.fromkeys(match.rule for match in told)),
                since=since,
            ),
            urgent=is_urgent,
        )
        for (channel, is_urgent), told in groups.items()
    ]


def _history(before: Mapping[str, Item], after: Mapping[str, Item], at: datetime) -> list[HistoryEntry]:
    """Note each observed change of a value that people chart, announced or not."""
    return [
        HistoryEntry(at, model, name, value)
        for model, item in after.items()
        if item is not before.get(model)
        for name, value in _charted(item).items()
        if value != _charted(before.get(model, Item())).get(name)
    ]


def _charted(item: Item) -> dict[str, str | None]:
    document = item.observed
    if document is None:
        return {}
    prices = whole_price(document)
    charted = {key: prices.get(key) for key in HEADLINE} | {
        key: document.get(key) for key in ("listed", "context", "expiration")
    }
    return {key: None if value is None else str(value) for key, value in charted.items()}
