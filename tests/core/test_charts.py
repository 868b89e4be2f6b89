from tests.support.catalogs import START
from watcher.domain.providers import Belief, Market, Offer
from watcher.news.charts import charted_offers
from watcher.news.floor import floor_of


def market(**asked: str) -> Market:
    offers = {tag: Offer(tag, tag, {"prompt": price, "completion": price}) for tag, price in asked.items()}
    least = floor_of(offers.values())
    return Market(offers, Belief(least, least) if least else None)


def test_each_change_of_the_floor_and_of_what_a_provider_asks_is_charted() -> None:
    before, after = {"acme/owl-2": market(a="1", b="2")}, {"acme/owl-2": market(a="3", c="4")}
    entries = charted_offers(before, after, START)
    assert [(entry.field, entry.value) for entry in entries] == [
        ("a.completion", "3"),
        ("a.prompt", "3"),
        ("b.completion", None),
        ("b.prompt", None),
        ("c.completion", "4"),
        ("c.prompt", "4"),
        ("floor.completion", "3"),
        ("floor.prompt", "3"),
    ]
    assert charted_offers(after, after, START) == []


def test_a_model_without_offers_charts_nothing() -> None:
    assert charted_offers({}, {"acme/owl-2": Market()}, START) == []
