from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from watcher.rules.price_terms import PriceTerms
from watcher.rules.values import Bounds, Duration, Globs, Hours, Percent, Price, Tokens


@pytest.mark.parametrize(
    ("patterns", "text", "matches"),
    [
        ("acme/*", "acme/owl", True),
        ("acme/*", "wetland/owl", False),
        (["acme/*", "!*:batch"], "acme/owl:batch", False),
        (["!*:batch"], "acme/owl", True),
        (["!*:batch"], "acme/owl:batch", False),
        ("acme/owl", "Acme/owl", False),
    ],
)
def test_patterns_include_and_exclude(patterns: Any, text: str, *, matches: bool) -> None:
    assert Globs.parse(patterns).matches(text) is matches


def test_only_a_pattern_without_wildcards_names_a_value() -> None:
    assert Globs.parse(["acme/owl", "acme/*"]).names("acme/owl")
    assert not Globs.parse("acme/*").names("acme/owl")


@pytest.mark.parametrize(
    ("kind", "value", "attribute", "expected"),
    [
        (Percent, "10%", "share", Decimal("0.1")),
        (Percent, "7.5 %", "share", Decimal("0.075")),
        (Price, "$0.50/M", "per_token", Decimal("0.0000005")),
        (Price, 5e-7, "per_token", Decimal("5e-7")),
        (Price, "1e-7", "per_token", Decimal("1e-7")),
        (Price, 0.0099, "per_token", Decimal("0.0099")),
        (Tokens, "128k", "count", 128_000),
        (Tokens, "1M", "count", 1_000_000),
        (Tokens, 131072, "count", 131_072),
        (Duration, "5m", "time", timedelta(minutes=5)),
        (Duration, "30d", "time", timedelta(days=30)),
        (Duration, "10s", "time", timedelta(seconds=10)),
    ],
)
def test_each_term_reads_the_usual_spellings(kind: Any, value: Any, attribute: str, expected: Any) -> None:
    assert getattr(kind.parse(value), attribute) == expected


@pytest.mark.parametrize(
    ("kind", "values", "hint"),
    [
        (Globs, [[], "", "!", 5, ["a", 5], None], "openai/"),
        (Percent, ["10", 10, "ten%", "-1%", None, True], "10%"),
        (Price, ["cheap", "-1", True, None, "$2", "NaN", "$2000000/M"], r"takes a price such as \$0\.50/M"),
        (Price, [0.5, "0.5"], r"needs a unit: \$0\.50/M \(per million tokens\) or 5e-7 \(per token\)"),
        (Price, [5, "0.01"], r"needs a unit: "),
        (Tokens, ["many", -1, True, None, "1.5k"], "128k"),
        (Duration, ["soon", 5, "5", "-5m", None, "1w"], "30d"),
    ],
)
def test_each_term_explains_its_form_when_misspelled(kind: Any, values: list[Any], hint: str) -> None:
    for value in values:
        with pytest.raises(ValueError, match=hint):
            kind.parse(value)


TENTH, FIFTH = Percent.parse("10%"), Percent.parse("20%")


@pytest.mark.parametrize(
    ("terms", "before", "after", "hold"),
    [
        (PriceTerms(rises_by=TENTH), ("10", "10"), ("11", "10"), True),
        (PriceTerms(rises_by=TENTH), ("10", "10"), ("10.9", "10"), False),
        (PriceTerms(rises_by=TENTH), ("10", "10"), ("9", "9"), False),
        (PriceTerms(rises_by=TENTH, of="completion"), ("10", "10"), ("11", "10"), False),
        (PriceTerms(rises_by=TENTH), ("0", "0"), ("0.1", "0"), True),
        (PriceTerms(rises_by=Percent.parse("0%")), ("1", "1"), ("1", "1"), False),
        (PriceTerms(falls_by=FIFTH), ("10", "10"), ("10", "8"), True),
        (PriceTerms(falls_by=FIFTH), ("10", "10"), ("10", "8.1"), False),
        (PriceTerms(falls_by=FIFTH), ("0", "0"), ("0", "0"), False),
        (PriceTerms(falls_by=FIFTH), ("10", "10"), ("0", "0"), True),
        (PriceTerms(below=Price(Decimal(5))), ("9", "9"), ("4", "9"), True),
        (PriceTerms(above=Price(Decimal(5))), ("9", "9"), ("5", "5"), False),
        (PriceTerms(falls_by=FIFTH, below=Price(Decimal(5))), ("10", "10"), ("6", "6"), False),
        (PriceTerms(rises_by=TENTH), ("-1", "-1"), ("5", "5"), False),
        (PriceTerms(below=Price(Decimal(5))), ("1", "1"), ("-1", "-1"), False),
    ],
)
def test_price_terms_hold_for_any_of_the_prices_that_count(
    terms: PriceTerms, before: tuple[str, str], after: tuple[str, str], *, hold: bool
) -> None:
    sides = [{"prompt": prompt, "completion": completion} for prompt, completion in (before, after)]
    assert terms.hold(*sides) is hold


def test_terms_describe_themselves() -> None:
    said = [
        Globs.parse(["a/*", "b/*", "!*:batch"]),
        Globs.parse("!*:batch"),
        TENTH,
        Price.parse("$0.50/M"),
        Tokens.parse("128k"),
        PriceTerms(rises_by=TENTH, below=Price.parse("$2/M")),
        PriceTerms(falls_by=FIFTH, of="prompt"),
        PriceTerms(above=Price.parse("$2/M")),
        Bounds(Tokens.parse("32k"), Tokens.parse("1M")),
        Bounds(at_least=Tokens.parse("32k")),
        *(Duration.parse(text) for text in ("1h", "90m", "2d", "5s", "0d")),
    ]
    assert [str(term) for term in said] == [
        "a/* or b/*, except *:batch",
        "anything, except *:batch",
        "10 %",
        "$0.50 per M tokens",
        "128,000 tokens",
        "prompt or completion price rises by at least 10 % and is below $2.00 per M tokens",
        "prompt price falls by at least 20 %",
        "prompt or completion price is above $2.00 per M tokens",
        "at least 32,000 tokens and at most 1,000,000 tokens",
        "at least 32,000 tokens",
        "1 hour",
        "90 minutes",
        "2 days",
        "5 seconds",
        "0 seconds",
    ]


def test_quiet_hours_do_not_cover_the_whole_day() -> None:
    with pytest.raises(ValueError, match="covers the whole day"):
        Hours.parse("22:00-22:00")
