"""On a terminal a message is colored, wrapped and harmless."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import START
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.forms.as_terminal import BOLD, DIM, END, as_terminal
from watcher.messages.message import notification
from watcher.messages.samples import sample_events

SAMPLES = sample_events(START)
CODES = re.compile(r"\x1b\[[\d;]*m")


def shown(*events: Event, columns: int = 80) -> str:
    message = notification("team", START, events, ["Mine"])
    assert message.letter
    return as_terminal(message.title, message.letter, columns)


def plain(text: str) -> list[str]:
    return CODES.sub("", text).split("\n")


def test_a_price_is_red_where_it_rose_and_green_where_it_fell() -> None:
    dearer, cheaper = SAMPLES[Kind.PRICE_CHANGED], SAMPLES[Kind.PROVIDER_PRICE_CHANGED]
    assert f"\x1b[31m+20 %{END}" in shown(dearer)
    assert f"\x1b[32m-20 %{END}" in shown(cheaper)
    assert f"{BOLD}acme/owl-2{END}" in shown(dearer)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param(Kind.SOURCE_FAILING, "\x1b[1;31m", id="critical"),
        pytest.param(Kind.ALIAS_RETARGETED, "\x1b[1;33m", id="warning"),
        pytest.param(Kind.MODEL_ADDED, "\x1b[1;36m", id="info"),
    ],
)
def test_the_title_has_the_color_of_the_severity_below_a_rule(kind: Kind, code: str) -> None:
    rule, title = shown(SAMPLES[kind]).split("\n")[:2]
    assert rule == f"{DIM}{'─' * 80}{END}"
    assert title.startswith(code)


@pytest.mark.parametrize(("columns", "longest"), [(80, 80), (10, 40), (300, 100)])
def test_lines_are_as_long_as_is_easy_to_read(columns: int, longest: int) -> None:
    lines = plain(shown(*SAMPLES.values(), columns=columns))
    assert len(lines[0]) == longest
    assert all(len(line) <= longest or " " not in line.strip(" •") for line in lines)
    assert not any(line.endswith(" ") for line in lines)


def test_what_belongs_to_a_line_stands_below_it_with_an_indent() -> None:
    body = plain(shown(SAMPLES[Kind.EXPIRATION_MOVED], columns=60))
    start = next(number for number, line in enumerate(body) if line.startswith("•"))
    assert body[start + 1].startswith("  ")
    assert all(line.startswith("  ") for line in body[start + 1 : body.index("", start)])


def test_many_are_counted_above_their_lines_and_what_is_left_out_is_said() -> None:
    many = [replace(SAMPLES[Kind.MODEL_ADDED], id=f"{n}", subject=f"acme/{n}") for n in range(130)]
    lines = plain(shown(*many))
    assert "130 models are new" in lines[4]
    assert any(line.startswith("… and 30 more; see `watcher events --since") for line in lines)


@given(st.text(max_size=50), st.integers(0, 200))
def test_remote_text_cannot_move_the_cursor_or_color_anything(text: str, columns: int) -> None:
    event = Event("1", START, Kind.MODEL_ADDED, text, cause=text, facts={"notes": [text], "trend": text})
    found = CODES.sub("", shown(event, columns=columns))
    assert all(letter.isprintable() or letter == "\n" for letter in found)
