import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import HOUR, START
from tests.support.mail_pages import page_of
from watcher.domain.catalog import FieldChange
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.message import MOST_LINES, notification
from watcher.messages.trial import trial
from watcher.news.events import of_catalog

LEAVING = Event("1", START, Kind.EXPIRATION_ANNOUNCED, "acme/owl-2", None, "2026-11-07")
NEW = Event("2", START, Kind.MODEL_ADDED, "acme/finch", None, {"price": {"prompt": "0", "completion": "0"}})


def test_a_message_is_grouped_most_urgent_first_and_names_the_rules() -> None:
    message = notification("team", START, [NEW, LEAVING], ["Mine", "Yours"])
    assert message.title == "acme/owl-2 leaves in 5 days (7 Nov); 1 new"
    assert message.events == ("1", "2")
    assert message.body == (
        "LEAVING OPENROUTER\n"
        "• acme/owl-2 leaves on Sat 7 Nov 2026, in 5 days\n"
        "  https://openrouter.ai/acme/owl-2\n"
        "\n"
        "NEW MODELS\n"
        "• acme/finch is new: free\n"
        "  https://openrouter.ai/acme/finch\n"
        "\n"
        "Rules: Mine, Yours · 2 Nov 2026 08:00 UTC"
    )


@pytest.mark.fault("F12", "Z4")
def test_the_html_says_the_same_and_escapes_remote_text() -> None:
    hostile = Event("1", START, Kind.MODEL_ADDED, "acme/<script>", None, None, cause="a<b>")
    html = page_of(notification("team", START, [hostile], ["<img>"]))
    assert "<script>" not in html
    assert "<img>" not in html
    assert "acme/&lt;script&gt;</a> is new" in html.replace("\u200b", "")
    assert 'href="https://openrouter.ai/acme/%3Cscript%3E"' in html


def test_one_change_to_a_model_and_its_variants_is_one_line() -> None:
    def price(subject: str, after: str) -> Event:
        sides = {"prompt": "1", "completion": "2"}, {"prompt": "1", "completion": after}
        return Event(
            subject,
            START,
            Kind.PRICE_CHANGED,
            subject,
            *sides,
            fields=(FieldChange("completion", "2", after),),
        )

    dearer = [price(f"acme/owl-2{variant}", "3") for variant in (":batch", "", ":thinking")]
    message = notification("team", START, [*dearer, price("acme/owl-2:free", "4")], ["r"])
    assert message.title == "acme/owl-2:free dearer: completion +100 %; 1 more price up"
    assert message.body.count("•") == 2
    assert "(+50 %) per M tokens; also applies to acme/owl-2:batch, acme/owl-2:thinking\n" in message.body
    assert len(message.events) == 4


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param("@evil.example", id="host"),
        pytest.param("acme/owl https://evil.example", id="second-link"),
        pytest.param("/evil.example", id="no-scheme"),
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("..\\..\\evil?x=#y", id="query"),
    ],
)
@pytest.mark.fault("Z6")
def test_the_only_link_is_the_models_page_on_openrouter(subject: str) -> None:
    message = notification("team", START, [Event("1", START, Kind.MODEL_ADDED, subject)], ["r"])
    [page] = [line.strip() for line in message.body.splitlines() if line.startswith("  ")]
    parts = urlsplit(page)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "openrouter.ai", "", "")
    assert " " not in page
    assert unquote(parts.path) == f"/{subject}"
    assert re.findall(r'(?:href|src)="([^"]*)"', page_of(message)) == [page] * 2


@pytest.mark.fault("Q4", "Z6")
def test_a_row_without_an_id_has_no_page() -> None:
    for subject, links in (("row 1", 0), ("acme/owl-2", 1)):
        event = Event("1", START, Kind.MODEL_UNREADABLE, subject, cause="has no usable id")
        assert ("href=" in page_of(notification("team", START, [event], ["r"]))) == bool(links)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.row.heading == "Watcher itself"])
@pytest.mark.fault("Z6")
def test_news_about_watcher_itself_has_no_page(kind: Kind) -> None:
    message = notification("team", START, [Event("1", START, kind, "ops", cause="busy")], ["r"])
    assert "openrouter.ai" not in message.body + page_of(message)


@pytest.mark.fault("L15", "L18")
def test_what_happened_to_a_model_is_listed_in_order() -> None:
    def price(hour: int, before: str, after: str) -> Event:
        sides = {"prompt": before, "completion": "2"}, {"prompt": after, "completion": "2"}
        change = FieldChange("prompt", before, after)
        return Event(
            str(hour), START + hour * HOUR, Kind.PRICE_CHANGED, "acme/owl-2", *sides, fields=(change,)
        )

    fell, rose = price(0, "0.000003", "0.000002"), price(1, "0.000002", "0.000003")
    moved = [
        Event("a", START + 2 * HOUR, Kind.EXPIRATION_MOVED, "acme/owl-2", "2026-11-05", "2026-11-09"),
        Event("b", START, Kind.EXPIRATION_ANNOUNCED, "acme/owl-2", None, "2026-11-05"),
        Event("c", START + HOUR, Kind.EXPIRATION_REMINDER, "acme/owl-2", None, "2026-11-05"),
    ]
    assert notification("team", START, [rose, fell, *moved], ["r"]).events == ("b", "c", "a", "0", "1")


@pytest.mark.fault("L15", "L18")
def test_what_happened_twice_to_a_model_is_two_lines_and_so_is_what_differs() -> None:
    def context(hour: int, subject: str, before: int, after: int) -> Event:
        return Event(f"{hour} {subject}", START + hour * HOUR, Kind.CONTEXT_CHANGED, subject, before, after)

    events = [
        context(0, "acme/owl-2", 1_000, 2_000),
        context(0, "acme/owl-2:free", 1_000, 2_000),
        context(0, "acme/owl-2:batch", 500, 1_000),
        context(1, "acme/owl-2", 2_000, 1_000),
    ]
    body = notification("team", START, events, ["r"]).body
    assert [line.partition(" · ")[0] for line in body.splitlines() if line.startswith("•")] == [
        "• acme/owl-2:batch: context 500 → 1,000 tokens",
        "• acme/owl-2: context 1,000 → 2,000 tokens; also applies to acme/owl-2:free",
        "• acme/owl-2: context 2,000 → 1,000 tokens",
    ]


def test_a_catalog_event_is_just_its_text_and_has_no_page() -> None:
    body = notification("team", START, [of_catalog(START, "New field", {"fields": ["x"]})], ["r"]).body
    assert "• New field\n" in body
    assert "https://" not in body


TOKENS = {"prompt": "0.000001", "completion": "0.000002"}
DEARER = {"prompt": "0.0000012", "completion": "0.000002"}
STEP = (FieldChange("prompt", TOKENS["prompt"], DEARER["prompt"]),)


@pytest.mark.parametrize(
    ("kind", "more", "line", "short"),
    [
        pytest.param(
            Kind.PRICE_CHANGED,
            {"before": TOKENS, "after": DEARER, "fields": STEP, "cause": "DeepInfra raised its price"},
            "acme/owl-2: prompt $1.00 → $1.20 (+20 %) per M tokens (DeepInfra raised its price)",
            "acme/owl-2 dearer: prompt +20 %",
            id="price",
        ),
        pytest.param(
            Kind.PRICE_CHANGED,
            {"before": TOKENS, "after": DEARER, "fields": STEP},
            "acme/owl-2: prompt $1.00 → $1.20 (+20 %) per M tokens (asked by deepinfra)",
            "acme/owl-2 dearer: prompt +20 %",
            id="price-without-a-cause",
        ),
        pytest.param(
            Kind.PRICE_ROUTED,
            {"before": TOKENS, "after": DEARER, "fields": STEP, "cause": "the host DeepInfra now serves it"},
            (
                "acme/owl-2: the host DeepInfra now serves it, so the list shows $1.20 in, $2.00 out per M tokens "
                "instead of $1.00 in, $2.00 out per M tokens; no price changed"
            ),
            "acme/owl-2: the list shows another price",
            id="routed",
        ),
        pytest.param(
            Kind.PRICE_ROUTED,
            {"before": TOKENS, "after": DEARER, "cause": "another host probably serves it now"},
            (
                "acme/owl-2: the list shows $1.20 in, $2.00 out per M tokens "
                "instead of $1.00 in, $2.00 out per M tokens; another host probably serves it now"
            ),
            "acme/owl-2: the list shows another price",
            id="perhaps-routed",
        ),
        pytest.param(
            Kind.PROVIDER_ADDED,
            {"after": TOKENS},
            "deepinfra now offers acme/owl-2 at $1.00 in, $2.00 out per M tokens",
            "deepinfra now offers acme/owl-2",
            id="added",
        ),
        pytest.param(
            Kind.PROVIDER_ADDED,
            {"after": {"prompt": "0", "completion": "0"}},
            "deepinfra now offers acme/owl-2 for free",
            "deepinfra now offers acme/owl-2",
            id="added-for-free",
        ),
        pytest.param(
            Kind.PROVIDER_ADDED,
            {},
            "deepinfra now offers acme/owl-2 (price not listed)",
            "deepinfra now offers acme/owl-2",
            id="added-without-a-price",
        ),
        pytest.param(
            Kind.PROVIDER_REMOVED,
            {"before": TOKENS, "after": {"providers": 2}, "cause": "2 providers remain"},
            "deepinfra no longer offers acme/owl-2, for which it asked $1.00 in, $2.00 out per M tokens; 2 providers remain",
            "deepinfra no longer offers acme/owl-2",
            id="removed",
        ),
        pytest.param(
            Kind.PROVIDER_PRICE_CHANGED,
            {"before": TOKENS, "after": DEARER, "fields": STEP},
            "deepinfra raised its price for acme/owl-2: prompt $1.00 → $1.20 (+20 %) per M tokens",
            "deepinfra raised its price for acme/owl-2",
            id="provider-dearer",
        ),
        pytest.param(
            Kind.PROVIDER_PRICE_CHANGED,
            {"before": DEARER, "after": TOKENS, "cause": "DeepInfra began a 20 % discount"},
            "deepinfra lowered its price for acme/owl-2: price changed (DeepInfra began a 20 % discount)",
            "deepinfra lowered its price for acme/owl-2",
            id="provider-cheaper",
        ),
        pytest.param(
            Kind.PROVIDER_LIMITS_CHANGED,
            {
                "fields": (
                    FieldChange("context", 128_000, 64_000),
                    FieldChange("max_output", None, 8_192),
                    FieldChange("quantization", "fp8", "fp4"),
                )
            },
            (
                "deepinfra changed its limits for acme/owl-2: context 128,000 → 64,000 tokens, "
                "maximum output unknown → 8,192 tokens, quantization fp8 → fp4"
            ),
            "deepinfra changed its limits for acme/owl-2",
            id="limits",
        ),
    ],
)
def test_news_of_prices_and_providers_says_who_asks_what(
    kind: Kind, more: dict[str, Any], line: str, short: str
) -> None:
    message = notification(
        "team", START, [Event("1", START, kind, "acme/owl-2", provider="deepinfra", **more)], ["r"]
    )
    assert f"• {line}\n" in message.body
    assert message.title == short


@pytest.mark.fault("L10")
def test_a_very_long_message_says_what_it_leaves_out() -> None:
    many = [Event(str(n), START, Kind.MODEL_ADDED, f"acme/{n}") for n in range(130)]
    message = notification("team", START, many, ["r"])
    assert message.title == "130 models are new"
    assert "… and 30 more; see `watcher events --since 2026-11-02T08:00Z`" in message.body
    assert "… and 30 more" in page_of(message)
    assert len(message.events) == 130


EVENTS = st.builds(
    Event,
    id=st.text(max_size=3),
    at=st.just(START),
    kind=st.sampled_from(Kind),
    subject=st.text(max_size=300),
    before=st.none()
    | st.text(max_size=9)
    | st.integers()
    | st.dictionaries(st.text(max_size=3), st.text(max_size=3)),
    after=st.none()
    | st.integers()
    | st.dictionaries(st.text(max_size=3), st.text(max_size=3))
    | st.just("2026-11-09"),
    cause=st.none() | st.text(max_size=300),
)


@given(st.lists(EVENTS, min_size=1, max_size=120))
def test_rendering_never_raises_nor_grows_without_bound(events: list[Event]) -> None:
    message = notification("team", START, events, ["rule"])
    assert "\n" not in message.title
    assert len(message.title) <= 140
    assert len(message.body) < 100_000


@pytest.mark.fault("P8", "W6")
def test_the_same_catalog_event_twice_is_two_lines() -> None:
    both = [of_catalog(START, what, {"fields": [what]}) for what in ("One wave", "Another wave")]
    message = notification("team", START, both, ["r"])
    assert message.title == "Another wave; 1 more change"
    assert "• Another wave\n• One wave\n" in message.body


@pytest.mark.fault("L18")
def test_what_differs_between_variants_or_is_reverted_later_gets_its_own_line() -> None:
    def context(subject: str, before: int, after: int, hours: int = 0) -> Event:
        return Event(f"{subject} {after}", START + hours * HOUR, Kind.CONTEXT_CHANGED, subject, before, after)

    told = [context("acme/owl-2", 1, 2), context("acme/owl-2:free", 1, 3), context("acme/owl-2", 2, 1, 5)]
    body = notification("team", START, told, ["r"]).body
    for line in ("acme/owl-2: context 1 → 2", "acme/owl-2: context 2 → 1", "acme/owl-2:free: context 1 → 3"):
        assert f"• {line} tokens" in body


def test_a_message_that_tries_a_channel_cannot_be_taken_for_an_alert() -> None:
    message = trial("team", START)
    assert message.title == "Test: team receives messages from watcher"
    assert message.body.splitlines()[1:3] == [
        "• watcher can reach the channel team",
        "• This is a test: nothing has changed, and there is nothing to do.",
    ]
    assert message.letter
    assert message.letter.severity == "info"
    assert message.events != trial("team", START + HOUR).events


def test_a_heading_for_whose_lines_there_is_no_room_is_left_out() -> None:
    gone = [Event(f"{n}", START, Kind.MODEL_REMOVED, f"acme/{n}") for n in range(MOST_LINES)]
    renamed = Event("renamed", START, Kind.MODEL_CHANGED, "acme/owl-2")
    message = notification("team", START, [*gone, renamed], ["Mine"])
    assert "acme/owl-2" not in message.body
    assert "… and 1 more; see" in message.body
