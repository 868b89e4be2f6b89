"""Ask what the providers of some models ask: a request a model, at most one a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event as Flag
from time import monotonic
from urllib.parse import quote

from watcher.domain.errors import FetchError, RefusedError
from watcher.domain.providers import Offer, OffersSnapshot
from watcher.sources.endpoints import parse
from watcher.sources.fetch import fetch
from watcher.text.redact import plain_words, reason

OF_THE_MODEL = frozenset({400, 404, 410, 422})  # any other refusal is about all models


@dataclass(frozen=True, slots=True)
class Bounds:
    """How to ask: seconds between two requests, for one answer, for all of them; bytes of one answer."""

    pause: float = 1.0
    answer: float = 15.0
    whole: float = 60.0  # messages wait meanwhile
    size: int = 1_000_000


BOUNDS = Bounds()


def ask_endpoints(
    models_url: str, models: Sequence[str], bounds: Bounds = BOUNDS, stop: Flag | None = None
) -> OffersSnapshot:
    """Ask about each model in turn; `models_url` is the address of the model list.

    A refusal that is not about one model ends the asking: the rest is asked another time. So do `stop` and
    answers that take too long.
    """
    ending, end = stop or Flag(), monotonic() + bounds.whole
    offers: dict[str, dict[str, Offer]] = {}
    failures: dict[str, str] = {}
    for number, model in enumerate(models):
        if ending.is_set() or (number and ending.wait(bounds.pause)) or monotonic() > end:
            break
        url = address(models_url, model)
        try:
            offers[model] = parse(fetch(url, deadline=bounds.answer, limit=bounds.size, stop=ending).pages[0])
        except RefusedError as error:
            failures[model] = str(error)
        except FetchError as error:
            said = reason(str(error), url, plain_words(url))
            if ending.is_set():
                break
            if error.status not in OF_THE_MODEL:
                return OffersSnapshot(offers, failures, said, error.retry_after)
            failures[model] = said
    return OffersSnapshot(offers, failures)


def address(models_url: str, model: str) -> str:
    """Return where the endpoints of a model are: below the model list, without its query."""
    return f"{models_url.partition('?')[0].rstrip('/')}/{quote(model, safe='/:~')}/endpoints"
