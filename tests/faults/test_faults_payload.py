import json
import logging
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, OWL, Row, answer, priced
from tests.support.scripted_server import Script, reply, zipped
from tests.support.watched_site import BIRDS, assert_only_a_failed_poll, watched_site
from watcher.cli.demo import row
from watcher.sources.ask import failures

MANY = [row(f"acme/model-{number:02}", "0.000001", "0.000002") for number in range(40)]
DATED = [base | {"expiration_date": "2026-12-30"} for base in MANY[:3]]
LIST = answer(BIRDS).decode()
OWL_ID = "acme/owl-2"
DEEP = "a place for what is nested deeply"


def without(base: Row, field: str) -> Row:
    return {key: value for key, value in base.items() if key != field}


def unpriced(base: Row, *keys: str) -> Row:
    return base | {"pricing": {key: base["pricing"][key] for key in base["pricing"] if key not in keys}}


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            reply(b'{"data": []}'),
            "the list of models is empty",
            id="empty",
            marks=pytest.mark.fault("P1", "W1"),
        ),
        pytest.param(
            reply(answer([OWL], total_count=3)),
            "partial: 1 of 3",
            id="partial",
            marks=pytest.mark.fault("P2"),
        ),
        pytest.param(
            reply(answer([OWL, FINCH, HERON | {"id": 5}])),
            "1 of 3 models",
            id="many",
            marks=pytest.mark.fault("P5"),
        ),
        pytest.param(
            reply(answer([without(base, "pricing") for base in BIRDS])),
            "3 of 3",
            id="pricing",
            marks=pytest.mark.fault("P9"),
        ),
        pytest.param(
            reply(answer([unpriced(base, "prompt", "completion") for base in BIRDS])),
            "3 of 3 models cannot be read; acme/owl-2: pricing.prompt is missing",
            id="prices",
            marks=pytest.mark.fault("P9"),
        ),
        pytest.param(
            reply(LIST.replace("131072", "NaN").encode()),
            "NaN is no JSON number",
            id="nan",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace("131072", "-Infinity").encode()),
            "-Infinity",
            id="infinity",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace('"name"', '"id"').encode()),
            "one key twice",
            id="key-twice",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace("Owl", "\\ud800").encode()),
            "surrogates",
            id="surrogate",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace("131072", "1" * 5000).encode()),
            "digits",
            id="digits",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(b'{"data": ' + b"[" * 100_000),
            "the answer is nested too deeply",
            id="deep",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace("Owl", "\x00").encode()),
            "control character",
            id="nul",
            marks=pytest.mark.fault("P14"),
        ),
        pytest.param(
            reply(LIST.replace("Owl", "\xe9").encode("latin-1")),
            "decode",
            id="latin-1",
            marks=pytest.mark.fault("P15"),
        ),
        pytest.param(
            reply(LIST.encode("utf-16")[:-1]), "decode", id="utf-16-cut", marks=pytest.mark.fault("P15")
        ),
        pytest.param(
            zipped(answer(MANY * 1250)), "too large", id="far-too-many-models", marks=pytest.mark.fault("P22")
        ),
    ],
)
def test_an_implausible_list_is_just_a_failed_poll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    assert_only_a_failed_poll(tmp_path, caplog, script, words)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.fault("P15")
def test_a_list_in_another_unicode_encoding_is_read_correctly(tmp_path: Path, encoding: str) -> None:
    named = OWL | {"name": "Acme: Öwl 2 \N{OWL}"}
    body = json.dumps({"data": [named, FINCH, HERON]}, ensure_ascii=False).encode(encoding)
    with watched_site(tmp_path) as at:
        assert not failures(at.gets(models=reply(body)))
        observed = at.state().items[OWL_ID].observed
        assert observed
        assert observed.details
        assert observed.details["name"] == named["name"]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(priced(OWL, "abc", "0.00001"), id="price", marks=pytest.mark.fault("P5")),
        pytest.param(without(OWL, "pricing"), id="no-pricing", marks=pytest.mark.fault("P5", "P9")),
        pytest.param(unpriced(OWL, "completion"), id="no-completion", marks=pytest.mark.fault("P5", "P9")),
        pytest.param(OWL | {"context_length": "large"}, id="context", marks=pytest.mark.fault("P5")),
        pytest.param(OWL | {"context_length": True}, id="context-true", marks=pytest.mark.fault("P5")),
        pytest.param(OWL | {"context_length": 0.5}, id="context-half", marks=pytest.mark.fault("P5")),
        pytest.param(
            OWL | {"expiration_date": "2026-02-30"}, id="date", marks=pytest.mark.fault("P5", "P19")
        ),
        pytest.param(OWL | {"expiration_date": 20261230}, id="number", marks=pytest.mark.fault("P5", "P19")),
        pytest.param(priced(OWL, "", "0.00001"), id="empty", marks=pytest.mark.fault("P12")),
        pytest.param(
            OWL | {"pricing": {"prompt": None, "completion": "0.00001"}},
            id="null",
            marks=pytest.mark.fault("P12"),
        ),
        pytest.param(priced(OWL, "NaN", "0.00001"), id="nan", marks=pytest.mark.fault("P12")),
        pytest.param(priced(OWL, "1e400", "0.00001"), id="huge", marks=pytest.mark.fault("P12")),
        pytest.param(priced(OWL, "-0.5", "0.00001"), id="negative", marks=pytest.mark.fault("P12")),
        pytest.param(OWL | {"name": DEEP}, id="deep-name", marks=pytest.mark.fault("P14")),
        pytest.param(OWL | {"unheard_of": DEEP}, id="deep-field", marks=pytest.mark.fault("P14")),
        pytest.param(OWL | {"top_provider": {"x": DEEP}}, id="deep", marks=pytest.mark.fault("P14")),
    ],
)
def test_one_row_that_cannot_be_read_leaves_its_model_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: Row
) -> None:
    caplog.set_level(logging.INFO)
    with watched_site(tmp_path) as at:
        at.shows(OWL, FINCH, *MANY)
        before = at.state().items[OWL_ID]
        body = answer([broken, FINCH | {"expiration_date": "2026-12-30"}, *MANY])
        deep = body.replace(json.dumps(DEEP).encode(), b"[" * 900 + b"]" * 900)
        for _ in range(3):
            at.gets(models=reply(deep), after=DAY)
        assert at.state().items[OWL_ID] == before
        assert at.news() == [
            ("expiration.announced", "acme/finch-mini"),
            ("model.unreadable", "acme/owl-2"),
        ]
        assert caplog.text.count(", 1 unreadable (acme/owl-2)") >= 2


@pytest.mark.parametrize("field", ['"prompt": "0.00000125"', '"context_length": 131072'])
@pytest.mark.fault("P12", "P14")
def test_a_number_out_of_range_is_refused_with_its_row(tmp_path: Path, field: str) -> None:
    body = answer([OWL, FINCH, *MANY])
    bad = body.replace(field.encode(), f"{field.partition(':')[0]}: 1e400".encode(), 1)
    with watched_site(tmp_path) as at:
        at.gets(models=reply(body))
        before = at.state().items[OWL_ID]
        assert not failures(at.gets(models=reply(bad), after=DAY))
        assert at.state().items[OWL_ID] == before
        assert at.news() == []
