import gzip
import json
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, Row, Story, answer, feed_of, listing
from tests.support.receivers import receiving, receiving_mail
from tests.support.scripted_server import Script, reply, serving, zipped
from tests.support.watched_site import BIRDS, LEAVING, assert_only_a_failed_poll, watched_site
from watcher.cli.demo import feed, row
from watcher.domain.polls import Failure
from watcher.sources.ask import failures

FEED = feed(list(BIRDS))
DOWN = reply(b"", "503 Busy")
NEW = row("acme/condor-3", "0.000003", "0.000015")


def with_entities(entities: str, text: str) -> Script:
    return reply(
        f"<!DOCTYPE x [{entities}]>".encode()
        + FEED.replace(b"<![CDATA[Acme: Owl 2", text.encode() + b"<![CDATA[")
    )


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            reply(FEED[: len(FEED) // 2]), "the feed is broken", id="half", marks=pytest.mark.fault("F1")
        ),
        pytest.param(reply(FEED[:-1]), "the feed is broken", id="last-byte", marks=pytest.mark.fault("F1")),
        pytest.param(
            reply(FEED, length=len(FEED) + 1), "127.0.0.1: ", id="length", marks=pytest.mark.fault("F1")
        ),
        pytest.param(
            reply(b"<!DOCTYPE html><title>Just a moment...</title>"),
            "not a feed",
            id="html",
            marks=pytest.mark.fault("F2"),
        ),
        pytest.param(reply(answer(BIRDS)), "not a feed", id="list", marks=pytest.mark.fault("F2")),
        pytest.param(reply(b""), "empty answer", id="nothing", marks=pytest.mark.fault("F2")),
        pytest.param(reply(b" \n"), "not a feed", id="blank", marks=pytest.mark.fault("F2")),
        pytest.param(reply(feed([])), "the feed is empty", id="no-entries", marks=pytest.mark.fault("F9")),
        pytest.param(
            with_entities(f'<!ENTITY l0 "ha">{LAUGHS}', "&l9;"),
            "broken",
            id="laughs",
            marks=pytest.mark.fault("F10"),
        ),
        pytest.param(
            with_entities(f'<!ENTITY a "{"a" * 90_000}">', "&a;" * 20_000),
            "broken",
            id="quadratic",
            marks=pytest.mark.fault("F10"),
        ),
        pytest.param(
            with_entities('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"),
            "broken",
            id="file",
            marks=pytest.mark.fault("F10"),
        ),
        pytest.param(
            zipped(FEED + b" " * 11_000_000),
            "larger than 4,000,000 bytes",
            id="large",
            marks=pytest.mark.fault("F10"),
        ),
        pytest.param(reply(gzip.compress(FEED)), "not a feed", id="gzip", marks=pytest.mark.fault("F11")),
        pytest.param(
            reply(FEED.decode().encode("utf-16")[:-3]),
            "not a feed",
            id="utf-16-cut",
            marks=pytest.mark.fault("F11"),
        ),
    ],
)
def test_an_implausible_feed_is_just_a_failed_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    assert_only_a_failed_poll(tmp_path, caplog, script, words, source="feed")


@pytest.mark.fault("F10")
def test_an_entity_contacts_no_server(tmp_path: Path) -> None:
    with serving(reply(b"secret")) as other, watched_site(tmp_path) as at:
        entity = f'<!ENTITY % a SYSTEM "{other.url("/dtd")}"> %a; <!ENTITY b SYSTEM "{other.url("/b")}">'
        assert "feed" in failures(at.gets(feed=with_entities(entity, "&b;")))
        assert other.requests == []


@pytest.mark.fault("F4")
def test_another_title_under_the_same_guid_is_not_a_new_model(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS)
        at.gets(models=DOWN, feed=reply(feed([*BIRDS, NEW])))
        assert at.news() == [("model.added", "acme/condor-3")]
        for edited in ({"name": "Condor, edited"}, {"id": "acme/condor-three"}):
            at.gets(feed=reply(feed([*BIRDS, NEW | edited])))
        at.gets(models=reply(answer([*BIRDS, NEW])))
        assert at.news() == [("model.added", "acme/condor-3"), ("model.priced", "acme/condor-3")]


@pytest.mark.parametrize("is_list_there", [True, False])
@pytest.mark.fault("F5")
def test_new_guids_for_all_models_are_not_news(tmp_path: Path, *, is_list_there: bool) -> None:
    many = [row(f"acme/model-{number:02}", "0.000001", "0.000002") for number in range(40)]
    other = [base | {"canonical_slug": f"urn:uuid:{number}"} for number, base in enumerate(many)]
    with watched_site(tmp_path) as at:
        at.shows(*many)
        at.gets(models=None if is_list_there else DOWN, feed=reply(feed(other)))
        for _ in range(5):
            at.gets(after=HOUR)
        expected = [] if is_list_there else [("source.failing", "models")]
        assert at.news() == expected


@pytest.mark.fault("F5", "F13")
def test_a_model_known_only_from_the_feed_is_not_reported_again_under_another_guid() -> None:
    both = {"acme/owl-2-20260901": "acme/owl-2", "acme/finch-mini-20260901": "acme/finch-mini"}
    story = Story()
    story.answers(models=listing([OWL]), feed=feed_of({"acme/owl-2-20260901": "acme/owl-2"}))
    [told] = story.answers(HOUR / 4, models=Failure("down"), feed=feed_of(both))
    assert told.subject == "acme/finch-mini"
    other = {f"urn:{slug}": model for slug, model in both.items()}
    assert story.answers(HOUR / 4, models=Failure("down"), feed=feed_of(other)) == []
    elsewhere = FINCH | {"canonical_slug": "acme/finch-mini-other"}
    [priced] = story.answers(HOUR / 4, models=listing([OWL, elsewhere]), feed=feed_of(other))
    assert priced.kind == "model.priced"


@pytest.mark.fault("F5", "F6")
def test_a_model_that_the_feed_has_under_two_guids_is_reported_once() -> None:
    story = Story()
    story.answers(models=listing([OWL]), feed=feed_of({"a": "acme/owl-2"}))
    twice = feed_of({"a": "acme/owl-2", "b": "acme/finch-mini", "c": "acme/finch-mini"})
    assert [event.subject for event in story.answers(HOUR / 4, models=Failure("down"), feed=twice)] == [
        "acme/finch-mini"
    ]


@pytest.mark.fault("F7")
def test_the_first_look_at_ten_thousand_entries_is_silent(tmp_path: Path) -> None:
    entries: list[Row] = [
        {"name": f"Acme: {n}", "id": f"acme/{n}", "canonical_slug": f"acme/{n}-1"} for n in range(10_000)
    ]
    with watched_site(tmp_path) as at:
        at.gets(feed=reply(feed(entries)))
        at.gets(after=2 * HOUR)
        assert len(at.state().feed) == 10_000
        assert (at.news(), at.messages()) == ([], [])


@pytest.mark.fault("F9")
def test_a_feed_that_stays_empty_is_one_alert(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS)
        for _ in range(20):
            at.gets(feed=reply(feed([])))
        assert [(event.kind, event.cause) for event in at.events()] == [
            ("source.failing", "the feed is empty")
        ]


@pytest.mark.fault("F12", "I13")
def test_what_the_feed_says_is_plain_text_in_every_message(tmp_path: Path) -> None:
    hostile = b"<script>alert(1)</script> (<b>&lt;i&gt;</b>/<img/src=x>)"
    page = feed([*BIRDS, NEW]).replace(b"Acme: Condor 3 (acme/condor-3)", hostile)
    with receiving() as hook, receiving_mail() as mail:
        with watched_site(tmp_path, {"hook": hook.url(), "mail": mail.url()}) as at:
            at.shows(*BIRDS)
            at.gets(models=DOWN, feed=reply(page))
            at.service.deliver()
        [sent] = mail.mails
        html = sent.get_body(("html",))
        assert html is not None
        words = " ".join(html.get_content().replace("\u200b", "").split())
        assert "&lt;b&gt;&amp;lt;i&amp;gt;&lt;/b&gt;/&lt;img/src=x&gt; is new" in words
        assert not any(tag in words for tag in ("<script", "<img", "<b>", "<i>"))
        title = json.loads(hook.requests[0].body)["title"]
        assert title.replace("\u200b", "") == "<b>&lt;i&gt;</b>/<img/src=x> is new", (
            "broken or not, but all there"
        )


@pytest.mark.fault("F14")
def test_a_feed_that_is_dead_for_months_is_one_alert_and_does_not_affect_the_list(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS)
        for _ in range(30):
            at.gets(feed=DOWN, after=3 * DAY)
        assert at.news() == [("source.failing", "feed")]
        at.gets(models=reply(answer([LEAVING | {"expiration_date": "2027-03-01"}, FINCH, HERON])))
        assert at.news()[1:] == [("expiration.announced", "acme/owl-2")]
        assert len(at.messages()) == 2


@pytest.mark.fault("V1")
def test_a_feed_that_would_take_hours_to_read_does_not_hold_up_the_list(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS)
        endless = zipped(b"\n" * 400_000 + FEED)
        poll = at.gets(models=reply(answer([LEAVING, FINCH, HERON])), feed=endless)
        assert failures(poll) == {"feed": Failure("the feed takes too long to read")}
        assert at.news() == [("expiration.announced", "acme/owl-2")]
