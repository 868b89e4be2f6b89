"""The page of a mail: what it says, to whom it can be read, and that nothing remote comes alive in it."""

import re
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.contrast import contrast, parsed, worst
from tests.support.mail_pages import words_of
from tests.support.shown_mails import FOOTER, GOLDEN, LEAVING, PRICE, SHOWN, TOGETHER
from watcher.domain.letter import Entry, Letter, Role, Section, Span, Successor, read_letter
from watcher.forms.as_text import MOST_NAMES
from watcher.forms.mail_html import fitted, html, words
from watcher.forms.only_model import only_model
from watcher.openrouter.ids import page

LEAST_CONTRAST = 4.5  # WCAG 2, level AA
COMMAND = "watcher events --since 2026-11-23T08:00Z"
ADDRESS = re.compile(r'(?:href|src)="([^"]*)"')
LIVE = re.compile(r"\w@\w|https?://|www\.[a-z]|:\w+:")
shown = pytest.mark.parametrize("name", SHOWN)


def letter(*entries: Entry, severity: str = "info") -> Letter:
    return Letter(severity, "preview", (Section("Heading", entries),), FOOTER)


@shown
def test_the_page_is_the_one_that_was_looked_at(name: str) -> None:
    assert html(*SHOWN[name]) == (GOLDEN / f"{name}.html").read_text("utf-8")


@shown
def test_the_page_is_valid_and_says_its_language_and_what_its_pictures_show(name: str) -> None:
    tree = parsed(html(*SHOWN[name]))
    assert tree.get("lang") == "en"
    assert all(picture.get("alt") for picture in tree.iter("img"))
    assert [table.get("role") for table in tree.iter("table")] == ["presentation"]


@shown
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read_in_the_light_and_in_the_dark(name: str, is_dark: bool) -> None:  # noqa: FBT001
    lowest, text = worst(html(*SHOWN[name]), is_dark=is_dark)
    assert lowest >= LEAST_CONTRAST, text


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_programs_list_of_mails_shows_the_preview_and_nothing_else_of_the_page() -> None:
    body = parsed(html("title", letter(LEAVING))).find("body")
    first = body[0]
    assert "display:none" in first.get("style").replace(" ", "")
    assert "".join(first.itertext()).startswith("preview\u2007")


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_urgency_is_said_in_a_word_too(severity: str) -> None:
    assert f">{severity.capitalize()}</td>" in html("title", letter(LEAVING, severity=severity))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("+20 % more", ["+20\u00a0%", "more"]),
        ("$1.25 → $1.50 per M tokens", ["$1.25\u00a0→\u00a0$1.50", "per\u00a0M\u00a0tokens"]),
        ("in 5 days, on 28 Nov 2026", ["in", "5\u00a0days,", "on", "28\u00a0Nov", "2026"]),
        ("128,000 → 64,000 tokens", ["128,000\u00a0→\u00a064,000\u00a0tokens"]),
        ("2 models", ["2", "models"]),
    ],
)
def test_a_number_stays_with_what_it_counts(text: str, parts: list[str]) -> None:
    assert words(text).split(" ") == parts


def test_changes_are_marked_as_better_or_worse() -> None:
    text = words_of(html("title", letter(PRICE)))
    assert re.search(r'class="worse"[^>]*>\+20 %<', text)
    assert re.search(r'class="better"[^>]*>-20 %<', text)


def test_a_models_name_is_above_its_line_unless_it_is_its_id() -> None:
    assert ">Acme: Owl 2</div>" in html("title", letter(PRICE))
    assert 'class="name"' not in html("title", letter(replace(PRICE, name=PRICE.subject)))


def test_the_trend_is_a_line_of_its_own_unless_it_is_a_picture() -> None:
    title, drawn, chart = SHOWN["price"]
    assert "▁▁▃▃▆" in html(title, drawn)
    assert "▁▁▃▃▆" not in html(title, drawn, chart)
    assert "▁▁▃▃▆</span> 90 days</div>" in words_of(html(title, letter(replace(PRICE, notes=()))))


def test_a_picture_without_its_numbers_is_named() -> None:
    assert 'alt="Chart of the price"' in html("title", letter(PRICE), "cid:x")


def test_what_to_use_instead_has_links_and_says_what_would_be_lost() -> None:
    page_ = words_of(html("title", letter(LEAVING)))
    text = " ".join("".join(parsed(page_).find("body").itertext()).split())
    assert "Instead: Wetland: Heron 2 (20 % cheaper) acme/owl-2 (15 % dearer; lacks vision, tools)" in text
    assert 'href="https://openrouter.ai/wetland/heron-2"' in page_


def test_a_message_about_one_model_has_a_button_to_its_page() -> None:
    free = replace(PRICE, subject="acme/owl-2:free")
    assert "Open on OpenRouter" in html("title", letter(PRICE, free))
    assert "Open on OpenRouter" not in html("title", letter(PRICE, LEAVING))


def test_only_entries_of_one_model_are_about_one() -> None:
    assert only_model(letter(PRICE, replace(PRICE, subject="acme/owl-2:free"))) is PRICE
    for several in (letter(PRICE, LEAVING), letter(PRICE, TOGETHER), letter(TOGETHER), letter()):
        assert only_model(several) is None


def test_a_command_is_shown_as_one() -> None:
    said = replace(
        letter(replace(TOGETHER, names=(), after="; see `watcher outbox`")), more=("see `watcher log`",)
    )
    shown_ = re.findall(r"<code[^>]*>([^<]*)</code>", html("title", said))
    assert shown_ == ["watcher outbox", "watcher log"]


def test_many_names_are_cut_and_counted() -> None:
    names = tuple(f"acme/{number}" for number in range(MOST_NAMES + 3))
    page_ = html("title", letter(replace(TOGETHER, names=names)))
    assert page_.count('href="https://openrouter.ai/acme/') == MOST_NAMES
    assert "</a> and 3 more" in page_


def test_a_letter_that_was_stored_is_the_same() -> None:
    for _, kept, _ in SHOWN.values():
        assert read_letter(asdict(kept)) == kept
    older = {name: part for name, part in asdict(SHOWN["info"][1]).items() if name != "chart"}
    assert read_letter(older) == SHOWN["info"][1]


@pytest.mark.parametrize("count", [1, 30, 60, 200])
def test_a_page_is_cut_to_its_room_and_says_how_much_is_missing(count: int) -> None:
    half = count // 2
    sections = Section("First", (LEAVING,) * half), Section("Second", (PRICE,) * (count - half))
    made = fitted("title", replace(letter(), sections=sections), None, 32_768, COMMAND)
    assert made is not None
    assert len(made) <= 32_768
    told = made.count('class="entry')
    more = re.search(r"… and (\d+) more; see <code>watcher events", made)
    assert told + (int(more[1]) if more else 0) == count
    parsed(made)


def test_a_page_that_is_a_little_too_long_keeps_all_its_entries() -> None:
    said = letter(*[PRICE] * 30)
    whole = html("title", said)
    assert fitted("title", said, None, len(whole), COMMAND) == whole
    made = fitted("title", said, None, len(whole) - 1, COMMAND)
    assert made is not None
    assert made.count('class="entry') == 30


def test_without_room_for_anything_there_is_no_page() -> None:
    assert fitted("title", letter(PRICE), None, 100, COMMAND) is None


TEXT = st.text(max_size=40) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=y>',
        "http://evil.example/x",
        "ops@evil.example",
        ":smile: www.evil.example",
        "{{7*7}}{% raw %}",
        "</title></style><b>",
        "\x00\ud800\ufdd0\U0001ffff\x85\u202e",
        "&#60;b&#62;&amp;",
    ]
)
IDS = TEXT.map(lambda name: f"acme/{name}".encode(errors="replace").decode())  # the list has no others
SPANS = st.lists(st.builds(Span, TEXT, st.sampled_from(Role)), max_size=4).map(tuple)
SUCCESSORS = st.lists(
    st.builds(Successor, IDS, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple)), max_size=2
)
ENTRIES = st.builds(
    Entry,
    kind=st.sampled_from(["price.changed", "model.added"]),
    severity=st.just("info"),
    subject=TEXT,
    spans=SPANS,
    name=TEXT,
    link=st.none() | IDS.map(page),
    names=st.lists(IDS, max_size=3).map(tuple),
    after=TEXT,
    notes=st.lists(TEXT, max_size=2).map(tuple),
    trend=TEXT,
    successors=SUCCESSORS.map(tuple),
)
SECTIONS = st.builds(Section, TEXT, st.lists(ENTRIES, max_size=4).map(tuple), st.none() | TEXT)
LETTERS = st.builds(
    Letter,
    severity=st.sampled_from(["critical", "warning", "info"]),
    preview=TEXT,
    sections=st.lists(SECTIONS, max_size=4).map(tuple),
    footer=TEXT,
    more=st.lists(TEXT, max_size=1).map(tuple),
)


@given(TEXT, LETTERS, st.none() | st.just("cid:x@y"), st.integers(0, 40_000))
def test_whatever_it_says_a_page_is_valid_in_bounds_and_harmless(
    title: str, said: Letter, chart: str | None, room: int
) -> None:
    made = html(title, said, chart)
    tree = parsed(made)
    allowed = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"}
    allowed |= {"h1", "h2", "p", "a", "b", "span", "ul", "li", "br", "img", "code"}
    assert {element.tag for element in tree.iter()} <= allowed
    addresses = ADDRESS.findall(made)
    assert all(address.startswith("https://openrouter.ai/") or address == chart for address in addresses)
    assert not any(name.startswith("on") for element in tree.iter() for name in element.attrib)
    texts = "".join(tree.find("body").itertext()) + tree.find("head").findtext("title")
    assert LIVE.findall(texts) == []
    cut = fitted(title, said, chart, room, COMMAND)
    assert cut is None or len(cut) <= room
