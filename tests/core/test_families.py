import pytest

from watcher.openrouter.families import family


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("anthropic/claude-3.5-haiku", "anthropic/claude-haiku-4.5"),
        ("openai/gpt-4o-mini", "openai/gpt-5-mini"),
        ("openai/o3-mini", "openai/o4-mini"),
        ("openai/gpt-4-1106-preview", "openai/gpt-5.2"),
        ("deepseek/deepseek-chat-v3-0324", "deepseek/deepseek-v3.2"),
        ("moonshotai/kimi-k2-0905", "moonshotai/kimi-k2.6"),
        ("meta-llama/llama-3-70b-instruct", "meta-llama/llama-3.3-70b-instruct"),
        ("z-ai/glm-4.5-air:free", "z-ai/glm-5-air"),
        ("x/owl-2-2025-08-06", "x/owl-2-2026-01-31"),
    ],
)
def test_a_newer_version_is_of_the_same_family(older: str, newer: str) -> None:
    assert family(older).words == family(newer).words
    assert family(older).version < family(newer).version


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("meta-llama/llama-3.1-8b-instruct", "meta-llama/llama-3.1-70b-instruct"),
        ("openai/gpt-4o-mini", "openai/gpt-4o"),
        ("anthropic/claude-opus-4.6", "anthropic/claude-opus-4.6-fast"),
        ("qwen/qwen3-235b-a22b", "qwen/qwen3-235b-a22b-thinking-2507"),
    ],
)
def test_another_size_or_sort_is_another_family(one: str, other: str) -> None:
    assert family(one).words != family(other).words


def test_of_one_version_the_later_release_is_newer() -> None:
    assert family("x/owl-2", "x/owl-2-20250929").version < family("x/owl-2", "x/owl-2-20260131").version
