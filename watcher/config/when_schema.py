"""The structure of a rule's conditions, and what the other parts of the file are built from."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    WithJsonSchema,
    create_model,
)
from pydantic.json_schema import GenerateJsonSchema

from watcher.rules.conditions import CONDITIONS, Condition
from watcher.rules.price_terms import PriceTerms
from watcher.rules.values import Bounds, Duration, Globs, Percent, Price, Tokens


class Schema(GenerateJsonSchema):
    """A JSON Schema without what tells a reader nothing: titles made from keys, and null defaults."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - pydantic's signature
        """Leave titles out."""
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - pydantic's own
        """Leave null defaults out."""
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("default", None)}


class Section(BaseModel):
    """A part of the file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


LengthOfTime = Annotated[Duration, PlainValidator(Duration.parse), WithJsonSchema(Duration.SCHEMA)]
Patterns = Annotated[Globs, PlainValidator(Globs.parse), WithJsonSchema(Globs.SCHEMA)]
Share = Annotated[Percent | None, PlainValidator(Percent.parse), WithJsonSchema(Percent.SCHEMA)]
Amount = Annotated[Price | None, PlainValidator(Price.parse), WithJsonSchema(Price.SCHEMA)]
TokenCount = Annotated[Tokens | None, PlainValidator(Tokens.parse), WithJsonSchema(Tokens.SCHEMA)]


def with_any_of(build: Callable[..., Any], *keys: str) -> AfterValidator:
    """Build the value from a section that must have at least one of the keys."""

    def check(section: BaseModel) -> Any:  # noqa: ANN401 - any value
        given = {name: getattr(section, name) for name in section.model_fields_set}
        if all(given.get(name) is None for name in keys):
            message = f"is empty; add {' or '.join(keys)}"
            raise ValueError(message)
        return build(**given)

    return AfterValidator(check)


class PriceSection(Section):
    """Conditions on a price; one of the prices in `of` must meet all of them."""

    rises_by: Share = None
    falls_by: Share = None
    below: Amount = None
    above: Amount = None
    of: Literal["prompt", "completion", "either"] = "either"


class ContextSection(Section):
    """A range of tokens, both ends included."""

    at_least: TokenCount = None
    at_most: TokenCount = None


SHAPES: Mapping[type, Any] = {
    bool: StrictBool,
    Globs: Patterns,
    Duration: LengthOfTime,
    PriceTerms: Annotated[PriceSection, with_any_of(PriceTerms, "rises_by", "falls_by", "below", "above")],
    Bounds: Annotated[ContextSection, with_any_of(Bounds, "at_least", "at_most")],
}
"""What pydantic expects for the type of a condition's value."""


def _condition(row: Condition) -> Any:  # noqa: ANN401 - a field's type and its description
    """Return a field of `when`; a key without a value is an error, as it would widen the rule."""
    described = row.words.replace("{}", "" if row.type is bool else "...")
    extra = one_or_more(_one_of(row.known), *EXAMPLES[row.key]) if row.known else None
    return SHAPES[row.type], Field(None, description=described, json_schema_extra=extra)


def one_or_more(entry: dict[str, Any], *examples: object) -> dict[str, Any]:
    """Return the schema of one such entry or a list of them."""
    return {"anyOf": [entry, {"type": "array", "items": entry, "minItems": 1}], "examples": [*examples]}


def _one_of(known: Sequence[str]) -> dict[str, Any]:
    return {"anyOf": [{"enum": [*known]}, {"type": "string", "pattern": "[*?!\\[]"}]}


EXAMPLES: Mapping[str, Sequence[object]] = {
    "event": ("price.changed", ["expiration.*", "model.removed"]),
    "variant": ("free", ["free", "none"]),
    "input": ("image", ["image", "file"]),
    "output": ("image", ["image", "audio"]),
}
"""Of the conditions whose values are a closed set."""


CONDITION_FIELDS: Any = {row.key: _condition(row) for row in CONDITIONS.values()}
When: Any = create_model(
    "When",
    __base__=Section,
    __doc__="The conditions that an event must meet, all of them.",
    **CONDITION_FIELDS,
)
