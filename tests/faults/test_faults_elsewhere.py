"""Faults seen in other monitoring programs; the rows W name them."""

import logging
import signal
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, OWL, answer, priced
from tests.support.fork_server import ForkServer
from tests.support.receivers import receiving
from tests.support.scripted_server import HANG, Script, answering, reply
from tests.support.watched_site import BIRDS, LEAVING, watched_site
from tests.support.watcher_process import configure, eventually
from watcher.cli.demo import feed, row
from watcher.domain.policy import HOLDS
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Globs, Percent
from watcher.sources.ask import failures

AT_ONCE = "holds: {" + ", ".join(f"{name}: 0s" for name in HOLDS) + "}"
PATIENT = AT_ONCE.replace("source: 0s", "source: 1h")
NEW = row("acme/condor-3", "0.000003", "0.000015")


@pytest.mark.fault("P1", "W1")
def test_an_empty_list_between_two_good_ones_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with watched_site(tmp_path, more=PATIENT) as at:
        at.shows(*BIRDS)
        at.gets(models=reply(b'{"data": []}'))
        for _ in range(3):
            at.shows(*BIRDS, after=DAY)
        assert (at.news(), at.messages()) == ([], [])
        assert caplog.text.count("the list of models is empty") == 1


@pytest.mark.fault("W2", "W3")
def test_what_changed_while_answers_were_broken_is_reported_afterwards(tmp_path: Path) -> None:
    with watched_site(tmp_path, more=PATIENT) as at:
        at.shows(*BIRDS)
        before = at.state().items
        for body in (answer(BIRDS)[:-30], b"<!DOCTYPE html><title>502</title>", b"[]"):
            assert failures(at.gets(models=reply(body)))
        assert at.state().items == before
        at.shows(priced(OWL, "0.0000015", "0.00001"), FINCH, HERON)
        assert at.news() == [("price.changed", "acme/owl-2")]
        assert at.events()[0].before == {"prompt": "0.00000125", "completion": "0.00001"}


@pytest.mark.fault("W3")
def test_the_same_list_after_failed_polls_is_not_news(tmp_path: Path) -> None:
    with watched_site(tmp_path, more=PATIENT) as at:
        at.shows(*BIRDS)
        before = at.state().items
        for _ in range(3):
            at.gets(models=Script(()))
        at.shows(*BIRDS)
        assert at.state().items == before
        assert (at.news(), at.messages()) == ([], [])


@pytest.mark.fault("W7")
def test_small_steps_are_reported_as_soon_as_they_add_up(tmp_path: Path) -> None:
    dearer = Rule("Dearer", ("hook",), {"price": PriceTerms(rises_by=Percent.parse("5%"))})
    with watched_site(tmp_path, more=PATIENT) as at:
        at.restarts(dearer)
        told = []
        for step in range(6):
            at.shows(priced(OWL, f"{0.000001 * 1.04**step:.10f}", "0.00001"), FINCH)
            told.append(len(at.messages()))
        assert told == [0, 0, 1, 1, 2, 2], "8.2 % above the baseline, and 8.2 % above that"


@pytest.mark.fault("W8")
def test_free_and_no_longer_free_are_stated(tmp_path: Path) -> None:
    with watched_site(tmp_path, more=AT_ONCE) as at:
        for prompt, completion in (("0.000002", "0.000004"), ("0", "0"), ("0.000003", "0.000006")):
            at.shows(priced(OWL, prompt, completion), FINCH, after=7 * DAY)
        titles = [message.notification.title for message in at.messages()]
        assert titles == ["acme/owl-2 is now free", "acme/owl-2 is no longer free"]


@pytest.mark.parametrize("reminders", ["[30d, 14d, 7d, 1d, 0d]", "[0d, 1d, 7d, 14d, 30d]", "[7d, 30d, 1d]"])
@pytest.mark.fault("W15")
def test_one_message_whatever_the_order_of_the_reminders(tmp_path: Path, reminders: str) -> None:
    def leaving(day: str) -> dict[str, object]:
        return OWL | {"expiration_date": day}

    with watched_site(tmp_path, more=f"reminders: {reminders}") as at:
        at.shows(FINCH)
        for number, day in enumerate(("2026-11-07", "2026-11-22", "2026-11-05"), 1):
            for _ in range(3):
                at.shows(FINCH, leaving(day))
                at.service.deliver()
            assert len({message.sent_with for message in at.messages()}) == number


@pytest.mark.fault("W16")
def test_each_channel_of_several_rules_is_notified_once_and_names_its_rules(tmp_path: Path) -> None:
    with receiving() as one, receiving() as two, receiving() as three:
        hooks = (one, two, three)
        channels = {f"hook{number}": hook.url() for number, hook in enumerate(hooks, 1)}
        rules = (
            Rule("Dates", ("hook1", "hook2"), {"event": Globs.parse("expiration.*")}),
            Rule("All", ("hook2",)),
            Rule("Again", ("hook3",), {"event": Globs.parse("expiration.announced")}),
        )
        with watched_site(tmp_path, channels) as at:
            at.restarts(*rules)
            at.shows(*BIRDS)
            at.shows(LEAVING, FINCH, HERON)
            at.service.deliver()
        assert [len(hook.requests) for hook in hooks] == [1, 1, 1]
        for hook, names in zip(hooks, (b"Rule: Dates ", b"Rules: Dates, All ", b"Rule: Again "), strict=True):
            assert names in hook.requests[0].body


@pytest.mark.parametrize("hanging", ["models", "feed"])
@pytest.mark.fault("W18", "X12")
def test_a_kill_during_the_first_look_leaves_the_first_look_silent(
    forks: ForkServer, tmp_path: Path, hanging: str
) -> None:
    site = {"models": reply(answer(BIRDS)), "feed": reply(feed(list(BIRDS)))}
    good = dict(site)

    def choose(request: str) -> Script:
        return site["feed" if "use_rss" in request else "models"]

    with receiving() as hook, answering(choose) as server:
        file = configure(tmp_path, server.url("/models"), {"hook": hook.url()})
        site[hanging] = Script((HANG,))
        forks.start("--config", file, "run", patient=False)
        asked = 1 if hanging == "models" else 2
        eventually(lambda: len(server.requests) >= asked, "the service asks")
        forks.kill(signal.SIGKILL)
        assert forks.end() == -signal.SIGKILL
        site |= good
        assert "(baseline)" in forks.finished("--config", file, "once").stderr
        assert forks.finished("--config", file, "once").returncode == 0
        assert hook.requests == []
        site["models"] = reply(answer([*BIRDS, NEW]))
        forks.finished("--config", file, "once")
        assert len(hook.requests) == 1
        assert b"acme/condor-3 is new" in hook.requests[0].body
