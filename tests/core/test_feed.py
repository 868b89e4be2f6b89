import gzip

import pytest

from tests.support.catalogs import read_feed
from watcher.domain.catalog import FeedItem, FeedSnapshot
from watcher.domain.errors import RefusedError
from watcher.sources.registry import SOURCES

HEAD = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Models</title>'
TAIL = "</channel></rss>"


def item(title: str, guid: str = "acme/owl-2-20260901", extra: str = "") -> str:
    return f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid>{extra}</item>"


def read(*items: str, head: str = HEAD) -> FeedSnapshot:
    return read_feed((head + "".join(items) + TAIL).encode())


def refusal(page: bytes) -> str:
    with pytest.raises(RefusedError) as error:
        read_feed(page)
    return str(error.value)


@pytest.mark.parametrize(
    ("title", "model", "name"),
    [
        ("Acme: Owl 2 (acme/owl-2)", "acme/owl-2", "Acme: Owl 2"),
        ("Acme: Owl (Night) (free) (acme/owl-2)", "acme/owl-2", "Acme: Owl (Night) (free)"),
        ("Acme: Owl Latest (~acme/owl-latest)", "~acme/owl-latest", "Acme: Owl Latest"),
        ("<![CDATA[Acme & Co (acme/owl-2)]]>", "acme/owl-2", "Acme & Co"),
    ],
)
def test_the_last_bracket_of_a_title_is_the_id(title: str, model: str, name: str) -> None:
    assert read(item(title)).items == {"acme/owl-2-20260901": FeedItem(model, name)}


@pytest.mark.parametrize(
    ("hostile", "literal"),
    [
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("<![CDATA[<!channel> <b>bold</b>]]>", "<!channel> <b>bold</b>"),
        ("&amp;lt;", "&lt;"),
        ("a\u202eb", "a b"),
        ("x" * 300, "x" * 200),
    ],
)
@pytest.mark.fault("F12")
def test_a_title_is_text_and_never_markup(hostile: str, literal: str) -> None:
    assert read(item(f"{hostile} (acme/owl-2)")).items["acme/owl-2-20260901"].name == literal


@pytest.mark.parametrize("title", ["no id", "", "Owl (acme)", "Owl (acme/owl 2)", f"Owl (a/{'x' * 300})"])
@pytest.mark.fault("F3")
def test_an_item_without_a_usable_id_is_left_out(title: str) -> None:
    snapshot = read(item("Owl (acme/owl-2)"), item(title, "other"))
    assert list(snapshot.items) == ["acme/owl-2-20260901"]
    assert snapshot.refused == {"item 2": "has no valid id"}


@pytest.mark.parametrize("guid", ["g" * 257, "a\u202eb", "a&#10;b", ""])
@pytest.mark.fault("F3")
def test_an_item_without_a_usable_guid_is_left_out(guid: str) -> None:
    snapshot = read(item("Owl (acme/owl-2)"), item("Cat (acme/cat)", guid))
    assert list(snapshot.items) == ["acme/owl-2-20260901"]
    assert snapshot.refused == {"item 2": "has no valid id"}


@pytest.mark.parametrize(
    "date", ["", "never", "02/11/2026", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 99 Foo 99999 +99999"]
)
@pytest.mark.fault("F3")
def test_dates_are_ignored(date: str) -> None:
    assert len(read(item("Owl (acme/owl-2)", extra=f"<pubDate>{date}</pubDate>")).items) == 1


@pytest.mark.fault("F3")
def test_without_a_guid_the_link_serves() -> None:
    link = "https://openrouter.ai/acme/owl-2"
    snapshot = read(
        f"<item><title>Owl (acme/owl-2)</title><link>{link}</link><pubDate>never</pubDate></item>"
    )
    assert list(snapshot.items) == [link]


@pytest.mark.fault("F6")
def test_a_guid_twice_is_one_model() -> None:
    items = read(item("Owl (acme/owl-2)"), item("Owl again (acme/owl-2)")).items
    assert [entry.name for entry in items.values()] == ["Owl"], "the first"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        pytest.param(b"", "not a feed", id="empty", marks=pytest.mark.fault("F2")),
        pytest.param(
            b"<html><body>Just a moment...</body></html>",
            "not a feed",
            id="html",
            marks=pytest.mark.fault("F2"),
        ),
        pytest.param(b'{"error": {"message": "no"}}', "not a feed", id="json", marks=pytest.mark.fault("F2")),
        pytest.param(
            (HEAD + item("Owl (acme/owl-2)") * 9)[:-40].encode(),
            "broken",
            id="cut",
            marks=pytest.mark.fault("F1"),
        ),
        pytest.param((HEAD + TAIL).encode(), "empty", id="no-entries", marks=pytest.mark.fault("F9")),
        pytest.param(
            (HEAD + item("Owl") * 9 + TAIL).encode(),
            "no feed item has a valid id",
            id="no-usable-ids",
            marks=pytest.mark.fault("F3"),
        ),
        pytest.param(
            gzip.compress((HEAD + item("Owl (acme/owl-2)") + TAIL).encode()),
            "not a feed",
            id="gzip",
            marks=pytest.mark.fault("F11"),
        ),
        pytest.param(
            (
                '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
                f"<rss version='2.0'><channel>{item('&b;&c; (acme/owl-2)')}"
            ).encode(),
            "",
            id="entities",
            marks=pytest.mark.fault("F10"),
        ),
    ],
)
def test_an_implausible_feed_is_refused_whole(page: bytes, words: str) -> None:
    assert words in refusal(page)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
@pytest.mark.fault("F11")
def test_other_encodings_are_read_correctly(encoding: str) -> None:
    head = HEAD.replace("UTF-8", encoding)
    page = (head + item("Übermodel (acme/owl-2)") + TAIL).encode(encoding)
    assert read_feed(page).items["acme/owl-2-20260901"].name == "Übermodel"


@pytest.mark.fault("F11")
def test_an_encoding_declared_wrongly_is_forgiven() -> None:
    page = (HEAD + item("Übermodel (acme/owl-2)") + TAIL).encode("iso-8859-1")
    assert "bermodel" in str(read_feed(page).items["acme/owl-2-20260901"].name)


@pytest.mark.fault("F10")
def test_an_entity_never_reads_a_file() -> None:
    page = (
        '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///etc/hostname">]>'
        f"<rss version='2.0'><channel>{item('Owl &c; (acme/owl-2)')}{TAIL}"
    )
    assert "the feed is broken" in refusal(page.encode())


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(HEAD + item("&#99999999999; (acme/owl-2)") + TAIL, id="number"),
        pytest.param(HEAD + item("&#x110000; (acme/owl-2)") + TAIL, id="beyond-Unicode"),
        pytest.param(HEAD + item("&#xd800; (acme/owl-2)") + TAIL, id="surrogate"),
        pytest.param(HEAD.replace("UTF-8", "undefined") + item("Owl (acme/owl-2)") + TAIL, id="encoding"),
    ],
)
@pytest.mark.fault("F11")
def test_a_feed_on_which_the_parser_fails_is_refused(page: str) -> None:
    assert "the feed is broken" in refusal(page.encode())


@pytest.mark.parametrize("encoding", ["zlib", "idna", "utf-7", "x\x1b[31m"])
@pytest.mark.fault("F11")
def test_something_that_is_not_a_text_encoding_is_not_used(encoding: str) -> None:
    assert read(item("Owl (acme/owl-2)"), head=HEAD.replace("UTF-8", encoding)).items


@pytest.mark.fault("F10")
def test_a_deeply_nested_feed_is_read() -> None:
    assert len(read(item("Owl (acme/owl-2)"), "<a>" * 20_000, "</a>" * 20_000).items) == 1


def test_a_feed_has_one_page() -> None:
    assert SOURCES["feed"].next_page(b"") is None
