import pytest

from watcher.openrouter import ids


@pytest.mark.parametrize(
    ("model", "author", "variant", "base", "is_alias"),
    [
        ("acme/owl-2", "acme", None, "acme/owl-2", False),
        ("acme/owl-2:free", "acme", "free", "acme/owl-2", False),
        ("acme/owl-2:batch", "acme", "batch", "acme/owl-2", False),
        ("~acme/owl-latest", "acme", None, "~acme/owl-latest", True),
    ],
)
def test_an_id_shows_author_variant_and_alias(
    model: str, author: str, variant: str | None, base: str, *, is_alias: bool
) -> None:
    assert ids.author(model) == author
    assert ids.variant(model) == variant
    assert ids.base(model) == base
    assert ids.is_alias(model) is is_alias


def test_every_model_has_a_page_for_people() -> None:
    assert ids.page("acme/owl-2") == "https://openrouter.ai/acme/owl-2"
