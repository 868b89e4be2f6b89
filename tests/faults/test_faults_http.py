import gzip
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, answer
from tests.support.servers import Script, reply, serving, zipped
from tests.support.sites import BIRDS, LEAVING, is_a_failed_poll_and_no_more, watched
from watcher.sources.ask import failures

LIST = answer(BIRDS)
CHALLENGE = b"<!DOCTYPE html><title>Just a moment...</title>"
SAID = b'{"error": {"code": 500, "message": "Internal Server Error"}}'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(reply(b"", "500 Oops"), "answered HTTP 500", id="H1-500"),
        pytest.param(reply(CHALLENGE, "502 Bad Gateway"), "answered HTTP 502", id="H1-502"),
        pytest.param(reply(LIST, "503 Busy"), "answered HTTP 503", id="H1-503"),
        pytest.param(reply(SAID, "504 Timeout"), "HTTP 504 (Internal Server Error)", id="H1-504"),
        pytest.param(reply(LIST, "429 Slow down", "Retry-After: 1000000000"), "HTTP 429", id="H2_W21"),
        pytest.param(reply(LIST, "401 Who"), "check the address", id="H3-401"),
        pytest.param(reply(LIST, "403 No"), "check the address", id="H3-403"),
        pytest.param(reply(LIST, "404 Where"), "check the address", id="H3-404"),
        pytest.param(reply(LIST, "410 Gone"), "check the address", id="H3-410"),
        pytest.param(reply(LIST, "301 Moved", "Location: /other"), "redirects", id="H4-same-host"),
        pytest.param(reply(LIST, "302 Found", "Location: //a.test/x"), "to a.test", id="H4-other-host"),
        pytest.param(reply(LIST, "307 Moved", "Location: /models"), "redirects", id="H4-loop"),
        pytest.param(reply(LIST, "308 Moved", "Location: file:///etc/passwd"), "redirects", id="H4-file"),
        pytest.param(reply(b"", "304 Not Modified", 'ETag: "a"'), "answered HTTP 304", id="H5"),
        pytest.param(reply(CHALLENGE, "200 OK", "Content-Type: text/html"), "no JSON", id="H8"),
        pytest.param(reply(SAID), "'Internal Server Error'", id="H9"),
        pytest.param(reply(b'{"error": {"message": "%s"}}' % (b"\\u001b" * 900)), r"\x1b", id="H9-long"),
        pytest.param(reply(b"", "204 No Content"), "answered HTTP 204", id="H10-204"),
        pytest.param(reply(b""), "empty answer", id="H10-200"),
        pytest.param(zipped(b" " * 21_000_000), "too large", id="H11-bomb"),
        pytest.param(reply(LIST, "200 OK", "Content-Encoding: br"), "content encoding", id="H11-br"),
        pytest.param(zipped(gzip.compress(LIST)), "no JSON", id="H11-gzip-in-gzip"),
        pytest.param(
            Script(
                (
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    *(b"f4240\r\n" + b" " * 1_000_000 + b"\r\n",) * 22,
                )
            ),
            "too large",
            id="H12",
        ),
        pytest.param(reply(b"no gzip", "200 OK", "Content-Encoding: gzip"), "incorrect header", id="H13-bad"),
        pytest.param(
            reply(gzip.compress(LIST)[:-9], "200 OK", "Content-Encoding: gzip"),
            "is truncated",
            id="H13-cut",
        ),
        pytest.param(reply(LIST, "200 OK", "X: " + "y" * 200_000), "127.0.0.1: ", id="H14"),
        pytest.param(reply(LIST, "200 OK", *["Set-Cookie: a=b"] * 10_000), "127.0.0.1: ", id="H14-cookies"),
        pytest.param(reply(LIST, "200 OK", "Age: 86400"), "24 hours old", id="H16-old"),
    ],
)
def test_an_answer_over_http_that_is_none_is_a_failed_poll_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    is_a_failed_poll_and_no_more(tmp_path, caplog, script, words)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script((b"HTTP/1.0 200 OK\r\n\r\n", LIST)), id="H15-HTTP1.0"),
        pytest.param(
            Script((b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", *reply(LIST).pieces)),
            id="H15-interim",
        ),
        pytest.param(
            Script((b"HTTP/1.1 200 ok\r\ncontent-length: %d\r\n\r\n" % len(LIST), LIST)), id="H15-lower"
        ),
        pytest.param(reply(LIST, "200 OK", "Content-Type: text/html"), id="H17-html"),
        pytest.param(reply(LIST, "200 OK", "Content-Type: image/png; charset=utf-7"), id="H17-image"),
    ],
)
def test_an_odd_way_to_give_a_good_list_is_a_good_poll(tmp_path: Path, script: Script) -> None:
    with watched(tmp_path) as at:
        assert not failures(at.gets(models=script))
        assert set(at.state().items) == {"acme/owl-2", "acme/finch-mini", "wetland/heron-large"}


def test_a_redirect_reaches_no_other_host_and_no_other_path__H4_Z10(tmp_path: Path) -> None:
    with serving(reply(LIST)) as other, watched(tmp_path) as at:
        for target in (other.url("/models"), at.server.url("/elsewhere")):
            for status in ("301 Moved", "302 Found", "307 Moved", "308 Moved"):
                assert "models" in failures(at.gets(models=reply(b"", status, f"Location: {target}")))
        assert other.requests == []
        assert not any("elsewhere" in request for request in at.server.requests)


def test_an_answer_that_is_never_new_is_a_source_that_fails__H6(tmp_path: Path) -> None:
    with watched(tmp_path) as at:
        at.shows(*BIRDS)
        for _ in range(30):
            at.gets(models=reply(b"", "304 Not Modified"), after=HOUR)
        assert at.news() == [("source.failing", "models")]
        assert [event.cause for event in at.events()] == ["127.0.0.1 answered HTTP 304"]
        at.shows(LEAVING, FINCH, HERON)
        assert at.news()[1:] == [("expiration.announced", "acme/owl-2"), ("source.recovered", "models")]


def test_no_request_is_conditional_so_a_tag_hides_nothing__H6_H7_W20(tmp_path: Path) -> None:
    with watched(tmp_path) as at:
        at.gets(models=reply(LIST, "200 OK", 'ETag: "1"', "Last-Modified: Mon, 02 Nov 2026 08:00:00 GMT"))
        at.gets(models=reply(answer([LEAVING])[:-5], "200 OK", 'ETag: "2"'))
        at.gets(models=reply(answer([LEAVING, FINCH, HERON]), "200 OK", 'ETag: "2"'))
        assert at.news() == [("expiration.announced", "acme/owl-2")]
        assert not any("if-none-match" in request.lower() for request in at.server.requests)
        assert not any("if-modified-since" in request.lower() for request in at.server.requests)


def test_a_tag_that_changes_over_the_same_list_is_no_change__H7(tmp_path: Path) -> None:
    with watched(tmp_path) as at:
        at.gets(models=reply(LIST, "200 OK", 'ETag: "0"'))
        known, charted = at.state().items, at.service.store.history("acme/owl-2")
        for number in range(1, 5):
            at.gets(models=reply(LIST, "200 OK", f'ETag: "{number}"'))
        assert at.state().items == known
        assert at.service.store.history("acme/owl-2") == charted
        assert at.messages() == []


def test_an_older_list_that_alternates_with_a_newer_one_is_told_once__H16_W21(tmp_path: Path) -> None:
    dearer = OWL | {"pricing": {"prompt": "0.00000125", "completion": "0.00002"}}
    with watched(tmp_path) as at:
        at.shows(OWL, FINCH)
        for _ in range(15):
            at.shows(dearer, FINCH, HERON)
            at.shows(OWL, FINCH)
        assert at.news() == [("model.added", "wetland/heron-large")]
        at.shows(dearer, FINCH, HERON)
        at.shows(dearer, FINCH, HERON, after=2 * DAY)
        assert at.news()[1:] == [("price.changed", "acme/owl-2")]
