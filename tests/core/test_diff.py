from typing import Any

import pytest

from tests.support.catalogs import OWL, document, priced
from watcher.domain.catalog import Aspect, FieldChange
from watcher.news.diff import diff


def changed(
    after: Any, before: Any = OWL, model: str = "acme/owl-2"
) -> dict[Aspect, tuple[FieldChange, ...]]:
    return {c.aspect: c.fields for c in diff(model, document(before), document(after))}


def test_the_same_document_has_no_difference() -> None:
    assert changed(OWL) == {}


@pytest.mark.parametrize(
    "noise",
    [
        {"benchmarks": {"score": 1}},
        {"description": "New words."},
        {"hugging_face_id": ""},
        {"default_parameters": {"temperature": None}},
        {"supported_parameters": ["tools", "temperature", "max_tokens", "tools"]},
        {"architecture": OWL["architecture"] | {"modality": "text -> text"}},
        {"pricing": {"completion": "1e-5", "prompt": 0.00000125, "request": "0"}},
        {"expiration_date": "2098-12-31"},
        {"created": 5},
        {"context_length": 131072.0},
    ],
)
@pytest.mark.fault("P7", "P11", "P23", "W4", "W5")
def test_noise_is_not_a_difference(noise: Any) -> None:
    assert changed(OWL | noise) == {}


@pytest.mark.fault("P10")
def test_a_price_differs_field_by_field() -> None:
    after = priced(OWL, "0.0000015", "0.00001", **{f"key_{n}": "1" for n in range(6)})
    fields = {change.path: (change.before, change.after) for change in changed(after)[Aspect.PRICE]}
    assert fields == {"prompt": ("0.00000125", "0.0000015")} | {f"key_{n}": (None, "1") for n in range(6)}


def test_a_conditional_price_differs_inside_its_condition() -> None:
    def tiered(price: str) -> Any:
        tier = {"min_prompt_tokens": 200000, "prompt": price}
        return OWL | {"pricing": OWL["pricing"] | {"overrides": [tier]}}

    [change] = changed(tiered("0.000003"), tiered("0.000002"))[Aspect.PRICE]
    assert change == FieldChange("overrides.min_prompt_tokens=200000.prompt", "0.000002", "0.000003")


def test_a_list_is_one_value() -> None:
    [change] = changed(OWL | {"supported_parameters": ["tools"]})[Aspect.CAPABILITIES]
    assert change == FieldChange("parameters", ["max_tokens", "temperature", "tools"], ["tools"])


def test_aliases_differ_only_by_their_target() -> None:
    model = "~acme/owl-latest"
    before = OWL | {"id": model, "alias_target": {"name": "Owl 2", "slug": "acme/owl-2"}}
    after = priced(before, "1", "1") | {"context_length": 1, "alias_target": {"slug": "acme/owl-3"}}
    [change] = diff(model, document(before), document(after))
    assert (change.aspect, change.before, change.after) == (Aspect.ALIAS, "acme/owl-2", "acme/owl-3")
