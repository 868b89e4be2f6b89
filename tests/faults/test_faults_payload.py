import json
import logging
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, OWL, Row, answer, priced
from tests.support.servers import Script, reply, zipped
from tests.support.sites import BIRDS, is_a_failed_poll_and_no_more, watched
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
        pytest.param(reply(b'{"data": []}'), "the list of models is empty", id="P1_W1"),
        pytest.param(reply(answer([OWL], total_count=3)), "partial: 1 of 3", id="P2-partial"),
        pytest.param(reply(answer([OWL, FINCH, HERON | {"id": 5}])), "1 of 3 models", id="P5-many"),
        pytest.param(reply(answer([without(base, "pricing") for base in BIRDS])), "3 of 3", id="P9-pricing"),
        pytest.param(
            reply(answer([unpriced(base, "prompt", "completion") for base in BIRDS])),
            "acme/owl-2: has no price for prompt and completion",
            id="P9-prices",
        ),
        pytest.param(reply(LIST.replace("131072", "NaN").encode()), "NaN is no JSON number", id="P14-nan"),
        pytest.param(reply(LIST.replace("131072", "-Infinity").encode()), "-Infinity", id="P14-infinity"),
        pytest.param(reply(LIST.replace('"name"', '"id"').encode()), "one key twice", id="P14-key-twice"),
        pytest.param(reply(LIST.replace("Owl", "\\ud800").encode()), "surrogates", id="P14-surrogate"),
        pytest.param(reply(LIST.replace("131072", "1" * 5000).encode()), "digits", id="P14-digits"),
        pytest.param(reply(b'{"data": ' + b"[" * 100_000), "no JSON that can be trusted", id="P14-deep"),
        pytest.param(reply(LIST.replace("Owl", "\x00").encode()), "control character", id="P14-nul"),
        pytest.param(reply(LIST.replace("Owl", "\xe9").encode("latin-1")), "decode", id="P15-latin-1"),
        pytest.param(reply(LIST.encode("utf-16")[:-1]), "decode", id="P15-utf-16-cut"),
        pytest.param(zipped(answer(MANY * 1250)), "too large", id="P22"),
    ],
)
def test_a_list_that_cannot_be_believed_is_a_failed_poll_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, script: Script, words: str
) -> None:
    is_a_failed_poll_and_no_more(tmp_path, caplog, script, words)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_list_in_another_unicode_encoding_is_read_right__P15(tmp_path: Path, encoding: str) -> None:
    named = OWL | {"name": "Acme: Öwl 2 \N{OWL}"}
    body = json.dumps({"data": [named, FINCH, HERON]}, ensure_ascii=False).encode(encoding)
    with watched(tmp_path) as at:
        assert not failures(at.gets(models=reply(body)))
        observed = at.state().items[OWL_ID].observed
        assert observed
        assert observed.details
        assert observed.details["name"] == named["name"]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(priced(OWL, "abc", "1"), id="P5-price"),
        pytest.param(without(OWL, "pricing"), id="P5_P9-no-pricing"),
        pytest.param(unpriced(OWL, "completion"), id="P5_P9-no-completion"),
        pytest.param(OWL | {"context_length": "large"}, id="P5-context"),
        pytest.param(OWL | {"context_length": True}, id="P5-context-true"),
        pytest.param(OWL | {"context_length": 0.5}, id="P5-context-half"),
        pytest.param(OWL | {"expiration_date": "2026-02-30"}, id="P5_P19-date"),
        pytest.param(OWL | {"expiration_date": 20261230}, id="P5_P19-number"),
        pytest.param(priced(OWL, "", "1"), id="P12-empty"),
        pytest.param(OWL | {"pricing": {"prompt": None, "completion": "1"}}, id="P12-null"),
        pytest.param(priced(OWL, "NaN", "1"), id="P12-nan"),
        pytest.param(priced(OWL, "1e400", "1"), id="P12-huge"),
        pytest.param(priced(OWL, "-0.5", "1"), id="P12-negative"),
        pytest.param(OWL | {"name": DEEP}, id="P14-deep-name"),
        pytest.param(OWL | {"unheard_of": DEEP}, id="P14-deep-field"),
        pytest.param(OWL | {"top_provider": {"x": DEEP}}, id="P14-deep"),
    ],
)
def test_one_row_that_cannot_be_read_leaves_its_model_as_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: Row
) -> None:
    caplog.set_level(logging.INFO)
    with watched(tmp_path) as at:
        at.shows(OWL, FINCH, *MANY)
        before = at.state().items[OWL_ID]
        body = answer([broken, FINCH | {"expiration_date": "2026-12-30"}, *MANY])
        deep = body.replace(json.dumps(DEEP).encode(), b"[" * 900 + b"]" * 900)
        for _ in range(3):
            at.gets(models=reply(deep), after=DAY)
        assert at.state().items[OWL_ID] == before
        assert at.news() == [("expiration.announced", "acme/finch-mini")]
        assert caplog.text.count("models: 41 models, 1 unreadable") == 3


@pytest.mark.parametrize("field", ['"prompt": "0.00000125"', '"context_length": 131072'])
def test_a_number_beyond_all_numbers_is_refused_with_its_row__P12_P14(tmp_path: Path, field: str) -> None:
    body = answer([OWL, FINCH, *MANY])
    bad = body.replace(field.encode(), f"{field.partition(':')[0]}: 1e400".encode(), 1)
    with watched(tmp_path) as at:
        at.gets(models=reply(body))
        before = at.state().items[OWL_ID]
        assert not failures(at.gets(models=reply(bad), after=DAY))
        assert at.state().items[OWL_ID] == before
        assert at.news() == []
