"""How a price moved: a sparkline, a record, the values of a chart."""

from datetime import datetime, timedelta

import pytest

from tests.support.catalogs import DAY, START
from watcher.domain.news import HistoryEntry
from watcher.news.price_history import Level, chart, levels, record, sparkline

NOW = START


def step(days_ago: float, prompt: str | None, completion: str | None = "0.000004") -> Level:
    return Level(NOW - timedelta(days=days_ago), {"prompt": prompt, "completion": completion})


def price(prompt: str) -> dict[str, str]:
    return {"prompt": prompt, "completion": "0.000004"}


class TestLevels:
    def test_what_changed_at_once_is_one_level(self) -> None:
        entries = [
            HistoryEntry(START, "a/b", "prompt", "0.000001"),
            HistoryEntry(START, "a/b", "completion", "0.000002"),
            HistoryEntry(START, "a/b", "listed", "True"),
            HistoryEntry(START + DAY, "a/b", "prompt", "0.000003"),
            HistoryEntry(START, "a/b", "floor.prompt", "0.0000005"),
        ]
        assert levels(entries) == (
            Level(START, {"prompt": "0.000001", "completion": "0.000002"}),
            Level(START + DAY, {"prompt": "0.000003", "completion": "0.000002"}),
        )
        assert levels(entries, "floor.") == (Level(START, {"prompt": "0.0000005"}),)
        assert levels([]) == ()


class TestSparkline:
    @pytest.mark.parametrize(
        ("history", "drawn"),
        [
            ([], ""),
            ([step(80, "0.000001")], ""),
            ([step(80, "0.000001"), step(10, "0.000001002")], ""),
            ([step(200, "0.000001"), step(44, "0.000002")], "▁" * 10 + "█" * 10),
            ([step(90, "0.000001"), step(60, "0.0000015"), step(0, "0.000002")], "▁" * 7 + "▅" * 12 + "█"),
            ([step(1, "0.000001"), step(0.1, "0.000002")], "▁▁▁▁█"),
            ([step(90, "0"), step(60, None), step(30, "0.000002")], "▁" * 7 + "█" * 7),
            ([step(9, None)], ""),
        ],
    )
    def test_the_price_of_90_days_is_drawn_if_it_moved(self, history: list[Level], drawn: str) -> None:
        assert sparkline(history, NOW) == drawn

    def test_a_history_that_begins_now_draws_nothing(self) -> None:
        assert sparkline([step(0, "0.000001")], NOW) == ""


class TestRecord:
    @pytest.mark.parametrize(
        ("history", "before", "after", "said"),
        [
            ([step(200, "1"), step(0, "2")], "1", "2", "highest ever seen"),
            ([step(200, "2"), step(0, "1")], "2", "1", "lowest ever seen"),
            ([step(43, "1"), step(0, "2")], "1", "2", "highest in the 6 weeks seen"),
            ([step(10, "1"), step(0, "2")], "1", "2", ""),
            ([step(200, "3"), step(170, "1"), step(0, "2")], "1", "2", "highest since May"),
            ([step(900, "3"), step(600, "1"), step(0, "2")], "1", "2", "highest since March 2025"),
            ([step(200, "3"), step(40, "1"), step(0, "2")], "1", "2", "highest since 23 Sep 2026"),
            ([step(200, "3"), step(9, "1"), step(0, "2")], "1", "2", ""),
            ([step(200, None), step(100, "1"), step(0, "2")], "1", "2", "highest ever seen"),
            ([step(200, "1"), step(0, "1")], "1", "1", ""),
            ([], "1", "2", ""),
        ],
    )
    def test_a_price_that_was_not_so_high_or_low_for_long_is_a_record(
        self, history: list[Level], before: str, after: str, said: str
    ) -> None:
        assert record(history, price(before), price(after), NOW) == said

    def test_a_price_that_is_not_fixed_is_no_record(self) -> None:
        assert record([step(200, "1")], price("1"), {"prompt": "2", "completion": "-1"}, NOW) == ""

    def test_what_came_after_the_move_does_not_count(self) -> None:
        history = [step(200, "1"), step(1, "2"), step(0.5, "3")]
        assert record(history, price("1"), price("2"), NOW - DAY) == "highest ever seen"


class TestChart:
    def test_each_value_stands_from_when_it_held(self) -> None:
        history = [step(200, "0.000001"), step(30, "0.00000125"), step(10, "0.00000125", "0.000005")]
        assert chart(history, NOW) == {
            "from": "2026-08-04T08:00:00Z",
            "to": "2026-11-02T08:00:00Z",
            "series": {
                "prompt": [["2026-08-04T08:00:00Z", "1"], ["2026-10-03T08:00:00Z", "1.25"]],
                "completion": [["2026-08-04T08:00:00Z", "4"], ["2026-10-23T08:00:00Z", "5"]],
            },
        }

    @pytest.mark.parametrize(
        "history", [[], [step(9, "0.000001")], [step(9, None), step(5, "0.000001")], [step(9, None, None)]]
    )
    def test_a_price_that_has_not_moved_has_none(self, history: list[Level]) -> None:
        assert chart(history, NOW) == {}

    def test_of_very_many_values_some_are_left_out_but_never_the_last(self) -> None:
        history = [step(80 - number / 10, f"0.00000{number + 1000}") for number in range(500)]
        series = chart(history, NOW)["series"]
        assert isinstance(series, dict)
        points = series["prompt"]
        assert len(points) <= 100
        assert points[-1][1] == "1.499"
        assert datetime.fromisoformat(points[0][0]) >= NOW - 90 * DAY
