"""The heartbeat: a dead man's switch that raises an alarm when it is not requested for a while."""

from threading import Event as Flag

from watcher.domain.errors import FetchError
from watcher.sources.fetch import request
from watcher.text.redact import plain_words, reason


def ping(url: str, *, deadline: float = 10.0, stop: Flag | None = None) -> None:
    """Request the heartbeat address within `deadline` seconds; setting `stop` ends the wait.

    Raises FetchError, without what is secret in the address, unless the status is 2xx.
    """
    try:
        request(url, deadline=deadline, stop=stop)
    except FetchError as error:
        raise FetchError(reason(str(error), url, plain_words(url))) from None
