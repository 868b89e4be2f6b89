import pytest

from tests.support.scripted_server import dripped, reply, serving
from watcher.domain.errors import FetchError
from watcher.sources.fetch import fetch


def test_pages_are_followed_in_order() -> None:
    following = {b"1": "/models?page=2", b"2": "?page=3"}
    with serving(reply(b"1"), reply(b"2"), reply(b"3")) as server:
        assert fetch(server.url("/models"), next_page=following.get).pages == (b"1", b"2", b"3")
        assert [request.split()[1] for request in server.requests] == [
            "/models",
            "/models?page=2",
            "/models?page=3",
        ]


@pytest.mark.parametrize(
    ("following", "words"),
    [
        ("http://elsewhere.test/models", "returned a next-page link to another host, elsewhere.test"),
        ("https://127.0.0.1/models", "another host"),
        ("/models", "returned too many pages"),
        ("http://[::1", "returned an invalid next-page link"),
    ],
)
def test_a_next_page_must_be_new_and_on_the_same_host(following: str, words: str) -> None:
    with serving(reply(b"1")) as server, pytest.raises(FetchError, match=words):
        fetch(server.url("/models"), next_page=lambda _: following)


def test_a_reader_that_fails_is_reported_at_once() -> None:
    with serving(reply(b"1")) as server, pytest.raises(FetchError, match="KeyError"):
        fetch(server.url(), next_page=dict[bytes, str]().__getitem__)


def test_the_deadline_covers_all_pages_together() -> None:
    pages = iter(range(1000))
    slow = dripped(b"HTTP/1.1 200 OK\r\n\r\nx", every=0.01)
    with serving(slow) as server, pytest.raises(FetchError, match="no complete answer within 1 s"):
        fetch(server.url(), next_page=lambda _: f"?page={next(pages)}", deadline=1.0)


def test_endless_pages_are_cut_off() -> None:
    pages = iter(range(1000))
    with serving(reply(b"1")) as server, pytest.raises(FetchError, match="too many pages"):
        fetch(server.url("/models"), next_page=lambda _: f"/models?page={next(pages)}")


def test_the_limit_covers_all_pages_together() -> None:
    pages = iter(range(1000))
    with serving(reply(b"x" * 400)) as server, pytest.raises(FetchError, match="too large"):
        fetch(server.url("/models"), next_page=lambda _: f"/models?page={next(pages)}", limit=1000)
