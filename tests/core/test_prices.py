from decimal import Decimal
from typing import Any

import pytest

from watcher.domain.catalog import Document
from watcher.openrouter import prices
from watcher.openrouter.pricing import comparable, unreadable


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("0.000001", "0.0000010"),
        ("0.000001", "1e-06"),
        ("0.000001", 1e-06),
        ("0.000001", "0.00000100000000000000015"),
        ("0", 0),
        ("-1", -1),
    ],
)
@pytest.mark.fault("P11", "W5")
def test_spelling_and_rounding_errors_do_not_change_a_price(written: str, same: Any) -> None:
    assert prices.exact(written) == prices.exact(same) is not None


@pytest.mark.parametrize("nonsense", ["abc", "", "NaN", "1e400", "-2", None, True, [], {}])
@pytest.mark.fault("P12")
def test_nonsense_is_not_a_price(nonsense: Any) -> None:
    assert prices.exact(nonsense) is None


def test_a_price_has_one_canonical_form() -> None:
    assert [prices.canonical(Decimal(text)) for text in ("0.0000010", "1E-7", "0.00", "20")] == [
        "0.000001",
        "0.0000001",
        "0",
        "20",
    ]


def test_a_price_that_is_not_fixed_has_no_amount() -> None:
    assert prices.price({"prompt": "-1"}, "prompt") is None
    assert prices.price(None, "prompt") is None
    assert prices.price({"prompt": "0.5"}, "prompt") == Decimal("0.5")


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [("2", "2.5", "0.25"), ("2", "1", "-0.5"), ("0", "1", None), (None, "1", None), ("1", None, None)],
)
def test_a_change_is_relative_to_the_old_value(
    before: str | None, after: str | None, change: str | None
) -> None:
    sides = [None if side is None else Decimal(side) for side in (before, after)]
    assert prices.ratio(*sides) == (None if change is None else Decimal(change))


def test_zero_counts_as_absent_only_for_the_keys_where_it_means_the_same() -> None:
    compared, _ = comparable({"prompt": "0", "completion": "0", "request": "0", "input_cache_read": "0"})
    assert compared == {"prompt": "0", "completion": "0", "input_cache_read": "0"}


def test_unknown_keys_that_are_not_prices_are_left_out() -> None:
    assert comparable({"prompt": "1", "currency": "USD", "note": None})[0] == {"prompt": "1"}


@pytest.mark.parametrize("key", ["prompt", "completion"])
@pytest.mark.fault("P5")
def test_a_main_price_that_is_not_a_price_is_unknown_and_named(key: str) -> None:
    pricing = {"prompt": "1", "completion": "1"} | {key: "abc"}
    assert key not in comparable(pricing)[0]
    assert unreadable(pricing) == {key: "not a price"}


@pytest.mark.parametrize(
    "text", ["1_0", " 1 ", "1 ", "\n1", "\N{ARABIC-INDIC DIGIT THREE}", "+1", "0x1", "1e99999", "."]
)
@pytest.mark.fault("Q3")
def test_a_price_in_digits_that_only_a_parser_would_accept_is_not_read(text: str) -> None:
    assert prices.exact(text) is None


def test_a_long_context_price_is_kept_by_its_condition() -> None:
    tier: Any = {"min_prompt_tokens": 200000, "prompt": "0.000004", "completion": "0.0000120"}
    compared, clock = comparable({"prompt": "0.000002", "completion": "0.000006", "overrides": [tier]})
    assert compared["overrides"] == {
        "min_prompt_tokens=200000": {"completion": "0.000012", "prompt": "0.000004"}
    }
    assert clock == {}


def test_keys_that_a_daily_window_covers_follow_the_clock_and_are_not_compared() -> None:
    window: Any = {"utc_start": 1630, "utc_end": 30, "prompt": "0.0000005"}
    compared, clock = comparable({"prompt": "0.000001", "completion": "0.000002", "overrides": [window]})
    assert clock == {"prompt": "0.000001"}
    assert compared == {
        "completion": "0.000002",
        "overrides": {"utc_end=30 utc_start=1630": {"prompt": "0.0000005"}},
    }
    assert prices.full_price(Document(price=compared, clock=clock))["prompt"] == "0.000001"


@pytest.mark.parametrize("overrides", [None, "soon", [1], [{}], [{"prompt": None}]])
def test_overrides_of_another_shape_do_no_harm(overrides: Any) -> None:
    compared, clock = comparable({"prompt": "1", "completion": "1", "overrides": overrides})
    assert compared["prompt"] == "1"
    assert clock == {}


def test_a_document_without_prices_has_none() -> None:
    assert prices.full_price(Document()) == {}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0.00000125", "$1.25 per M tokens"),
        ("0.000000075", "$0.075 per M tokens"),
        ("0.00000009834", "$0.09834 per M tokens"),
        ("0.0015", "$1,500.00 per M tokens"),
        ("0", "free"),
        ("-1", "variable"),
        (None, "not listed"),
    ],
)
def test_prices_are_shown_per_million_tokens(written: str | None, shown: str) -> None:
    assert prices.show({"prompt": written}, "prompt") == shown


def test_some_prices_are_not_per_token() -> None:
    assert prices.show({"web_search": "0.01"}, "web_search") == "$0.01 per search"


def test_missing_prices_are_shown_as_not_listed() -> None:
    assert prices.amount(None, "prompt") == "not listed"


@pytest.mark.parametrize(
    ("change", "shown"),
    [("0.25", "+25 %"), ("-0.075", "-7.5 %"), ("0.02", "+2 %"), ("4.6", "+460 %"), ("12", "+1,200 %")],
)
def test_changes_are_shown_in_percent(change: str, shown: str) -> None:
    assert prices.percent(Decimal(change)) == shown


@pytest.mark.parametrize(
    ("listed", "shown"),
    [
        ({"prompt": "0.00000125", "completion": "0.00001"}, "$1.25 in, $10.00 out per M tokens"),
        ({"prompt": "0.00000125", "completion": "0"}, "$1.25 in, free out per M tokens"),
        ({"prompt": "0", "completion": "0"}, "free"),
        ({"prompt": "-1", "completion": "-1"}, "variable price"),
        ({"prompt": "0.1"}, "price not listed"),
        (None, "price not listed"),
    ],
)
def test_prompt_and_completion_are_shown_together(listed: Any, shown: str) -> None:
    assert prices.show_main(listed) == shown


def test_the_largest_move_counts_by_size_and_keeps_its_sign() -> None:
    before, after = {"prompt": "2", "completion": "10"}, {"prompt": "1", "completion": "12"}
    assert prices.largest_move(before, after) == Decimal("-0.5")
    assert prices.largest_move(before, before) is None


def test_free_means_that_both_cost_nothing() -> None:
    assert prices.is_free({"prompt": "0", "completion": "0"})
    assert not prices.is_free({"prompt": "0", "completion": "1"})
    assert not prices.is_free({})


def test_a_price_that_only_one_side_has_is_as_far_apart_as_can_be() -> None:
    price: Any = {"prompt": "0.000001", "completion": "0.000002"}
    assert prices.apart({}, price) == 1
    assert prices.apart({}, {}) == 0
