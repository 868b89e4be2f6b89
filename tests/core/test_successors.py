"""What could take the place of a model that leaves: a newer version first, then the same abilities."""

from typing import Any

import pytest

from tests.support.catalogs import Row, document
from tests.support.offers import endpoint, offers
from watcher.cli.demo import row
from watcher.domain.catalog import Item
from watcher.domain.providers import Belief, Market
from watcher.news.floor import floor_of
from watcher.news.successors import Candidate, candidates, successors


def model(name: str, prompt: str = "1", completion: str = "4", **more: Any) -> Row:
    """Give a model; prices in USD per million tokens."""
    base = row(name, f"{prompt}e-6" if prompt[0] != "-" else prompt, f"{completion}e-6")
    details = {"canonical_slug": name, **{key: more.pop(key) for key in ("canonical_slug",) if key in more}}
    architecture = base["architecture"] | more.pop("architecture", {})
    return base | details | {"architecture": architecture} | more


def item(shown: Row) -> Item:
    return Item(document(shown), document(shown))


def replacing(
    leaving: Row, *others: Row, markets: dict[str, Market] | None = None
) -> list[tuple[str, str, list[str]]]:
    items = {str(one["id"]): item(one) for one in (leaving, *others)}
    found = successors(
        Candidate.of(str(leaving["id"]), document(leaving), (markets or {}).get(str(leaving["id"]))),
        candidates(items, markets or {}),
    )
    return [(one["model"], one["price"], one["lost"]) for one in found if isinstance(one, dict)]


OWL = model("acme/owl-2", supported_parameters=["tools", "reasoning"])
TOOLS: dict[str, Any] = {"supported_parameters": ["tools", "reasoning", "structured_outputs"]}


def test_a_newer_version_of_the_same_author_comes_first_then_the_nearest_price() -> None:
    assert replacing(
        OWL,
        model("acme/owl-3", "2", "8", **TOOLS),
        model("acme/owl-4", "0.8", "3.2", **TOOLS),
        model("acme/owl-5", "1", "4", supported_parameters=[]),
        model("acme/owl-1", **TOOLS),
        model("other/owl-9", "1.1", "4.4", **TOOLS),
        model("wetland/heron", "1.01", "4.04", **TOOLS),
    ) == [
        ("acme/owl-4", "20 % cheaper", []),
        ("acme/owl-3", "100 % dearer", []),
        ("acme/owl-1", "same price", []),
    ]


@pytest.mark.parametrize(
    ("other", "lost"),
    [
        ({"supported_parameters": []}, ["tools", "reasoning"]),
        ({"context_length": 32000, **TOOLS}, ["context 131k → 32k"]),
        ({"context_length": 500, **TOOLS}, ["context 131k → 500"]),
        ({"architecture": {"input_modalities": ["audio"]}, **TOOLS}, ["text input"]),
        ({"architecture": {"output_modalities": ["image"]}, **TOOLS}, ["text output"]),
        ({"context_length": None, "supported_parameters": None}, []),
    ],
)
def test_what_would_be_lost_is_said_and_only_a_newer_version_may_lose_it(
    other: dict[str, Any], lost: list[str]
) -> None:
    assert replacing(OWL, model("acme/owl-3", **other)) == [("acme/owl-3", "same price", lost)]
    assert bool(replacing(OWL, model("wetland/heron", **other))) is not bool(lost)


def test_a_large_context_is_written_in_millions() -> None:
    large = model("acme/owl-2", context_length=1_050_000)
    [(_, _, lost)] = replacing(large, model("acme/owl-3", context_length=200_000))
    assert lost == ["context 1.05M → 200k"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "acme/owl-3", "expiration_date": "2026-12-01"},
        {"name": "acme/owl-3", "description": "This model is deprecated. Use another."},
        {"name": "acme/owl-3:free"},
        {"name": "acme/owl-3:batch"},
        {"name": "~acme/owl-latest"},
        {"name": "openrouter/auto"},
        {"name": "wetland/heron", "prompt": "-1"},
    ],
)
def test_what_leaves_itself_or_is_no_model_of_its_own_is_no_successor(other: dict[str, Any]) -> None:
    name = other.pop("name")
    shown = model(name, **TOOLS, **other)
    assert replacing(OWL, shown) == []


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (("0", "0"), "free"),
        (("0.995", "3.98"), "same price"),
        (("1.35", "5.4"), "35 % dearer"),
        (("7", "28"), "7 times the price"),
        (("0.25", "1"), "75 % cheaper"),
    ],
)
def test_the_price_is_compared(prices: tuple[str, str], said: str) -> None:
    assert replacing(OWL, model("acme/owl-3", *prices, **TOOLS)) == [("acme/owl-3", said, [])]


def test_where_a_free_model_leaves_the_cheapest_come_first_with_their_price() -> None:
    free = model("acme/owl-2", "0", "0")
    others = [model("wetland/a", "9", "9"), model("wetland/z", "0.1", "0.2"), model("wetland/free", "0", "0")]
    assert replacing(free, *others) == [
        ("wetland/free", "free", []),
        ("wetland/z", "$0.10 in, $0.20 out per M tokens", []),
        ("wetland/a", "$9.00 in, $9.00 out per M tokens", []),
    ]


def test_a_model_without_a_fixed_price_has_newer_versions_only() -> None:
    router = model("acme/owl-2", "-1")
    others = [model("acme/owl-3"), model("wetland/heron")]
    assert replacing(router, *others) == [("acme/owl-3", "$1.00 in, $4.00 out per M tokens", [])]


def test_what_is_sold_by_the_image_is_compared_with_its_like() -> None:
    def painter(name: str, image: str) -> Row:
        base = model(name, "0", "0")
        return base | {"pricing": base["pricing"] | {"image": image}}

    others = [painter("wetland/brush", "0.03"), model("wetland/heron")]
    assert replacing(painter("acme/painter", "0.04"), *others) == [("wetland/brush", "25 % cheaper", [])]


@pytest.mark.parametrize(
    ("leaving", "other"),
    [
        (model("acme/owl-2:free", "0", "0"), model("acme/owl-2")),
        (model("acme/owl-2", canonical_slug="acme/owl"), model("acme-ai/owl-2", canonical_slug="acme/owl")),
    ],
)
def test_the_same_model_under_another_id_is_the_only_successor(leaving: Row, other: Row) -> None:
    found = replacing(leaving, other, model("wetland/heron"), model("acme/owl-3"))
    assert [name for name, _, _ in found] == [other["id"]]


def test_the_price_is_what_the_cheapest_provider_asks() -> None:
    least = floor_of(offers(endpoint("heron", "0.5", "2")).values())
    assert least
    market = {"wetland/heron": Market(floor=Belief(least, least))}
    assert replacing(OWL, model("wetland/heron", **TOOLS), markets=market) == [
        ("wetland/heron", "50 % cheaper", [])
    ]


def test_models_that_are_no_longer_listed_are_no_successors() -> None:
    gone = item(model("acme/owl-3", **TOOLS))
    assert candidates({"acme/owl-3": Item(gone.announced, None)}, {}) == ()


def test_a_successor_has_its_name_if_that_is_known() -> None:
    items = {"acme/owl-3": item(model("acme/owl-3", **TOOLS) | {"name": None})}
    [found] = successors(Candidate.of("acme/owl-2", document(OWL), None), candidates(items, {}))
    assert isinstance(found, dict)
    assert found["name"] == ""
