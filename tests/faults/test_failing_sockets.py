"""Every connection is reset, a little later each time: in the end what is due is sent, and twice only if marked."""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HOUR, OWL, START, Row, priced
from tests.support.crash_scenario import AT_ONCE
from tests.support.cutting_proxy import CuttingProxy, Side, cutting_proxy
from tests.support.delivered_messages import DeliveredMessage, by_http, by_mail, tally
from tests.support.receivers import HttpReceiver, MailReceiver, receiving, receiving_mail
from tests.support.served_catalog import Catalog, service
from tests.support.store_contents import contents_of
from watcher.domain.polls import MODELS
from watcher.service.loop import Service
from watcher.sources.ask import failures
from watcher.store import message_rows

# Our own troubles are no news here: they are over at the next try.
HOLDS = AT_ONCE.replace("source: 0s", "source: 3h").replace("channel: 0s", "channel: 3h")
STEP = 150  # bytes of an answer of a source
PLACES = 5  # along a message's talk where it is cut
SHORTEST_LINE = len("250 OK\r\n")
KNOWN = ("models", "raw", "pending", "history", "events", "outbox")


def version(number: int) -> list[Row]:
    """Return a list with a price that no other version has."""
    price = f"0.{number + 1:06d}"
    return [priced(OWL, price, price), FINCH]


def known(watcher: Service) -> list[object]:
    found = contents_of(watcher.config.store)
    return [found[table] for table in KNOWN]


def through(proxy: CuttingProxy, url: str) -> str:
    return url.replace(f":{proxy.target}", f":{proxy.port}")


def port_of(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


@pytest.mark.fault("I5", "N7")
def test_an_answer_cut_off_anywhere_changes_nothing_and_the_next_one_brings_what_is_due(
    tmp_path: Path, catalog: Catalog
) -> None:
    clock = [START]
    with cutting_proxy(port_of(catalog.url), "answers") as proxy:
        watcher = service(tmp_path, through(proxy, catalog.url), "console://", clock, HOLDS)
        with closing(watcher.store):
            catalog.shows(*version(0))
            watcher.poll()
            for number in count(1):
                catalog.shows(*version(number))
                before = known(watcher)
                proxy.allow((number - 1) * STEP)
                failed = failures(watcher.poll())
                if not proxy.has_cut:
                    break
                assert failed, f"cut at step {number}, and nobody noticed"
                assert (known(watcher) == before) == (MODELS in failed)
                proxy.allow(None)
                assert not failures(watcher.poll())
                assert len(watcher.store.events(limit=1_000)) == number
                clock[0] += HOUR
    assert number > 10


def came_to(receiver: HttpReceiver | MailReceiver) -> Sequence[DeliveredMessage]:
    return by_mail(receiver.mails) if isinstance(receiver, MailReceiver) else by_http(receiver.requests)


def places(whole: int) -> list[int]:
    """Return where to cut a transfer of this many bytes: all along it, and densely at its end."""
    return sorted({*range(0, whole, whole // PLACES), *range(max(whole - 30, 0), whole, SHORTEST_LINE - 2)})


@pytest.mark.parametrize(
    ("mail", "side"),
    [
        pytest.param(False, "calls", id="http-calls", marks=pytest.mark.fault("L1", "X6")),
        pytest.param(False, "answers", id="http-answers", marks=pytest.mark.fault("L1", "X7")),
        pytest.param(True, "calls", id="mail-calls", marks=pytest.mark.fault("L12", "X6")),
        pytest.param(True, "answers", id="mail-answers", marks=pytest.mark.fault("L12", "X7")),
    ],
)
@pytest.mark.fault("I3")
def test_a_message_cut_off_anywhere_arrives_and_twice_only_if_marked(
    tmp_path: Path, catalog: Catalog, side: Side, *, mail: bool
) -> None:
    clock = [START]
    with ExitStack() as stack:
        receiver: HttpReceiver | MailReceiver = (
            stack.enter_context(receiving_mail()) if mail else stack.enter_context(receiving())
        )
        proxy = stack.enter_context(cutting_proxy(receiver.port, side))
        watcher = service(tmp_path, catalog.url, through(proxy, receiver.url()), clock, HOLDS)
        stack.enter_context(closing(watcher.store))

        def tell(number: int, left: int | None) -> int:
            """Send a new price through the proxy; returns how many bytes passed."""
            catalog.shows(*version(number))
            proxy.allow(left)
            watcher.poll()
            watcher.deliver()
            return proxy.passed

        catalog.shows(*version(0))
        watcher.poll()
        cuts = places(tell(1, None))
        for number, left in enumerate(cuts, start=2):
            tell(number, left)
            assert proxy.has_cut, left
            proxy.allow(None)
            clock[0] += HOUR
            watcher.deliver()
        found = contents_of(watcher.config.store)
        told = [message_rows.event_of(row) for row in found["events"]]
        assert len(told) == len(cuts) + 1
        assert {row["state"] for row in found["outbox"]} == {"sent"}
        counted = tally(came_to(receiver), told)
        assert not counted.lost
        assert counted.repeats <= len(cuts)
        assert counted.repeats > 0 or side == "calls", "what came was never answered too late"
