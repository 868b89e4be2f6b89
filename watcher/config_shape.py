"""The shape of `rules.yaml`: what may stand where, as a JSON Schema for editors and as words for people."""

import types
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictStr,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from watcher.conditions import CONDITIONS
from watcher.settle import HOLDS, REMINDERS
from watcher.terms import Duration, Globs
from watcher.yaml_file import Key

API = "https://openrouter.ai/api/v1/models"
POLL = timedelta(minutes=5)


class Section(BaseModel):
    """A part of the file; a key that it does not have is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _section(name: str, words: str, keys: dict[str, Any]) -> Any:  # noqa: ANN401 - a type made here
    return create_model(name, __base__=Section, __doc__=words, **keys)


def _shape(kind: Any) -> Any:  # noqa: ANN401 - types in, types out
    """Give what pydantic is to expect for a condition's type: our types read themselves."""
    if kind is bool:
        return StrictBool
    if isinstance(kind, types.UnionType):
        return _shape(next(part for part in get_args(kind) if part is not type(None)))
    if get_origin(kind) is Literal:
        return kind
    if hasattr(kind, "parse"):
        return Annotated[kind, PlainValidator(kind.parse), WithJsonSchema(kind.SCHEMA)]
    hints = get_type_hints(kind)
    parts: Any = {part.name: (_shape(hints[part.name]), Field(part.default)) for part in fields(kind)}
    section = _section(kind.__name__, kind.__doc__, parts)
    return Annotated[
        section, AfterValidator(lambda read: kind(**{name: getattr(read, name) for name in parts}))
    ]


def _condition(name: str) -> Any:  # noqa: ANN401 - a type made here
    function = CONDITIONS[name]
    described = str(function.__doc__).replace("{}", "...")
    return _shape(get_type_hints(function)["wanted"]) | None, Field(None, description=described)


def _names(value: object) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    names = [entry for entry in entries if isinstance(entry, str) and entry]
    if not names or len(names) < len(entries):
        message = "takes the name of a channel or a list of them"
        raise ValueError(message)
    if len(set(names)) < len(names):
        message = "names a channel twice"
        raise ValueError(message)
    return names


LengthOfTime = Annotated[Duration, PlainValidator(Duration.parse), WithJsonSchema(Duration.SCHEMA)]
OneOrMore = Annotated[list[StrictStr], PlainValidator(_names), WithJsonSchema(Globs.SCHEMA)]


Holds: Any = _section(
    "Holds",
    "How long a difference must last before it is news.",
    dict.fromkeys(HOLDS, (LengthOfTime | None, None)),
)
When: Any = _section(
    "When",
    "What an event must be; all that is given must hold.",
    {name: _condition(name) for name in CONDITIONS},
)


class Sources(Section):
    """Where to look; `feed: off` does without the feed."""

    models: StrictStr = f"{API}?output_modalities=all"
    feed: StrictStr = f"{API}?use_rss=true"


class RuleSection(Section):
    """Who is told of what. With `stop`, rules further down do not see what this one tells."""

    name: StrictStr = Field(min_length=1)
    when: When | None = None
    notify: OneOrMore
    stop: StrictBool = False


class File(Section):
    """The configuration of watcher."""

    poll: LengthOfTime = Duration(POLL)
    store: StrictStr = "watcher.db"
    sources: Sources = Field(default_factory=Sources)
    channels: dict[str, StrictStr] = Field(min_length=1)
    holds: Holds = Field(default_factory=Holds)
    reminders: list[LengthOfTime] = [Duration(timedelta(days=days)) for days in REMINDERS]
    rules: list[RuleSection] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """Give the JSON Schema of the file, for editors."""
    return File.model_json_schema()


def check(data: object) -> tuple[File | None, list[tuple[Sequence[Key], str]]]:
    """Read plain data: the file's content, or else each problem with the keys that lead to it."""
    try:
        return File.model_validate(data), []
    except ValidationError as error:
        return None, [_problem(found) for found in error.errors(include_url=False, include_input=False)]


WORDS = {
    "missing": "is missing",
    "string_type": "takes text; put it in quotes",
    "bool_type": "takes true or false",
    "dict_type": "takes `key: value` lines",
    "model_type": "takes `key: value` lines",
    "list_type": "takes a list",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}


def _problem(found: Any) -> tuple[Sequence[Key], str]:  # noqa: ANN401 - pydantic's own shape
    keys: tuple[Key, ...] = tuple(found["loc"])
    match found["type"]:
        case "extra_forbidden":
            return keys, f"unknown key{did_you_mean(str(keys[-1]), _keys_at(keys[:-1]))}"
        case "value_error":
            return keys, str(found["ctx"]["error"])
        case "literal_error":
            return keys, f"takes {found['ctx']['expected']}"
        case kind:
            return keys, WORDS.get(kind, str(found["msg"]))


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Write the way out for a word that is not known."""
    close = get_close_matches(word, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"


def _keys_at(keys: Sequence[Key]) -> list[str]:
    """Name the keys that a section can have."""
    section: type[BaseModel] = File
    for key in keys:
        if isinstance(key, str):
            section = next(_sections(section.model_fields[key].annotation))
    return list(section.model_fields)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type
    """Find the sections inside a type such as `list[RuleSection]` or `When | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
