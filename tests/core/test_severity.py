from typing import Any

import pytest

from tests.support.catalogs import START
from watcher.domain.catalog import Document, Json
from watcher.domain.kinds import KINDS, Kind, Severity
from watcher.domain.news import Event
from watcher.messages.message import notification
from watcher.rules.severity import WORDS, default, severity_of

CHEAP, DEAR = ({"prompt": price, "completion": price} for price in ("0.000001", "0.000002"))
MIXED = {"prompt": "0.000002", "completion": "0"}  # dearer by the usual mix of tokens


def event(kind: str, before: Json = None, after: Json = None, **more: Any) -> Event:
    return Event("e1", START, KINDS[kind], "acme/owl-2", before, after, **more)


@pytest.mark.parametrize(
    ("told", "word"),
    [
        pytest.param(event("model.removed", cause="without notice"), "critical", id="gone-without-notice"),
        pytest.param(event("model.removed", cause="before its announced date"), "critical", id="gone-early"),
        pytest.param(event("model.removed", cause="renamed to acme/owl-3"), "critical", id="renamed"),
        pytest.param(
            event("model.removed", cause="on its announced date"), "warning", id="gone-as-announced"
        ),
        pytest.param(
            event("model.removed", cause="renamed to acme/owl-3", model=Document(expiration="2026-11-01")),
            "warning",
            id="renamed-on-its-date",
        ),
        pytest.param(
            event("model.removed", model=Document(expiration="2026-12-01")), "critical", id="long-before-it"
        ),
        pytest.param(event("expiration.announced", None, "2026-11-09"), "critical", id="leaves-in-7-days"),
        pytest.param(event("expiration.announced", None, "2026-11-10"), "warning", id="leaves-in-8-days"),
        pytest.param(event("expiration.moved", "2027-01-01", "2026-11-05"), "critical", id="moved-close"),
        pytest.param(event("expiration.restored", None, "2027-01-01"), "warning", id="restored-far"),
        pytest.param(event("expiration.reminder", None, "2026-11-02"), "critical", id="leaves-today"),
        pytest.param(event("expiration.announced"), "warning", id="no-date-is-known"),
        pytest.param(event("expiration.withdrawn", "2026-11-09"), "warning", id="withdrawn"),
        pytest.param(event("price.changed", CHEAP, DEAR), "warning", id="dearer"),
        pytest.param(event("price.changed", DEAR, CHEAP), "info", id="cheaper"),
        pytest.param(event("price.changed", CHEAP, MIXED), "warning", id="both-ways-and-dearer"),
        pytest.param(event("price.changed", MIXED, CHEAP), "info", id="both-ways-and-cheaper"),
        pytest.param(event("price.changed", CHEAP, {"prompt": "-1"}), "warning", id="no-fixed-price"),
        pytest.param(event("provider.removed", after={"providers": 1}), "critical", id="one-provider-left"),
        pytest.param(event("provider.removed", after={"providers": 2}), "warning", id="two-are-left"),
        pytest.param(event("source.failing"), "critical", id="own-trouble"),
        pytest.param(event("source.recovered"), "info", id="own-trouble-is-over"),
        pytest.param(event("model.added"), "info", id="new"),
        pytest.param(event("limits.changed"), "info", id="a-detail"),
    ],
)
def test_an_event_is_as_urgent_as_what_happened(told: Event, word: str) -> None:
    assert default(told).word == word
    assert severity_of(told) is default(told)


def test_what_a_rule_says_counts() -> None:
    told = event("model.added", severity=Severity.CRITICAL)
    assert severity_of(told) is Severity.CRITICAL
    message = notification("team", START, [told], ["r"])
    assert message.letter
    assert message.letter.severity == "critical"
    assert [entry.severity for entry in message.letter.entries] == ["critical"]
    assert [data["severity"] for data in message.letter.data] == ["critical"]


def test_every_severity_has_a_word_that_rules_use() -> None:
    assert [*WORDS] == ["critical", "warning", "info"]
    assert {kind.row.severity.word for kind in Kind} == {*WORDS}
