"""One look at the sources, and what it gave in a line."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Event as Flag
from time import monotonic

from watcher.domain.catalog import FeedSnapshot, Snapshot
from watcher.domain.errors import FetchError, RefusedError, mistake
from watcher.domain.observer import Telemetry
from watcher.domain.polls import Answer, Failure, Health, Part, Plan, Poll, State, Trouble
from watcher.domain.providers import OffersSnapshot
from watcher.sources import SOURCES
from watcher.sources.fetch import fetch
from watcher.text.redact import plain_words, redact

CLOCK_TOLERANCE = timedelta(hours=6)  # beyond it, holds and dates would be judged wrongly


def ask(name: str, url: str, at: datetime, stop: Flag | None = None) -> Answer:
    """Get one source's answer and read it; whatever goes wrong is a Failure, never an exception."""
    reader = SOURCES[name]
    try:
        answer = fetch(url, next_page=reader.next_page, stop=stop)
        if answer.date and abs(answer.date - at) > CLOCK_TOLERANCE:
            return Failure(f"this machine's clock is wrong: it says {at}, the server {answer.date}")
        return reader.parse(answer.pages, at, sha256(url.encode()).hexdigest())  # the address may be secret
    except FetchError as error:
        return Failure(redact(str(error), url, plain_words(url)), error.retry_after)
    except RefusedError as error:
        return Failure(redact(str(error), url, plain_words(url)))
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is a failed poll, which is told, not the end
        return Failure(mistake(error))


def look(
    sources: Mapping[str, str],
    at: datetime,
    *,
    stop: Flag | None = None,
    troubles: Mapping[Part, Trouble] | None = None,
    telemetry: Telemetry | None = None,
) -> Poll:
    """Ask every source once; setting `stop` cuts the waiting short."""
    answers: dict[str, Answer] = {}
    for name, url in sources.items():
        began = monotonic()
        answer = answers[name] = ask(name, url, at, stop)
        if telemetry:
            telemetry.asked(name, monotonic() - began, at, failed=isinstance(answer, Failure))
    return Poll(at, answers, troubles or {})


def pause(interval: timedelta, poll: Poll, jitter: float) -> timedelta:
    """Give the time to the next poll: the interval, give or take `jitter`, or what a server asked for."""
    wishes = [failure.retry_after or 0.0 for failure in failures(poll).values()]
    return max(interval * (1 + jitter), timedelta(seconds=max(wishes, default=0.0)))


def failures(poll: Poll) -> dict[str, Failure]:
    """Give the sources that gave no good answer."""
    return {name: answer for name, answer in poll.answers.items() if isinstance(answer, Failure)}


def summary(before: State, poll: Poll, decided: Plan) -> str:
    """Say in one line what a poll gave."""
    parts = [f"{name}: {_said(before, name, answer)}" for name, answer in poll.answers.items()]
    news, waiting = len(decided.events), decided.state.waiting
    counts = f"events: {news}, messages: {len(decided.notifications)}, waiting to last: {waiting}"
    return "; ".join([*parts, counts])


def _said(before: State, name: str, answer: Answer) -> str:
    match answer:
        case Failure():
            return answer.reason
        case OffersSnapshot():
            return _said_of_offers(answer)
        case Snapshot():
            count = len(answer.documents)
        case FeedSnapshot():
            count = len(answer.items)
    refused = f", {len(answer.refused)} unreadable" if answer.refused else ""
    is_first = before.sources.get(name, Health()).last_good is None
    return f"{count} models{refused}{', the baseline: no news' if is_first else ''}"


def _said_of_offers(answer: OffersSnapshot) -> str:
    parts = [f"providers of {len(answer.offers)} models"]
    parts += [f"{len(answer.failures)} without an answer"] if answer.failures else []
    parts += [answer.reason] if answer.reason else []
    return ", ".join(parts)
