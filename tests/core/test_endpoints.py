import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.offers import endpoint
from watcher.domain.errors import RefusedError
from watcher.sources.endpoints import parse, parse_recorded

HERON = endpoint("heron/fp8", "0.8", "2.5", pricing={"input_cache_read": "0.0000001", "discount": 0.4})


def page(*endpoints: Any, **more: Any) -> bytes:
    return json.dumps({"data": {"id": "acme/owl-2", "name": "Owl", **more, "endpoints": endpoints}}).encode()


def test_an_offer_has_all_that_is_kept_of_an_endpoint() -> None:
    [offer] = parse(page(HERON)).values()
    assert (offer.tag, offer.owner, offer.provider) == ("heron/fp8", "heron", "Heron")
    assert offer.price == {
        "prompt": "0.0000008",
        "completion": "0.0000025",
        "input_cache_read": "0.0000001",
    }
    assert offer.discount == "0.4"
    assert (offer.status, offer.quantization) == (0, "fp8")
    assert (offer.context, offer.max_output) == (131072, 16384)
    assert offer.parameters == ("max_tokens", "tools")


@pytest.mark.parametrize(
    ("more", "name", "value"),
    [
        pytest.param({"quantization": "unknown"}, "quantization", None, id="unknown-quantization"),
        pytest.param({"max_completion_tokens": None}, "max_output", None, id="no-maximal-output"),
        pytest.param({"context_length": True}, "context", None, id="no-number"),
        pytest.param({"status": -2}, "status", -2, id="unhealthy"),
        pytest.param({"supported_parameters": None}, "parameters", None, id="no-parameters"),
        pytest.param({"provider_name": None}, "provider", "heron", id="no-name"),
        pytest.param({"provider_name": "He\ud800ron"}, "provider", "heron", id="no-text"),
        pytest.param({"tag": None, "provider_name": "Great Heron"}, "tag", "great-heron", id="no-tag"),
        pytest.param({"pricing": {"discount": 0}}, "discount", "0", id="no-discount"),
        pytest.param({"pricing": {"discount": 1}}, "discount", "0", id="impossible-discount"),
        pytest.param({"pricing": {"discount": "0.250"}}, "discount", "0.25", id="discount-as-text"),
    ],
)
def test_what_is_missing_or_odd_is_unknown(more: Any, name: str, value: Any) -> None:
    [offer] = parse(page(endpoint("heron", "0.8", "2.5", **more))).values()
    assert getattr(offer, name) == value


def test_a_discount_is_never_taken_off_again() -> None:
    [offer] = parse(page(HERON)).values()
    assert offer.price["prompt"] == "0.0000008"


@pytest.mark.parametrize(
    "broken",
    [
        None,
        "text",
        [],
        {},
        {"tag": "heron"},
        {"tag": "heron", "pricing": None},
        {"tag": "\x1b[31m", "pricing": {"prompt": "1", "completion": "1"}},
        {"tag": "x" * 300, "pricing": {"prompt": "1", "completion": "1"}},
        {"pricing": {"prompt": "1", "completion": "1"}},
    ],
)
def test_what_is_no_offer_is_left_out_and_harms_no_other(broken: Any) -> None:
    assert list(parse(page(broken, HERON))) == ["heron/fp8"]


@pytest.mark.parametrize("bad", ["cheap", "NaN", None, True])
@pytest.mark.fault("Q1")
def test_an_offer_whose_price_cannot_be_read_is_there_without_one(bad: Any) -> None:
    odd = {"tag": "crane", "pricing": {"prompt": bad, "completion": "1"}}
    offers = parse(page(odd, HERON))
    assert [(tag, bool(offer.price)) for tag, offer in offers.items()] == [
        ("crane", False),
        ("heron/fp8", True),
    ]


def test_of_two_endpoints_with_one_tag_the_cheaper_stands() -> None:
    dear, cheap = endpoint("heron", "3", "3"), endpoint("heron", "2", "2")
    for pair in ((dear, cheap), (cheap, dear), (cheap, dear, cheap, dear)):
        assert parse(page(*pair))["heron"].price["prompt"] == "0.000002"


def test_prices_that_follow_the_clock_are_kept_apart() -> None:
    windows = [{"utc_start": "16:00", "utc_end": "00:00", "prompt": "0.000001", "completion": "0.000002"}]
    [offer] = parse(page(endpoint("heron", "2", "4", pricing={"overrides": windows}))).values()
    assert offer.clock == {"prompt": "0.000002", "completion": "0.000004"}
    assert "prompt" not in offer.price


def test_a_model_that_nobody_offers_has_no_offers() -> None:
    assert parse(page()) == {}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "not valid JSON"),
        (b"<html>", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "no list of endpoints"),
        (b"null", "no list of endpoints"),
        (b'{"data": []}', "no list of endpoints"),
        (b'{"data": {"endpoints": {}}}', "no list of endpoints"),
        (b'{"error": {"code": 404, "message": "Not Found"}}', "no list of endpoints"),
    ],
)
def test_an_answer_that_cannot_be_believed_is_refused_and_says_why(answer: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        parse(answer)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PRICE = ANYTHING | st.sampled_from(["1e-6", "-1", "1e999", 1e-9, "Infinity"])
FIELDS = ("tag", "provider_name", "status", "quantization", "context_length", "supported_parameters")
OFFERS = st.fixed_dictionaries(
    {"pricing": ANYTHING | st.fixed_dictionaries(dict.fromkeys(("prompt", "completion", "discount"), PRICE))},
    optional=dict.fromkeys(FIELDS, ANYTHING),
)


@given(st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_no_answer_raises_anything_but_a_refusal(answer: bytes) -> None:
    for reads in (parse, parse_recorded):
        try:
            reads(answer)
        except RefusedError:
            continue


@given(st.lists(OFFERS | ANYTHING, max_size=4))
def test_no_endpoint_can_break_the_reading_of_the_others(endpoints: list[Any]) -> None:
    found = parse(page(*endpoints, HERON))
    assert found.keys() >= {"heron/fp8"}
    assert json.dumps([offer.price for offer in found.values()])


def test_a_recorded_look_has_the_endpoints_of_each_model() -> None:
    look = {"data": {"acme/owl-2": [HERON], "acme/finch-mini": []}}
    found = parse_recorded(json.dumps(look).encode())
    assert list(found["acme/owl-2"]) == ["heron/fp8"]
    assert found["acme/finch-mini"] == {}


@pytest.mark.parametrize("look", [b"", b"[]", b"{}", b'{"data": 1}', b'{"data": {"acme/owl-2": 1}}'])
def test_a_recorded_look_that_cannot_be_read_is_refused(look: bytes) -> None:
    with pytest.raises(RefusedError, match="recorded look"):
        parse_recorded(look)
