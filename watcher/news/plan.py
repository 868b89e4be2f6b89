"""What follows from one poll: the new state, the news, and the messages about it.

Pure: the same function is the service, the dry run and the replay.
"""

from datetime import datetime, timedelta

from watcher.domain.polls import MODELS, Health, Plan, Poll, State
from watcher.news import feed, market, model_list
from watcher.news.background import Known, with_facts
from watcher.news.charts import charted_changes, charted_offers
from watcher.news.completeness import judge_list
from watcher.news.credible import credible
from watcher.news.draft import Draft
from watcher.news.health import judge_parts, judge_sources
from watcher.news.mutes import judge_mutes
from watcher.news.notifications import notifications
from watcher.news.settings import Settings
from watcher.news.unreadable import judge_rows
from watcher.rules.mutes import held_back
from watcher.rules.route import route

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
    mutes = judge_mutes(state, draft.items, poll)
    history = (
        *charted_changes(state.items, draft.items, poll.at),
        *charted_offers(state.markets, draft.markets, poll.at),
    )
    news = [*draft.news, *of_rows, *of_list, *health, *own, *mutes.events]
    events, lacking = with_facts(news, Known(draft.items, draft.markets, state.charts, history))
    held = held_back(events, state.mutes, poll.at)
    routed = route(events, settings.rules, state.base_prices, held)
    return Plan(
        state=State(
            items=draft.items,
            sources=draft.sources,
            feed=draft.feed,
            base_prices={key: price for key, price in routed.base_prices.items() if key[1] in draft.items},
            troubles={**parts, **rows, **whole},
            markets=draft.markets,
            mutes=mutes.going_on,
            charts=state.charts,
        ),
        answers=poll.answers,
        events=tuple(events),
        notifications=tuple(
            notifications(
                routed.matches, poll.at, settings.deliver, since=_gap(state, poll.at), zone=settings.zone
            )
        ),
        history=history,
        matches=tuple((match.rule, match.event) for match in routed.matches),
        raw=draft.raw,
        faults=(*lacking, *routed.faults),
        held=tuple((event, held[event]) for event in dict.fromkeys(match.event.id for match in routed.held)),
        ended=mutes.ended,
    )


def _gap(state: State, at: datetime) -> datetime | None:
    """Return the time of the last good poll if it is long ago: the period that a message covers."""
    last_good = state.sources.get(MODELS, Health()).last_good
    return last_good if last_good and at - last_good > CATCH_UP else None
