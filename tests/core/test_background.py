"""Below an event's line stands what a reader wants to know besides."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.catalogs import OWL, START, document
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.message import notification

LEAVING = Event("1", START, Kind.EXPIRATION_ANNOUNCED, "acme/owl-2", None, "2026-11-07")
HERON = {"model": "acme/heron", "name": "Heron", "price": "20 % cheaper", "lost": ["tools", "image input"]}


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"trend": "▁▁▃▃▆", "record": "highest since May", "notes": ["since 23 Nov"]},
            ["  highest since May · since 23 Nov · ▁▁▃▃▆"],
            id="price",
        ),
        pytest.param(
            {"successors": [HERON, {"model": "zoo/yak"}]},
            ["  instead: acme/heron (20 % cheaper; lacks tools, image input)", "  instead: zoo/yak"],
            id="successors",
        ),
        pytest.param({"notes": ["a\nb\x1b[31m"]}, ["  a b [31m"], id="harmless"),
        pytest.param({"notes": 1, "successors": ["x"], "record": 2}, [], id="other-types"),
    ],
)
def test_facts_stand_below_the_line(facts: Mapping[str, Any], lines: list[str]) -> None:
    told = Event("1", START, LEAVING.kind, LEAVING.subject, None, LEAVING.after, facts=facts)
    body = notification("team", START, [told], ["r"]).body.splitlines()
    assert body[2:-3] == lines


def test_the_name_of_the_model_stands_there_too() -> None:
    named = Event("1", START, LEAVING.kind, LEAVING.subject, None, LEAVING.after, model=document(OWL))
    assert "  Acme: Owl 2\n" in notification("team", START, [named], ["r"]).body
