import pytest

from tests.support.catalogs import START
from tests.support.offers import Endpoint, endpoint, offers
from watcher.news.floor import Move, floor_of, floors_of
from watcher.news.floor_causes import cause_of


def off(tag: str, prompt: str, completion: str, discount: float) -> Endpoint:
    return endpoint(tag, prompt, completion, pricing={"discount": discount})


HERON = endpoint("heron", "2", "8")
OWL = endpoint("owl", "3", "12")


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        pytest.param([HERON], [endpoint("heron", "1", "4")], "Heron lowered its price", id="own-fall"),
        pytest.param([HERON], [endpoint("heron", "2.5", "8")], "Heron raised its price", id="own-rise"),
        pytest.param(
            [endpoint("heron", "2", "8")],
            [endpoint("heron/fp8", "2.5", "8")],
            "Heron raised its price",
            id="a-renamed-tag-is-the-same-provider",
        ),
        pytest.param(
            [HERON], [off("heron", "1", "4", 0.5)], "Heron began a 50 % discount", id="discount-began"
        ),
        pytest.param(
            [off("heron", "1.3", "5.2", 0.35)], [HERON], "Heron ended its 35 % discount", id="discount-ended"
        ),
        pytest.param(
            [off("heron", "1", "4", 0.5)],
            [off("heron", "0.8", "3.2", 0.6)],
            "Heron changed its discount from 50 % to 60 %",
            id="discount-changed",
        ),
        pytest.param(
            [HERON],
            [off("heron", "1", "4", 0.2)],
            "Heron lowered its price",
            id="a-discount-that-does-not-explain-the-move",
        ),
        pytest.param(
            [HERON, OWL],
            [HERON, endpoint("owl", "1", "4")],
            "Owl lowered its price and is now the cheapest",
            id="another-undercuts",
        ),
        pytest.param(
            [HERON, OWL],
            [HERON, off("owl", "1.5", "6", 0.5)],
            "Owl began a 50 % discount and is now the cheapest",
            id="another-undercuts-by-a-discount",
        ),
        pytest.param(
            [HERON],
            [HERON, endpoint("owl", "1", "4")],
            "Owl now offers it and is the cheapest",
            id="a-newcomer-is-the-cheapest",
        ),
        pytest.param(
            [HERON, OWL],
            [OWL],
            "Heron, the cheapest so far, stopped offering it; Owl is now the cheapest",
            id="the-cheapest-left",
        ),
        pytest.param(
            [HERON, OWL],
            [endpoint("heron", "4", "16"), OWL],
            "Heron raised its price; Owl is now the cheapest",
            id="the-cheapest-raised",
        ),
        pytest.param(
            [off("heron", "2", "8", 0.5), OWL],
            [endpoint("heron", "4", "16"), OWL],
            "Heron ended its 50 % discount; Owl is now the cheapest",
            id="the-discount-of-the-cheapest-ended",
        ),
        pytest.param(
            [endpoint("heron", "0", "0")],
            [endpoint("heron", "1", "4")],
            "Heron raised its price",
            id="free-no-longer",
        ),
        pytest.param([HERON], [endpoint("heron", "0", "0")], "Heron lowered its price", id="free-now"),
        pytest.param(
            [HERON, endpoint("owl", "-1", "-1")],
            [HERON, endpoint("owl", "1", "4")],
            "Owl now offers it and is the cheapest",
            id="a-variable-price-became-fixed",
        ),
        pytest.param(
            [HERON, OWL],
            [endpoint("heron", "-1", "-1"), OWL],
            "Heron, the cheapest so far, stopped offering it; Owl is now the cheapest",
            id="a-fixed-price-became-variable",
        ),
    ],
)
def test_the_cause_is_what_a_provider_did(before: list[Endpoint], after: list[Endpoint], cause: str) -> None:
    had, has = offers(*before).values(), offers(*after).values()
    old, new = floor_of(had), floor_of(has)
    assert old
    assert new
    assert cause_of(Move(old, new, START), floors_of(had), floors_of(has)) == cause
