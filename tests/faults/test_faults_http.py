import gzip
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, answer
from tests.support.scripted_server import Script, reply, serving, zipped
from tests.support.watched_site import BIRDS, LEAVING, assert_only_a_failed_poll, watched_site
from watcher.sources.ask import failures

LIST = answer(BIRDS)
CHALLENGE = b"<!DOCTYPE html><title>Just a moment...</title>"
SAID = b'{"error": {"code": 500, "message": "Internal Server Error"}}'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(reply(b"", "500 Oops"), "answered HTTP 500", id="500", marks=pytest.mark.fault("H1")),
        pytest.param(
            reply(CHALLENGE, "502 Bad Gateway"), "answered HTTP 502", id="502", marks=pytest.mark.fault("H1")
        ),
        pytest.param(reply(LIST, "503 Busy"), "answered HTTP 503", id="503", marks=pytest.mark.fault("H1")),
        pytest.param(
            reply(SAID, "504 Timeout"),
            "HTTP 504 (Internal Server Error)",
            id="504",
            marks=pytest.mark.fault("H1"),
        ),
        pytest.param(
            reply(LIST, "429 Slow down", "Retry-After: 1000000000"),
            "HTTP 429",
            id="429",
            marks=pytest.mark.fault("H2", "W21"),
        ),
        pytest.param(
            reply(LIST, "401 Who"),
            "check the address",
            id="401",
            marks=pytest.mark.fault("H3"),
        ),
        pytest.param(
            reply(LIST, "403 No"),
            "check the address",
            id="403",
            marks=pytest.mark.fault("H3"),
        ),
        pytest.param(
            reply(LIST, "404 Where"),
            "check the address",
            id="404",
            marks=pytest.mark.fault("H3"),
        ),
        pytest.param(
            reply(LIST, "410 Gone"),
            "check the address",
            id="410",
            marks=pytest.mark.fault("H3"),
        ),
        pytest.param(
            reply(LIST, "301 Moved", "Location: /other"),
            "redirects",
            id="same-host",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(LIST, "302 Found", "Location: //a.test/x"),
            "to a.test",
            id="other-host",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(LIST, "307 Moved", "Location: /models"),
            "redirects",
            id="loop",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(LIST, "308 Moved", "Location: file:///etc/passwd"),
            "redirects",
            id="file",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(b"", "304 Not Modified", 'ETag: "a"'),
            "answered HTTP 304",
            id="304",
            marks=pytest.mark.fault("H5"),
        ),
        pytest.param(
            reply(CHALLENGE, "200 OK", "Content-Type: text/html"),
            "no JSON",
            id="challenge",
            marks=pytest.mark.fault("H8"),
        ),
        pytest.param(reply(SAID), "'Internal Server Error'", id="error", marks=pytest.mark.fault("H9")),
        pytest.param(
            reply(b'{"error": {"message": "%s"}}' % (b"\\u001b" * 900)),
            r"\x1b",
            id="long",
            marks=pytest.mark.fault("H9"),
        ),
        pytest.param(
            reply(b"", "204 No Content"), "answered HTTP 204", id="204", marks=pytest.mark.fault("H10")
        ),
        pytest.param(reply(b""), "empty answer", id="200", marks=pytest.mark.fault("H10")),
        pytest.param(zipped(b" " * 21_000_000), "too large", id="bomb", marks=pytest.mark.fault("H11")),
        pytest.param(
            reply(LIST, "200 OK", "Content-Encoding: br"),
            "content encoding",
            id="br",
            marks=pytest.mark.fault("H11"),
        ),
        pytest.param(
            zipped(gzip.compress(LIST)), "no JSON", id="gzip-in-gzip", marks=pytest.mark.fault("H11")
        ),
        pytest.param(
            Script(
                (
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    *(b"f4240\r\n" + b" " * 1_000_000 + b"\r\n",) * 22,
                )
            ),
            "too large",
            id="endless",
            marks=pytest.mark.fault("H12"),
        ),
        pytest.param(
            reply(b"no gzip", "200 OK", "Content-Encoding: gzip"),
            "incorrect header",
            id="bad",
            marks=pytest.mark.fault("H13"),
        ),
        pytest.param(
            reply(gzip.compress(LIST)[:-9], "200 OK", "Content-Encoding: gzip"),
            "is truncated",
            id="cut",
            marks=pytest.mark.fault("H13"),
        ),
        pytest.param(
            reply(LIST, "200 OK", "X: " + "y" * 200_000),
            "127.0.0.1: ",
            id="long-header",
            marks=pytest.mark.fault("H14"),
        ),
        pytest.param(
            reply(LIST, "200 OK", *["Set-Cookie: a=b"] * 10_000),
            "127.0.0.1: ",
            id="cookies",
            marks=pytest.mark.fault("H14"),
        ),
        pytest.param(
            reply(LIST, "200 OK", "Age: 86400"), "24 hours old", id="old", marks=pytest.mark.fault("H16")
        ),
    ],
)
def test_an_http_answer_without_a_list_is_just_a_failed_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    assert_only_a_failed_poll(tmp_path, caplog, script, words)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            Script((b"HTTP/1.0 200 OK\r\n\r\n", LIST)), id="HTTP1.0", marks=pytest.mark.fault("H15")
        ),
        pytest.param(
            Script((b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n", *reply(LIST).pieces)),
            id="interim",
            marks=pytest.mark.fault("H15"),
        ),
        pytest.param(
            Script((b"HTTP/1.1 200 ok\r\ncontent-length: %d\r\n\r\n" % len(LIST), LIST)),
            id="lower",
            marks=pytest.mark.fault("H15"),
        ),
        pytest.param(
            reply(LIST, "200 OK", "Content-Type: text/html"), id="html", marks=pytest.mark.fault("H17")
        ),
        pytest.param(
            reply(LIST, "200 OK", "Content-Type: image/png; charset=utf-7"),
            id="image",
            marks=pytest.mark.fault("H17"),
        ),
    ],
)
def test_a_good_list_delivered_oddly_is_a_good_poll(tmp_path: Path, script: Script) -> None:
    with watched_site(tmp_path) as at:
        assert not failures(at.gets(models=script))
        assert set(at.state().items) == {"acme/owl-2", "acme/finch-mini", "wetland/heron-large"}


@pytest.mark.fault("H4", "Z10")
def test_a_redirect_is_followed_to_no_other_host_or_path(tmp_path: Path) -> None:
    with serving(reply(LIST)) as other, watched_site(tmp_path) as at:
        for target in (other.url("/models"), at.server.url("/elsewhere")):
            for status in ("301 Moved", "302 Found", "307 Moved", "308 Moved"):
                assert "models" in failures(at.gets(models=reply(b"", status, f"Location: {target}")))
        assert other.requests == []
        assert not any("elsewhere" in request for request in at.server.requests)


@pytest.mark.fault("H6")
def test_a_source_whose_answer_is_never_new_is_failing(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS)
        for _ in range(30):
            at.gets(models=reply(b"", "304 Not Modified"), after=HOUR)
        assert at.news() == [("source.failing", "models")]
        assert [event.cause for event in at.events()] == ["127.0.0.1 answered HTTP 304"]
        at.shows(LEAVING, FINCH, HERON)
        assert at.news()[1:] == [("expiration.announced", "acme/owl-2"), ("source.recovered", "models")]


@pytest.mark.fault("H6", "H7", "W20")
def test_no_request_is_conditional_so_an_etag_hides_nothing(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.gets(models=reply(LIST, "200 OK", 'ETag: "1"', "Last-Modified: Mon, 02 Nov 2026 08:00:00 GMT"))
        at.gets(models=reply(answer([LEAVING])[:-5], "200 OK", 'ETag: "2"'))
        at.gets(models=reply(answer([LEAVING, FINCH, HERON]), "200 OK", 'ETag: "2"'))
        assert at.news() == [("expiration.announced", "acme/owl-2")]
        assert not any("if-none-match" in request.lower() for request in at.server.requests)
        assert not any("if-modified-since" in request.lower() for request in at.server.requests)


@pytest.mark.fault("H7")
def test_a_changing_etag_on_the_same_list_is_not_a_change(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        at.gets(models=reply(LIST, "200 OK", 'ETag: "0"'))
        known, charted = at.state().items, at.service.store.history("acme/owl-2")
        for number in range(1, 5):
            at.gets(models=reply(LIST, "200 OK", f'ETag: "{number}"'))
        assert at.state().items == known
        assert at.service.store.history("acme/owl-2") == charted
        assert at.messages() == []


@pytest.mark.fault("H16", "W21")
def test_an_older_list_alternating_with_a_newer_one_is_reported_once(tmp_path: Path) -> None:
    dearer = OWL | {"pricing": {"prompt": "0.00000125", "completion": "0.00002"}}
    with watched_site(tmp_path) as at:
        at.shows(OWL, FINCH)
        for _ in range(15):
            at.shows(dearer, FINCH, HERON)
            at.shows(OWL, FINCH)
        assert at.news() == [("model.added", "wetland/heron-large")]
        at.shows(dearer, FINCH, HERON)
        at.shows(dearer, FINCH, HERON, after=2 * DAY)
        assert at.news()[1:] == [("price.routed", "acme/owl-2")], "shown before, so no new price"
