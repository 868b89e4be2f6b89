import json
import time
from collections.abc import Callable
from threading import Event as Flag
from threading import Timer
from typing import Any

import pytest

from tests.support.offers import endpoint
from tests.support.receivers import free_port
from tests.support.scripted_server import HANG, Script, Server, answering, dripped, reply
from watcher.domain.providers import OffersSnapshot
from watcher.sources.ask_endpoints import Bounds, address, ask_endpoints

MODELS = ["acme/owl-2", "acme/finch-mini", "wetland/heron-large:free"]
GOOD = reply(json.dumps({"data": {"endpoints": [endpoint("heron", "1", "4")]}}).encode())
NOT_FOUND = reply(b'{"error": {"code": 404, "message": "Model not found"}}', "404 Not Found")


def asked(server: Server, stop: Flag | None = None, **bounds: Any) -> OffersSnapshot:
    return ask_endpoints(server.url("/api/v1/models"), MODELS, Bounds(**{"pause": 0.0, **bounds}), stop)


def paths(server: Server) -> list[str]:
    return [request.split()[1] for request in server.requests]


def only(model: str, script: Script) -> Callable[[str], Script]:
    """Choose the script for the requests about one model, a good answer for all others."""
    return lambda request: script if f"/{model}/" in request else GOOD


def test_each_model_is_asked_about_in_turn() -> None:
    with answering(lambda _: GOOD) as server:
        found = asked(server)
    assert paths(server) == [f"/api/v1/models/{model}/endpoints" for model in MODELS]
    assert list(found.offers) == MODELS
    assert found.offers["acme/owl-2"]["heron"].price["prompt"] == "0.000001"
    assert (found.failures, found.reason) == ({}, None)


def test_there_is_a_pause_between_two_requests_and_none_before_the_first() -> None:
    with answering(lambda _: GOOD) as server:
        began = time.monotonic()
        asked(server, pause=0.3)
        assert 0.6 <= time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("script", "why"),
    [
        pytest.param(NOT_FOUND, "answered HTTP 404 (Model not found)", id="not-found"),
        pytest.param(reply(b"", "410 Gone"), "answered HTTP 410", id="gone"),
        pytest.param(reply(b"<html>"), "not valid JSON", id="unreadable"),
        pytest.param(reply(b'{"data": []}'), "no list of endpoints", id="another-shape"),
    ],
)
def test_a_model_that_cannot_be_asked_about_is_its_own_failure(script: Script, why: str) -> None:
    with answering(only("acme/finch-mini", script)) as server:
        found = asked(server)
    assert list(found.offers) == ["acme/owl-2", "wetland/heron-large:free"]
    assert list(found.failures) == ["acme/finch-mini"]
    assert why in found.failures["acme/finch-mini"]
    assert found.reason is None


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        pytest.param("401 Unauthorized", (), None, id="401"),
        pytest.param("403 Forbidden", (), None, id="403"),
        pytest.param("429 Too Many Requests", ("Retry-After: 120",), 120.0, id="429"),
        pytest.param("500 Internal Server Error", (), None, id="500"),
        pytest.param("503 Service Unavailable", ("Retry-After: 30",), 30.0, id="503"),
        pytest.param("302 Found", ("Location: http://elsewhere.test/",), None, id="redirect"),
    ],
)
@pytest.mark.fault("H2")
def test_a_refusal_that_is_about_all_models_ends_the_asking(
    status: str, headers: tuple[str, ...], wait: float | None
) -> None:
    with answering(only("acme/finch-mini", reply(b"", status, *headers))) as server:
        found = asked(server)
    assert paths(server) == [f"/api/v1/models/{model}/endpoints" for model in MODELS[:2]]
    assert list(found.offers) == ["acme/owl-2"], "what was answered before counts"
    assert found.failures == {}
    assert status.split(maxsplit=1)[0] in (found.reason or "")
    assert found.retry_after == wait


@pytest.mark.fault("N1")
def test_a_refused_connection_ends_the_asking() -> None:
    found = ask_endpoints(f"http://127.0.0.1:{free_port()}/api/v1/models", MODELS, Bounds(pause=0.0))
    assert "Connection refused" in (found.reason or "")
    assert (found.offers, found.failures) == ({}, {})


def test_a_server_that_says_nothing_ends_the_asking() -> None:
    with answering(lambda _: Script((HANG,))) as server:
        found = asked(server, answer=0.5)
    assert "sent no complete answer within 0.5 s" in (found.reason or "")
    assert len(server.requests) == 1


def test_answers_that_take_long_leave_the_rest_for_another_time() -> None:
    [text] = GOOD.pieces
    slow = dripped(text, 0.8 / len(text))
    with answering(lambda _: slow) as server:
        found = asked(server, whole=0.5)
    assert (list(found.offers), found.reason) == (["acme/owl-2"], None)


def test_an_answer_that_is_too_large_ends_the_asking() -> None:
    with answering(lambda _: GOOD) as server:
        assert "too large" in (asked(server, size=100).reason or "")


@pytest.mark.parametrize("script", [GOOD, Script((HANG,))], ids=["between-two", "during-one"])
@pytest.mark.fault("I17")
def test_a_stop_ends_the_asking_at_once_and_is_no_failure(script: Script) -> None:
    stop = Flag()
    with answering(lambda _: script) as server:
        Timer(0.3, stop.set).start()
        began = time.monotonic()
        found = asked(server, stop, pause=30.0)
        assert time.monotonic() - began < 5
    assert (found.failures, found.reason) == ({}, None)
    assert len(server.requests) == 1


def test_what_is_secret_in_the_address_is_in_no_reason() -> None:
    with answering(
        only("acme/owl-2", reply(b'{"error": {"message": "no key cAnArY"}}', "403 Forbidden"))
    ) as s:
        found = ask_endpoints(f"http://me:cAnArY@127.0.0.1:{s.port}/api/v1/models", MODELS, Bounds(pause=0.0))
    assert "cAnArY" not in (found.reason or "")


@pytest.mark.parametrize(
    ("url", "model", "wanted"),
    [
        ("https://x.test/api/v1/models", "a/b", "https://x.test/api/v1/models/a/b/endpoints"),
        (
            "https://x.test/models?output_modalities=all",
            "a/b:free",
            "https://x.test/models/a/b:free/endpoints",
        ),
        ("https://x.test/models/", "a/b ?#c", "https://x.test/models/a/b%20%3F%23c/endpoints"),
    ],
)
def test_the_address_is_below_that_of_the_list(url: str, model: str, wanted: str) -> None:
    assert address(url, model) == wanted
