"""One poll of all sources, and its result in a line."""

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
from watcher.sources.fetch import fetch
from watcher.sources.registry import SOURCES
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.redact import plain_words, reason

FEW = 3  # unreadable rows that are named in a line
CLOCK_TOLERANCE = timedelta(hours=6)  # a clock that is further off would spoil holds and dates


def ask(name: str, url: str, at: datetime, stop: Flag | None = None) -> Answer:
    """Fetch and read the source `name` from `url` at `at` (UTC); errors are returned as a Failure."""
    source = SOURCES[name]
    try:
        answer = fetch(url, next_page=source.next_page, stop=stop)
        if answer.date and abs(answer.date - at) > CLOCK_TOLERANCE:
            problem = f"this machine's clock is wrong: it says {at}, the server says {answer.date}"
            return Failure(problem, is_clock=True)
        pages = source.convert(answer.pages, stop or Flag())
        return source.parse(pages, at, sha256(url.encode()).hexdigest())  # the address may be secret
    except FetchError as error:
        return Failure(reason(str(error), url, plain_words(url)), error.retry_after)
    except RefusedError as error:
        return Failure(reason(str(error), url, plain_words(url)))
    except Exception as error:  # noqa: BLE001 - a bug must not end the service; it is reported as a failed poll
        return Failure(mistake(error))


def look(
    sources: Mapping[str, str],
    at: datetime,
    *,
    stop: Flag | None = None,
    troubles: Mapping[Part, Trouble] | None = None,
    telemetry: Telemetry | None = None,
) -> Poll:
    """Ask every source once at `at` (UTC); `sources` has addresses by name. Setting `stop` ends the wait."""
    answers: dict[str, Answer] = {}
    for name, url in sources.items():
        began = monotonic()
        answer = answers[name] = ask(name, url, at, stop)
        if telemetry:
            telemetry.asked(name, monotonic() - began, at, failed=isinstance(answer, Failure))
    return Poll(at, answers, troubles or {})


def next_tries(interval: timedelta, poll: Poll) -> dict[str, timedelta]:
    """Return in how much time each source that failed is asked again: the interval, or longer if asked to."""
    return {
        name: max(interval, timedelta(seconds=failure.retry_after or 0.0))
        for name, failure in failures(poll).items()
    }


def failures(poll: Poll) -> dict[str, Failure]:
    """Return the sources without a good answer, by name, and why."""
    return {name: answer for name, answer in poll.answers.items() if isinstance(answer, Failure)}


def summary(before: State, poll: Poll, decided: Plan) -> str:
    """Describe the result of a poll in one line; `before` is the state that it found."""
    parts = [f"{name}: {_result(before, name, answer)}" for name, answer in poll.answers.items()]
    events, on_hold = len(decided.events), decided.state.waiting
    counts = f"events: {events}, messages: {len(decided.notifications)}, on hold: {on_hold}"
    return "; ".join([*parts, counts])


def _result(before: State, name: str, answer: Answer) -> str:
    match answer:
        case Failure():
            return answer.reason
        case OffersSnapshot():
            return _result_of_offers(answer)
        case Snapshot():
            count = len(answer.documents)
        case FeedSnapshot():
            count = len(answer.items)
    unread = [*answer.refused, *(answer.unread if isinstance(answer, Snapshot) else ())]
    named = ", ".join(map(clean, unread[:FEW])) + (", ..." if len(unread) > FEW else "")
    refused = f", {len(unread)} unreadable ({named})" if unread else ""
    is_first = before.sources.get(name, Health()).last_good is None
    return f"{counted(count, 'model')}{refused}{' (baseline)' if is_first else ''}"


def _result_of_offers(answer: OffersSnapshot) -> str:
    parts = [f"providers of {counted(len(answer.offers), 'model')}"]
    unread = sum(not (one.price or one.clock) for found in answer.offers.values() for one in found.values())
    parts += [f"{counted(unread, 'offer')} without a price that can be read"] if unread else []
    parts += [f"{len(answer.failures)} without an answer"] if answer.failures else []
    parts += [answer.reason] if answer.reason else []
    return ", ".join(parts)
