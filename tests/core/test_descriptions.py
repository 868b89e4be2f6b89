import pytest

from tests.support.catalogs import DAY, FINCH, OWL, Story
from watcher.openrouter.descriptions import deprecation

NOTE = (
    "Owl 2 reads fast. Note: This model is being deprecated. Recommended replacement is [Owl 3](/acme/owl-3)."
)


@pytest.mark.parametrize(
    ("description", "said"),
    [
        (NOTE, "deprecated; recommended replacement: acme/owl-3"),
        ("This model is deprecated.", "deprecated"),
        (
            "This model has been deprecated. Use the newer [Owl 3](/acme/owl-3:free)",
            "deprecated; recommended replacement: acme/owl-3:free",
        ),
        ("It replaces a model that is deprecated.", None),
        ("OpenAI notes that this model may be removed in the future.", None),
        ("Owl 2 is fast.", None),
        (None, None),
        (7, None),
    ],
)
def test_a_description_is_read_where_its_form_is_plain(description: object, said: str | None) -> None:
    assert deprecation(description) == said


def test_a_deprecation_in_the_description_is_news_once_it_lasts_and_says_where_it_is_from() -> None:
    story = Story()
    story.shows(OWL, FINCH)
    noted = OWL | {"description": NOTE}
    assert story.shows(noted, FINCH) == []
    [event] = story.shows(noted, FINCH, after=DAY)
    assert (event.kind, event.before) == ("expiration.described", None)
    assert event.after == "deprecated; recommended replacement: acme/owl-3"
    assert story.shows(OWL, FINCH) == []
    [event] = story.shows(OWL, FINCH, after=DAY)
    assert (event.kind, event.after) == ("expiration.described", None)
