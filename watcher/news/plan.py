"""What one poll means: the state after it, the news, and who is told.

Pure: the same function is the service, the dry run and the replay.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Snapshot
from watcher.domain.news import Event, Notification
from watcher.domain.polls import FEED, MODELS, Health, Plan, Poll, State
from watcher.messages.message import notification
from watcher.news.charts import charted_changes
from watcher.news.feed import Sighting, confirm, told_slugs, witness
from watcher.news.fold import fold
from watcher.news.health import judge_parts, judge_sources
from watcher.news.lineage import related
from watcher.news.model_list import Look, new_fields, observe
from watcher.news.settings import Settings
from watcher.rules.route import Match, Rule, route

CATCH_UP = timedelta(hours=6)  # after a longer time without a good look, a message says since when


def plan(state: State, poll: Poll, settings: Settings) -> Plan:
    """Decide what a poll means; nothing is done yet."""
    sources, health = judge_sources(state, poll, settings)
    items, feed, news = state.items, state.feed, list[Event]()
    listing, sighted = poll.answers.get(MODELS), poll.answers.get(FEED)
    if isinstance(listing, Snapshot):
        before = state.sources.get(MODELS, Health())
        look = Look(listing, before, poll.at, settings.policy, told_slugs(feed))
        items, news = observe(items, look)
        news = related(news, items)
        feed = confirm(feed, items)
        news += new_fields(listing.fields - before.fields, poll.at) if before.fields else []
        sources[MODELS] = replace(sources[MODELS], fields=before.fields | listing.fields)
    if isinstance(sighted, Snapshot):
        is_first = state.sources.get(FEED, Health()).last_good is None
        listed = isinstance(listing, Snapshot)
        sighting = Sighting(sighted, poll.at, is_first, listed, settings.policy.holds["feed"])
        feed, seen = witness(feed, items, sighting)
        news += seen
    troubles, own = judge_parts(state, poll, settings)
    events = [*fold(news, len(items), poll.at), *health, *own]
    routed = route(events, settings.rules, state.told_prices)
    return Plan(
        State(items, sources, feed, routed.told_prices, troubles),
        tuple(events),
        tuple(_notifications(routed.matches, poll.at, _gap(state, poll.at))),
        tuple(charted_changes(state.items, items, poll.at)),
        tuple((match.rule, match.event) for match in routed.matches),
        listing.raw if isinstance(listing, Snapshot) else {},
        routed.faults,
    )


def _gap(state: State, at: datetime) -> datetime | None:
    """Give since when nobody has looked, where that is long ago: what is told may be older than it seems."""
    source = state.sources.get(MODELS, Health())
    return source.last_good if source.last_good and at - source.last_good > CATCH_UP else None


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
