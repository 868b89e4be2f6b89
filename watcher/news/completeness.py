"""Whether the list lacks models or fields that it used to have: what lasts is news, and so is its end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from watcher.domain.catalog import Item, Json, Snapshot
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import LIST, MODELS, Health, Part, Poll, State
from watcher.news.events import CATALOG
from watcher.news.health import judge
from watcher.news.holds import Moment
from watcher.news.outlook import outlook
from watcher.news.settings import Settings
from watcher.sources.model_list import READ
from watcher.text.counts import counted
from watcher.text.times import show_time

FEW = 10
FEW_SHARE = 0.05  # of the models; a list that lacks more than either is not complete
OF_INCOMPLETE = ("it lacks {}", "no model has {} anymore")
WHOLE: Part = (LIST, CATALOG)


def judge_list(
    state: State, items: Mapping[str, Item], poll: Poll, settings: Settings
) -> tuple[dict[Part, Health], list[Event]]:
    """Return since when and why the list is incomplete, and the news; `items` are those after this poll."""
    before, answer = state.troubles.get(WHOLE, Health()), poll.answers.get(MODELS)
    if not isinstance(answer, Snapshot):
        return ({WHOLE: before} if WHOLE in state.troubles else {}), []
    source = state.sources.get(MODELS, Health())
    missing = _missing(items)
    problems = [_of_models(missing, _gone_at(missing, poll.at, source, settings)), _of_fields(source, answer)]
    problem = "; ".join(problem for problem in problems if problem) or None
    health, news = judge(WHOLE, before, problem, poll.at, settings.policy.holds["source"])
    is_known = bool(health.reason or health.episodes)
    return ({WHOLE: health} if is_known else {}), [_with_names(event, missing) for event in news]


def _missing(items: Mapping[str, Item]) -> dict[str, Item]:
    """Return the models that left the list and do not count as removed yet, if they are many."""
    listed = {model: item for model, item in items.items() if item.announced and item.announced.listed}
    missing = {model: item for model, item in listed.items() if item.listed is None}
    return missing if len(missing) > max(FEW, len(listed) * FEW_SHARE) else {}


def _gone_at(missing: Mapping[str, Item], at: datetime, source: Health, settings: Settings) -> list[datetime]:
    """Return when the missing models count as removed, each time once."""
    moment = Moment(at, source.last_good or at)
    waiting = [
        wait for model, item in missing.items() for wait in outlook(model, item, moment, settings.policy)
    ]
    return sorted({wait.due_at for wait in waiting if wait.event.kind is Kind.MODEL_REMOVED})


def _of_models(missing: Mapping[str, Item], gone_at: list[datetime]) -> str | None:
    if not missing:
        return None
    when = f"at {show_time(gone_at[0])}" if gone_at else "when their hold ends"
    if len(gone_at) > 1:
        when = f"between {show_time(gone_at[0])} and {show_time(gone_at[-1])}"
    return f"it lacks {counted(len(missing), 'model')}, which count as removed {when} if they stay away"


def _of_fields(source: Health, answer: Snapshot) -> str | None:
    lost = sorted((source.fields & READ) - answer.fields)
    return f"no model has {', '.join(lost)} anymore" if lost else None


def _with_names(event: Event, missing: Mapping[str, Item]) -> Event:
    names: list[Json] = [*sorted(missing)]
    return replace(event, after={"missing": names}) if names else event
