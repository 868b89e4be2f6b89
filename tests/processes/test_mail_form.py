"""A mail has a text and a page that say the same, and headers by which programs sort it: sent to a real server."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr, parsedate_to_datetime
from io import BytesIO

import pytest
from PIL import Image

from tests.support.catalogs import START
from tests.support.mail_pages import CHEAPER, LEAVING, NEW, PRICE, part, rich, told, words_of
from tests.support.receivers import receiving_mail
from tests.support.send_one import SENT, message, send
from watcher.domain.delivery import Outcome
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, Notification

LONG_DOMAIN = f"{'very-long-name-of-a-host.' * 5}example.test"


def received(said: Notification, options: str = "", title: str = "") -> EmailMessage:
    """Send a message and return the mail that arrived."""
    with receiving_mail() as server:
        sent = message(title or said.title, said.body, letter=said.letter)
        assert send(server.url() + options, sent) == Outcome(SENT)
    [mail] = server.mails
    return mail


def test_a_mail_says_the_same_in_its_text_and_on_its_page_and_both_have_the_links() -> None:
    said = told(LEAVING, CHEAPER)
    mail = received(said)
    assert mail["Subject"] == f"[critical] {said.title}"
    assert mail["X-Watcher-Event-Id"] == "event-1 event-2"
    assert part(mail, "plain").replace("\r", "").strip() == said.body
    page = words_of(part(mail, "html"))
    for subject in ("wetland/heron-large", "acme/finch-mini"):
        assert f"https://openrouter.ai/{subject}" in part(mail, "plain")
        assert f'href="https://openrouter.ai/{subject}"' in page
    assert "leaves on Sat 7 Nov 2026, in 5 days" in page


def test_without_parts_a_mail_is_its_text() -> None:
    mail = received(replace(told(NEW), letter=None))
    assert mail.get_content_type() == "text/plain"
    assert mail["In-Reply-To"] is None


def test_who_wants_plain_text_gets_no_page() -> None:
    assert received(told(NEW), "&format=text").get_content_type() == "text/plain"


def test_programs_are_told_what_kind_of_mail_it_is() -> None:
    mail = received(told(LEAVING))
    assert mail["From"] == "watcher <w@example.test>"
    assert mail["To"] == "a@example.test"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert mail["List-Id"] == "watcher <watcher.example.test>"
    assert mail["Message-ID"].endswith("@example.test>")
    assert parsedate_to_datetime(mail["Date"]).tzinfo
    assert mail["MIME-Version"] == "1.0"


def test_a_possible_repeat_of_what_is_critical_says_first_that_it_may_be_one() -> None:
    said = told(LEAVING)
    mail = received(said, title=f"[possible repeat] {said.title}")
    assert mail["Subject"] == f"[possible repeat] [critical] {said.title}"
    assert f"<h1>[possible repeat] {said.title}" in re.sub(r"<h1[^>]*>", "<h1>", words_of(part(mail, "html")))


@pytest.mark.parametrize(("event", "priority"), [(LEAVING, "high"), (NEW, None)])
def test_only_what_is_critical_has_a_high_priority(event: Event, priority: str | None) -> None:
    assert received(told(event))["Importance"] == priority


def test_the_mails_about_one_model_and_its_variants_are_one_thread() -> None:
    free = replace(PRICE, subject="acme/owl-2:free", facts={})
    gone = Event("g", START, Kind.MODEL_REMOVED, "acme/owl-2")
    first, second, other, several = (
        received(told(*events)) for events in ([PRICE, free], [gone], [NEW], [PRICE, NEW])
    )
    assert first["References"] == first["In-Reply-To"] == second["References"]
    assert first["References"] != other["References"]
    assert several["References"] is None
    assert len({mail["Message-ID"] for mail in (first, other)}) == 1, (
        "the made-up messages have the same events"
    )


def test_a_copy_has_the_id_of_the_first_and_another_message_has_its_own() -> None:
    with receiving_mail() as server:
        first, later = message(), message()
        later = replace(later, notification=replace(later.notification, at=START))
        for delivery in (first, message(repeat=True), later):
            assert send(server.url(), delivery) == Outcome(SENT)
    ids = [mail["Message-ID"] for mail in server.mails]
    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    assert server.mails[1]["Subject"] == "[possible repeat] A price fell"


def test_names_and_headers_of_the_address_are_kept() -> None:
    options = (
        "&name=Wächter%20Eins&reply=Ops%20<ops@example.test>&+X-Team=%C3%A9quipe&+Auto-Submitted=no&+To=x"
    )
    mail = received(told(NEW), options)
    assert parseaddr(str(mail["From"])) == ("Wächter Eins", "w@example.test")
    assert mail["Reply-To"] == "Ops <ops@example.test>"
    assert (mail["X-Team"], mail["Auto-Submitted"], mail.get_all("To")) == (
        "équipe",
        "no",
        ["a@example.test"],
    )


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("acme/öwl-2 - 50 % günstiger 🦉 " * 5, id="letters"),
        pytest.param("w" * 150, id="one-word"),
        pytest.param("w" * 70 + " é b" * 20, id="mixed"),
        pytest.param("=?utf-8?q?acme?= is new", id="looks-encoded"),
    ],
)
def test_a_subject_of_any_letters_and_length_arrives_and_no_line_is_too_long(title: str) -> None:
    with receiving_mail() as server:
        url = server.url().replace("w@example.test", f"w@{LONG_DOMAIN}")
        assert send(url, message(title, letter=told(PRICE).letter)) == Outcome(SENT)
    [mail] = server.mails
    assert mail["Subject"].replace("\u200b", "").strip() == title.strip()
    assert mail["References"].endswith(f"@{LONG_DOMAIN}>")
    assert max(map(len, mail.as_bytes().splitlines())) < 250


def test_the_price_of_a_single_model_is_drawn_inside_the_page() -> None:
    said = told(PRICE)
    mail = received(replace(said, letter=rich(said)))
    assert [one.get_content_type() for one in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    picture = list(mail.walk())[-1]
    page = part(mail, "html")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert "prompt $1.00, then $1.25 from 23 Sep, then $1.50 from 2 Nov" in words_of(page)
    assert picture.get_content_disposition() == "inline"
    content = picture.get_payload(decode=True)
    assert isinstance(content, bytes)
    with Image.open(BytesIO(content)) as image:
        image.verify()
        assert image.width == 2 * 544


def test_a_chart_that_cannot_be_drawn_costs_the_picture_only() -> None:
    said = told(replace(PRICE, facts={"chart": {"from": "some day", "series": {"prompt": [["x", "y"]]}}}))
    mail = received(said)
    assert mail.get_content_type() == "multipart/alternative"
    assert "<img" not in part(mail, "html")


def test_a_long_message_keeps_within_the_limit_and_says_what_is_missing() -> None:
    many = [
        replace(PRICE, id=str(n), subject=f"acme/a-rather-long-name-of-a-model-{n}", facts={})
        for n in range(100)
    ]
    said = told(*many)
    mail = received(replace(said, letter=rich(said)))
    page = part(mail, "html").replace("\r", "")
    assert 25_000 < len(page) <= 32_768
    assert re.search(r"more; see <code[^>]*>watcher events --since 2026-11-23T08:00Z</code>", page)


def test_two_parsers_read_the_same() -> None:
    said = told(PRICE, replace(LEAVING, subject="wetland/hérön"))
    raw = received(said, "&name=Wächter").as_bytes()
    modern = message_from_bytes(raw, policy=policy.default)
    old = message_from_bytes(raw)
    assert str(make_header(decode_header(old["Subject"]))) == modern["Subject"] == f"[critical] {said.title}"
    assert parseaddr(str(make_header(decode_header(old["From"])))) == ("Wächter", "w@example.test")
    texts = [text(one) for one in old.walk() if one.get_content_maintype() == "text"]
    assert texts == [part(modern, "plain").replace("\r", ""), part(modern, "html").replace("\r", "")]
    assert [modern.defects, old.defects] == [[], []]


def text(one: Message) -> str:
    payload = one.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(one.get_content_charset() or "").replace("\r", "")
