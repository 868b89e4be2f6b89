"""What follows from one poll: the new state, the news, and the messages about it.

Pure: the same function is the service, the dry run and the replay.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.news import Event, Notification
from watcher.domain.polls import MODELS, Health, Plan, Poll, State
from watcher.messages.message import notification
from watcher.news import feed, market, model_list
from watcher.news.background import Known, with_facts
from watcher.news.charts import charted_changes, charted_offers
from watcher.news.completeness import judge_list
from watcher.news.credible import credible
from watcher.news.draft import Draft
from watcher.news.health import judge_parts, judge_sources
from watcher.news.settings import Settings
from watcher.news.unreadable import judge_rows
from watcher.rules.route import Match, Rule, route

CATCH_UP = timedelta(hours=6)  # after a longer gap between good polls, a message says what it covers

OBSERVERS = (model_list.observe, feed.observe, market.observe)
"""What each source's answer means, in this order: one row per source."""


def plan(state: State, poll: Poll, settings: Settings) -> Plan:
    """Decide what follows from a poll, without doing it."""
    poll = credible(state, poll)
    sources, health = judge_sources(state, poll, settings)
    draft = Draft(state.items, sources, state.feed, state.markets)
    for observe in OBSERVERS:
        draft = observe(draft, state, poll, settings)
    parts, own = judge_parts(state, poll, settings)
    rows, of_rows = judge_rows(state, draft.items, poll, settings)
    whole, of_list = judge_list(state, draft.items, poll, settings)
    history = (
        *charted_changes(state.items, draft.items, poll.at),
        *charted_offers(state.markets, draft.markets, poll.at),
    )
    news = [*draft.news, *of_rows, *of_list, *health, *own]
    events, lacking = with_facts(news, Known(draft.items, draft.markets, state.charts, history))
    routed = route(events, settings.rules, state.base_prices)
    return Plan(
        state=State(
            items=draft.items,
            sources=draft.sources,
            feed=draft.feed,
            base_prices={key: price for key, price in routed.base_prices.items() if key[1] in draft.items},
            troubles={**parts, **rows, **whole},
            markets=draft.markets,
            charts=state.charts,
        ),
        answers=poll.answers,
        events=tuple(events),
        notifications=tuple(_notifications(routed.matches, poll.at, _gap(state, poll.at))),
        history=history,
        matches=tuple((match.rule, match.event) for match in routed.matches),
        raw=draft.raw,
        faults=(*lacking, *routed.faults),
    )


def _gap(state: State, at: datetime) -> datetime | None:
    """Return the time of the last good poll if it is long ago: the period that a message covers."""
    last_good = state.sources.get(MODELS, Health()).last_good
    return last_good if last_good and at - last_good > CATCH_UP else None


def notify(events: Sequence[Event], rules: Sequence[Rule], at: datetime) -> list[Notification]:
    """Write the messages about events that are not part of a poll."""
    return _notifications(route(events, rules, {}).matches, at, None)


def _notifications(matches: Sequence[Match], at: datetime, since: datetime | None) -> list[Notification]:
    """Write one message per channel, and a separate one for what is urgent."""
    urgent = {(match.channel, match.event.id) for match in matches if match.is_urgent}
    groups: dict[tuple[str, bool], list[Match]] = {}
    for match in matches:
        groups.setdefault((match.channel, (match.channel, match.event.id) in urgent), []).append(match)
    return [
        replace(
            notification(
                channel,
                at,
                list({match.event.id: match.event for match in group}.values()),
                list(dict.fromkeys(match.rule for match in group)),
                since=since,
            ),
            urgent=is_urgent,
        )
        for (channel, is_urgent), group in groups.items()
    ]
