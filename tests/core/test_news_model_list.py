from dataclasses import replace

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, Story, answer, listing, priced
from watcher.sources import model_list

OTHER = "http://catalog.test/models?output_modalities=image"


def test_another_query_shows_other_models_which_is_not_news() -> None:
    story = Story()
    story.shows(OWL, FINCH)
    assert story.answers(HOUR, models=listing([OWL, HERON], query=OTHER)) == []
    assert story.answers(2 * DAY, models=listing([OWL, HERON], query=OTHER)) == []
    assert story.answers(2 * DAY, models=listing([OWL, FINCH], query="http://catalog.test/models")) == []


def test_a_difference_under_another_query_is_still_news() -> None:
    story = Story()
    story.shows(OWL)
    changed = OWL | {"expiration_date": "2026-12-01"}
    assert [event.kind for event in story.answers(HOUR, models=listing([changed], query=OTHER))] == [
        "expiration.announced"
    ]


@pytest.mark.fault("P5")
def test_a_row_that_cannot_be_read_is_neither_changed_nor_gone() -> None:
    story = Story()
    many = [OWL | {"id": f"acme/owl-{number}"} for number in range(30)]
    story.shows(*many)
    broken = [*many[1:], many[0] | {"pricing": {"prompt": "abc"}}]
    before = story.state.items["acme/owl-0"]
    told = [
        event.kind
        for _ in range(2)
        for event in story.answers(
            2 * DAY, models=model_list.parse([answer(broken)], story.at, "http://catalog.test/models")
        )
    ]
    assert told == ["model.unreadable"]
    assert story.state.items["acme/owl-0"] == before


def test_models_where_nothing_moved_are_left_alone() -> None:
    story = Story()
    story.shows(OWL, FINCH)
    before = story.state.items["acme/finch-mini"]
    story.shows(priced(OWL, "1", "1"), FINCH)
    assert story.state.items["acme/finch-mini"] is before


def test_a_document_without_details_does_no_harm() -> None:
    story = Story()
    story.shows(OWL)
    odd = listing([OWL, FINCH])
    documents = {model: replace(doc, details=None) for model, doc in odd.documents.items()}
    assert [e.kind for e in story.answers(HOUR, models=replace(odd, documents=documents))] == ["model.added"]
