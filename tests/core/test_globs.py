import pytest

from watcher.text.globs import any_match, covers, is_glob, overlap


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("", "*", True),
        ("", "?", False),
        ("*", "*", True),
        ("a*", "*b", True),
        ("a*", "b*", False),
        ("*a", "*b", False),
        ("a?c", "ab*", True),
        ("a?c", "ab", False),
        ("[ab]x", "bx", True),
        ("[ab]x", "cx", False),
        ("[ab]", "[bc]", True),
        ("gpt-5", "*/*", False),
        ("gpt-5*", "*/*", True),
        ("*ended its*", "a * % discount of * ended", True),
        ("nope", "* is now the cheapest", False),
        ("*a" * 50 + "b", "*" + "a" * 600, False),
    ],
)
def test_two_patterns_overlap_where_a_text_matches_both(one: str, other: str, *, answer: bool) -> None:
    assert overlap(one, other) is answer
    assert overlap(other, one) is answer


@pytest.mark.parametrize(
    ("wide", "narrow", "answer"),
    [
        ("*", "a*", True),
        ("openai/*", "openai/gpt-5*", True),
        ("openai/*", "*", False),
        ("a?", "a?", True),
        ("a?", "ab", False),
        ("a*", "a[bc]", True),
    ],
)
def test_a_pattern_covers_another_only_where_that_is_certain(wide: str, narrow: str, *, answer: bool) -> None:
    assert covers(wide, narrow) is answer


def test_a_text_with_wildcards_is_a_pattern() -> None:
    assert is_glob("a*")
    assert not is_glob("a/b:free")
    assert any_match(["a", "b"], ["c", "b*"])
    assert not any_match(["a"], [])
