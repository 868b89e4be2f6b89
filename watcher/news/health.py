"""The health of sources and of watcher itself: a lasting failure is reported once, and so is its end."""

from dataclasses import replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Snapshot
from watcher.domain.news import Event
from watcher.domain.polls import MODELS, Failure, Health, Part, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.events import of_part
from watcher.news.settings import Settings
from watcher.sources.model_list import READ

SHRUNKEN = 10
SHRUNKEN_SHARE = 0.05  # of the models; a list that lacks more than either is not complete


def judge(
    part: Part, source: Health, problem: str | None, at: datetime, hold: timedelta
) -> tuple[Health, list[Event]]:
    """Update a part's health with its problem at `at` (UTC), if any; return it with the news.

    A problem is news once it has lasted `hold`.
    """
    if problem is None:
        recovered = replace(source, failing_since=None, reason=None, failures=0, reported=False)
        return recovered, [of_part(part, "recovered", at, source.episodes, None)] if source.reported else []
    since = source.failing_since or at
    failing = replace(source, failing_since=since, reason=problem, failures=source.failures + 1)
    if source.reported or at - since < hold:
        return failing, []
    reported = replace(failing, reported=True, episodes=source.episodes + 1)
    return reported, [of_part(part, "failing", at, reported.episodes, problem)]


def judge_sources(state: State, poll: Poll, settings: Settings) -> tuple[dict[str, Health], list[Event]]:
    """Update each source's health by its answer; return it by name, with the news about it."""
    sources, events = dict(state.sources), list[Event]()
    for name, answer in poll.answers.items():
        source = replace(state.sources.get(name, Health()), asked_at=poll.at)
        problem: str | None = None
        if isinstance(answer, Failure) or (isinstance(answer, OffersSnapshot) and answer.reason):
            problem = answer.reason
        else:
            source = replace(source, query_id=answer.query_id, last_good=poll.at)
        if isinstance(answer, Snapshot):
            problem = _shrunken(state, answer) or _lacking(source, answer)
        hold = settings.policy.holds["source"]
        sources[name], news = judge(("source", name), source, problem, poll.at, hold)
        events += news
    return sources, events


def judge_parts(state: State, poll: Poll, settings: Settings) -> tuple[dict[Part, Health], list[Event]]:
    """Update the health of channels and configuration; return it with the news about it."""
    troubles, events = dict(state.troubles), list[Event]()
    channels = {("channel", channel) for rule in settings.rules for channel in rule.notify}
    for part in {**state.troubles, **poll.troubles}:
        if part[0] == "channel" and part not in channels:
            troubles.pop(part, None)  # no rule uses the channel anymore
            continue
        trouble = poll.troubles.get(part)
        hold = timedelta(0) if trouble and trouble.is_final else settings.policy.holds["channel"]
        before = state.troubles.get(part, Health())
        troubles[part], news = judge(part, before, trouble.reason if trouble else None, poll.at, hold)
        events += news
    return troubles, events


def _shrunken(state: State, answer: Snapshot) -> str | None:
    """Return a problem if the list lacks many models; each missing model still waits for its hold."""
    source = state.sources.get(MODELS, Health())
    if answer.query_id != source.query_id:
        return None
    listed = sum(bool(item.announced and item.announced.listed) for item in state.items.values())
    shown = len(answer.documents) + len(answer.refused)
    if listed - shown <= max(SHRUNKEN, listed * SHRUNKEN_SHARE):
        return None
    return f"the list shows only {shown} of {listed} models"


def _lacking(source: Health, answer: Snapshot) -> str | None:
    """Return a problem if no row has a field anymore that events depend on."""
    lost = sorted((source.fields & READ) - answer.fields)
    return f"no model has {', '.join(lost)} anymore" if lost else None
