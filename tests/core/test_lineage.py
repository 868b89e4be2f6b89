import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, Row, Story, priced
from watcher.domain.catalog import Item
from watcher.messages.message import notification
from watcher.news.lineage import related

FREE = priced(OWL, "0", "0") | {"id": "acme/owl-2:free"}
RENAMED = OWL | {"id": "acme-ai/owl-2"}


def begun(*rows: Row) -> Story:
    story = Story()
    story.shows(*rows)
    return story


def removed(story: Story, *rows: Row) -> dict[str, str | None]:
    story.shows(*rows)
    return {event.subject: event.cause for event in story.shows(*rows, after=2 * DAY)}


def test_a_free_variant_that_leaves_while_the_paid_one_stays_says_what_that_costs() -> None:
    assert removed(begun(OWL, FREE), OWL) == {
        "acme/owl-2:free": "the free offer ended, acme/owl-2 costs $1.25 in, $10.00 out per M tokens"
    }


def test_without_a_paid_variant_a_free_one_is_just_gone() -> None:
    assert removed(begun(FREE, FINCH), FINCH) == {"acme/owl-2:free": "without notice"}
    free = priced(OWL, "0", "0")
    assert removed(begun(free, FREE), free) == {"acme/owl-2:free": "without notice"}


@pytest.mark.fault("P20")
def test_a_model_under_another_id_is_renamed() -> None:
    story = begun(OWL, FINCH)
    [event] = story.shows(RENAMED, FINCH)
    assert (event.kind, event.cause) == ("model.added", "renamed from acme/owl-2")
    [gone] = story.shows(RENAMED, FINCH, after=2 * DAY)
    assert (gone.kind, gone.cause) == ("model.removed", "renamed to acme-ai/owl-2")


def test_variants_share_a_slug_and_are_not_renamed() -> None:
    story = begun(OWL, FINCH)
    [event] = story.shows(OWL, FINCH, OWL | {"id": "acme/owl-2:thinking"})
    assert event.cause is None
    assert removed(story, OWL, FINCH) == {"acme/owl-2:thinking": "without notice"}


def test_models_without_a_slug_have_no_relatives() -> None:
    nameless = [row | {"canonical_slug": None} for row in (OWL, FINCH)]
    story = begun(HERON, nameless[0])
    [event] = story.shows(HERON, nameless[1])
    assert event.cause is None
    assert story.shows(HERON, nameless[1], after=HOUR) == []


def test_a_model_that_was_never_seen_has_no_relatives() -> None:
    story = begun(OWL)
    [event] = story.shows(OWL, FINCH)
    assert related([event], {"acme/ghost": Item(), **story.state.items}) == [event]


def test_what_happens_to_a_model_names_the_aliases_that_point_to_it() -> None:
    ids = ("~acme/owl-latest", "~acme/best-latest", "~acme/other-latest")
    targets = ("acme/owl-2", "acme/owl-2-20260901", "acme/finch-mini")
    aliases = [OWL | {"id": i, "alias_target": {"slug": t}} for i, t in zip(ids, targets, strict=True)]
    story = begun(OWL, *aliases)
    dearer = priced(OWL, "0.0000015", "0.00001")
    [event] = [*story.shows(dearer, *aliases), *story.shows(dearer, *aliases, after=DAY)]
    assert event.aliases == ("~acme/owl-latest", "~acme/best-latest")
    body = notification("team", story.at, [event], ["r"]).body
    assert "(as OpenRouter lists it); also applies to ~acme/owl-latest, ~acme/best-latest\n" in body
