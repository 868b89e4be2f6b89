import pytest

from watcher.text.clean import inert

ORDINARY = [
    "acme/owl-2: prompt $1.25 → $1.50 (+20 %), completion $10.00 → $12.50 (+25 %) per M tokens",
    "  https://openrouter.ai/acme/owl-2:free",
    "Rules: Leaving OpenRouter, Dearer by a tenth · 23 Nov 2026 08:00 UTC",
    "~acme/owl-latest now points to acme/owl-2.5 (was: acme/owl-2.1)",
    "• meta-llama/llama-3.1-8b:free leaves on Sat 28 Nov 2026, in 5 days; also applies to :batch",
]


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.fault("V8")
def test_what_watcher_says_of_ordinary_models_is_left_as_it_is(text: str) -> None:
    assert inert(text) == text
    assert inert("\n".join(ORDINARY)) == "\n".join(ORDINARY)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://evil.example/x", "http:|//evil.|example/x"),
        ("ops@evil.example", "ops@|evil.|example"),
        ("x:free:", "x:|free:"),
        ("a:b:c:d", "a:|b:|c:d"),
        ("see :-) #tag /stop", "see :|-) #|tag /|stop"),
        ("evil\u3002\u4f8b\u3048", "evil\u3002|\u4f8b\u3048"),
        ("  https://openrouter.ai/a b.evil", "  https:|//openrouter.|ai/a b.|evil"),
        ("https://openrouter.ai.evil.example/", "https:|//openrouter.|ai.|evil.|example/"),
    ],
)
@pytest.mark.fault("V8")
def test_what_looks_like_a_link_a_mention_or_an_emoji_is_broken_once(text: str, shown: str) -> None:
    assert inert(text) == shown.replace("|", "\u200b")
    assert inert(inert(text)) == inert(text)
