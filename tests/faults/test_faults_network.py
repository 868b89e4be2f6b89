import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, HOUR, answer
from tests.support.name_resolution import run_with_names
from tests.support.receivers import free_port
from tests.support.scripted_server import RESET, Script, reply, serving
from tests.support.watched_site import BIRDS, LEAVING, assert_only_a_failed_poll, watched_site
from watcher.sources.ask import failures
from watcher.sources.fetch import fetch

LIST = answer(BIRDS)
HEAD = b"HTTP/1.1 200 OK\r\n"
SILENT = "127.83.1.9"  # an address of loopback that nobody else uses
ASK = """if True:
    import socket, sys
    from watcher.domain.errors import FetchError
    from watcher.sources.fetch import fetch
    try:
        print(fetch(sys.argv[1], deadline=1.0).pages)
        print([found[4][0] for found in socket.getaddrinfo("catalog.test", 80, type=socket.SOCK_STREAM)])
    except FetchError as error:
        print(error)
    """


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(Script((RESET,)), "127.0.0.1: ", id="at-once", marks=pytest.mark.fault("N7")),
        pytest.param(
            Script((HEAD + b"Content-Length: 9999\r\n\r\n", LIST[:99], RESET)),
            "127.0.0.1: ",
            id="reset",
            marks=pytest.mark.fault("N7"),
        ),
        pytest.param(
            reply(LIST, length=len(LIST) + 1), "127.0.0.1: ", id="length", marks=pytest.mark.fault("N8")
        ),
        pytest.param(
            Script((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",)),
            "127.0.0.1: ",
            id="chunked",
            marks=pytest.mark.fault("N8"),
        ),
        pytest.param(
            Script((HEAD + b"\r\n", LIST[:-20])), "no JSON", id="no-length", marks=pytest.mark.fault("N9")
        ),
        pytest.param(Script((HEAD + b"\r\n",)), "empty answer", id="nothing", marks=pytest.mark.fault("N9")),
        pytest.param(Script(()), "127.0.0.1: ", id="no-head", marks=pytest.mark.fault("N9")),
    ],
)
def test_an_interrupted_answer_is_just_a_failed_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    assert_only_a_failed_poll(tmp_path, caplog, script, words)


@pytest.mark.fault("N7")
def test_an_interrupted_feed_is_just_a_failed_poll(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert_only_a_failed_poll(tmp_path, caplog, Script((HEAD, RESET)), "127.0.0.1: ", source="feed")


@pytest.mark.fault("N1", "N11", "W19")
def test_a_day_without_network_is_one_alert_and_one_message_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    many = [HERON | {"id": f"wetland/heron-{number}"} for number in range(30)]
    with watched_site(tmp_path) as at:
        at.shows(*BIRDS, *many)
        home = at.service.config
        nowhere = f"http://127.0.0.1:{free_port()}/"
        at.service.config = replace(home, sources=dict.fromkeys(home.sources, nowhere))
        for _ in range(24):
            poll = at.gets(after=HOUR)
            assert set(failures(poll)) == {"models", "feed"}
        assert "models: 127.0.0.1: [Errno 111] Connection refused" in caplog.text
        assert at.news() == [("source.failing", "models"), ("source.failing", "feed")]
        assert len(at.messages()) == 1
        at.service.config = home
        at.shows(LEAVING, FINCH, HERON, *(row | {"expiration_date": "2026-12-20"} for row in many))
        assert at.news()[2:] == [
            *[
                ("expiration.announced", row["id"])
                for row in sorted([LEAVING, *many], key=lambda row: row["id"])
            ],
            ("source.recovered", "models"),
            ("source.recovered", "feed"),
        ]
        [_, back] = at.messages()
        assert "31 models leave between Fri 20 Nov 2026 and Sun 20 Dec 2026" in back.notification.body
        assert "covers everything since 2 Nov 2026 08:10 UTC" in back.notification.body


@pytest.mark.fault("N2")
def test_a_silent_name_server_blocks_nobody(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53 if os.geteuid() == 0 else 0))
        ended = run_with_names(tmp_path, "", SILENT, ASK, "http://catalog.test/models")
    assert (ended.stdout, ended.stderr) == ("catalog.test sent no complete answer within 1 s\n", "")


@pytest.mark.fault("N13")
def test_of_two_addresses_the_one_that_answers_is_enough(tmp_path: Path) -> None:
    hosts = "::1 catalog.test\n127.0.0.1 catalog.test\n"
    with serving(reply(b"[]")) as server:
        ended = run_with_names(tmp_path, hosts, SILENT, ASK, f"http://catalog.test:{server.port}/models")
    assert ended.stdout.splitlines() == ["(b'[]',)", "['::1', '127.0.0.1']"], ended.stderr


@pytest.mark.fault("N13")
def test_if_neither_address_answers_it_is_an_error(tmp_path: Path) -> None:
    hosts = "::1 catalog.test\n127.0.0.1 catalog.test\n"
    ended = run_with_names(tmp_path, hosts, SILENT, ASK, f"http://catalog.test:{free_port()}/models")
    assert ended.stdout == "catalog.test: [Errno 111] Connection refused\n", ended.stderr


@pytest.mark.fault("N14")
def test_pages_arrive_although_the_server_closes_its_connection_after_each() -> None:
    pages = [Script((HEAD + b"Content-Length: 1\r\n\r\n%d" % number,), every=0.1) for number in (1, 2, 3)]
    following = {b"1": "/models?page=2", b"2": "/models?page=3"}
    with serving(*pages) as server:
        assert fetch(server.url("/models"), next_page=following.get).pages == (b"1", b"2", b"3")


@pytest.mark.fault("N14")
def test_no_connection_stays_open_from_one_poll_to_the_next(tmp_path: Path) -> None:
    with watched_site(tmp_path) as at:
        for _ in range(3):
            assert not failures(
                at.gets(models=Script((HEAD + b"Content-Length: %d\r\n\r\n" % len(LIST), LIST)))
            )
        assert all("connection: close\r\n" in request.lower() for request in at.server.requests)
