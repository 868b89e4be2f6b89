import json
from typing import Any

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, QUERY, START, answer, listing
from watcher.cli.demo import row
from watcher.domain.errors import RefusedError
from watcher.sources import model_list

MANY = [row(f"acme/model-{number}", "0.000001", "0.000002") for number in range(40)]


def refusal(*pages: bytes) -> str:
    with pytest.raises(RefusedError) as error:
        model_list.parse(pages, START, QUERY)
    return str(error.value)


@pytest.mark.fault("P7")
def test_a_list_gives_one_document_per_model_in_any_order() -> None:
    assert listing([OWL, FINCH]).documents == listing([FINCH, OWL]).documents
    assert set(listing([OWL, FINCH]).documents) == {"acme/owl-2", "acme/finch-mini"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "no JSON", id="empty", marks=pytest.mark.fault("H10")),
        pytest.param(
            b"<!DOCTYPE html><title>502</title>", "no JSON", id="html", marks=pytest.mark.fault("H8")
        ),
        pytest.param(answer([OWL])[:-9], "no JSON", id="cut", marks=pytest.mark.fault("N9")),
        pytest.param(
            b'{"error": {"code": 500, "message": "Internal Server Error"}}',
            "Internal Server",
            id="error",
            marks=pytest.mark.fault("H9"),
        ),
        pytest.param(b'{"error": "down"}', "down", id="text", marks=pytest.mark.fault("H9")),
        pytest.param(b'{"data": []}', "empty", id="no-models", marks=pytest.mark.fault("P1", "W1")),
        pytest.param(b'{"models": []}', "no list of models", id="another-shape"),
        pytest.param(b"[]", "not a JSON object", id="a-list"),
        pytest.param(
            answer([OWL], total_count=2), "partial: 1 of 2", id="partial", marks=pytest.mark.fault("P2")
        ),
        pytest.param(b'{"data": [NaN]}', "NaN", id="nan", marks=pytest.mark.fault("P14")),
        pytest.param(
            b'{"data": 1, "data": 2}', "one key twice", id="duplicate-key", marks=pytest.mark.fault("P14")
        ),
        pytest.param(
            answer([OWL | {"name": "\ud800"}]),
            "surrogates not allowed",
            id="surrogate",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(b"[" * 100_000, "nested too deeply", id="deep", marks=pytest.mark.fault("P14")),
        pytest.param(
            b'{"data": [%s]}' % (b"1" * 5000), "no JSON", id="digits", marks=pytest.mark.fault("P14")
        ),
    ],
)
def test_an_implausible_answer_is_refused_whole(body: bytes, words: str) -> None:
    assert words in refusal(body)


def test_pages_make_one_list_and_the_count_is_for_all_of_them() -> None:
    first = answer([OWL], total_count=2, links={"next": "/api/v1/models?offset=1"})
    assert model_list.next_page(first) == "/api/v1/models?offset=1"
    assert set(model_list.parse([first, answer([FINCH], total_count=2)], START, QUERY).documents) == {
        "acme/owl-2",
        "acme/finch-mini",
    }


@pytest.mark.parametrize(
    "page",
    [
        b"nonsense",
        b'{"links": {"next": "cut',
        answer([OWL]),
        answer([OWL], links={"next": None}),
        answer([OWL], links=5),
        answer([OWL | {"next": "a row's own"}]),
    ],
)
def test_the_last_page_names_no_next_one(page: bytes) -> None:
    assert model_list.next_page(page) is None


@pytest.mark.parametrize(
    ("bad", "name", "reason"),
    [
        ({"name": "no id"}, "row 1", "no usable id"),
        ("a text", "row 1", "no usable id"),
        (HERON | {"name": "\ud800"}, "wetland/heron-large", "surrogates not allowed"),
        (HERON | {"id": "x" * 257}, "row 1", "no usable id"),
        (HERON | {"id": "a/b\n"}, "row 1", "no usable id"),
        (MANY[0] | {"name": "another"}, "acme/model-0", "listed twice"),
    ],
)
@pytest.mark.fault("P5", "P6", "P16")
def test_a_bad_row_alone_is_refused(bad: Any, name: str, reason: str) -> None:
    snapshot = listing([*MANY, bad])
    assert list(snapshot.refused) == [name]
    assert reason in snapshot.refused[name]
    assert name not in snapshot.documents
    assert "acme/model-1" in snapshot.documents


@pytest.mark.parametrize(
    ("bad", "field", "reason"),
    [
        ({"expiration_date": "soon"}, "expiration_date", "is 'soon', not a date"),
        ({"context_length": "large"}, "context_length", "is 'large', which is no number of tokens"),
        ({"context_length": -1}, "context_length", "is '-1', which is no number of tokens"),
        ({"context_length": "131.072"}, "context_length", "is '131.072', which is no number of tokens"),
        ({"pricing": []}, "pricing", "is '[]', not an object"),
        ({"pricing": {"prompt": "abc", "completion": "1"}}, "pricing.prompt", "is 'abc', not a price"),
        ({"pricing": {"prompt": "1"}}, "pricing.completion", "is missing"),
        (
            {"pricing": {"prompt": "1", "completion": "1", "image": "cheap"}},
            "pricing.image",
            "is 'cheap', not a price",
        ),
        (
            {"pricing": {"prompt": "1", "completion": "1", "overrides": "none"}},
            "pricing.overrides",
            "is 'none', not a list",
        ),
        ({"architecture": {"input_modalities": "text"}}, "architecture.input_modalities", "not a list"),
        ({"top_provider": {"is_moderated": "no"}}, "top_provider.is_moderated", "neither true nor false"),
        ({"name": 5}, "name", "is '5', not a text"),
    ],
)
@pytest.mark.fault("Q1")
def test_a_field_that_cannot_be_read_is_named_and_the_rest_of_its_row_is_read(
    bad: Any, field: str, reason: str
) -> None:
    snapshot = listing([*MANY, HERON | {"canonical_slug": "wetland/heron"} | bad])
    details = snapshot.documents["wetland/heron-large"].details
    assert details
    assert details["canonical_slug"] == "wetland/heron"
    assert list(snapshot.unread) == ["wetland/heron-large"]
    assert reason in snapshot.unread["wetland/heron-large"][field]


@pytest.mark.parametrize(
    ("written", "tokens"),
    [("128k", 128_000), ("1.5 M", 1_500_000), ("131,072", 131_072), ("131072", 131_072), (8192.0, 8192)],
)
@pytest.mark.fault("Q2")
def test_a_number_of_tokens_in_another_plain_form_is_read(written: Any, tokens: int) -> None:
    snapshot = listing([OWL | {"context_length": written}])
    assert snapshot.documents["acme/owl-2"].context == tokens
    assert not snapshot.unread


@pytest.mark.fault("P6")
def test_the_same_row_twice_is_one_model() -> None:
    snapshot = listing([OWL, OWL])
    assert list(snapshot.documents) == ["acme/owl-2"]
    assert not snapshot.refused


@pytest.mark.fault("P5")
def test_too_many_bad_rows_spoil_the_answer() -> None:
    rows = [*MANY, *(HERON | {"id": f"x/{n}", "pricing": {"prompt": None}} for n in range(3))]
    assert "3 of 43 models cannot be read; x/0: pricing.prompt" in refusal(answer(rows))


@pytest.mark.fault("P17")
def test_ids_that_differ_by_case_are_two_models() -> None:
    assert set(listing([OWL, OWL | {"id": "acme/OWL-2"}]).documents) == {"acme/owl-2", "acme/OWL-2"}


def test_every_field_name_is_noted() -> None:
    fields = listing([OWL, FINCH | {"shiny": 1, "architecture": None}]).fields
    assert {"id", "shiny", "pricing.prompt", "top_provider.is_moderated"} <= fields


def test_rows_are_kept_as_received() -> None:
    assert json.loads(listing([OWL]).raw["acme/owl-2"]) == json.loads(json.dumps(OWL))
