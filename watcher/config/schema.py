"""The structure of `rules.yaml`: validates the file, and is the JSON Schema for editors."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    StrictBool,
    StrictStr,
    ValidationError,
    WithJsonSchema,
    create_model,
)

from watcher.config import pacing
from watcher.config.mistakes import NAME, WEB, WEB_OR_OFF, in_words
from watcher.config.when_schema import LengthOfTime, Schema, Section, When, one_or_more, with_any_of
from watcher.config.yaml_file import Key
from watcher.domain.policy import HOLDS, REMINDERS
from watcher.domain.schedule import Pace, Schedule
from watcher.forms.as_webhook import key_of
from watcher.rules.values import AtMost, Duration, Hours
from watcher.text.suggest import closest

HIGHEST_PORT = 65535
POLL = ("1s", "1d")  # the shortest and the longest time between polls
MEGABYTE = 1_000_000
API = "https://openrouter.ai/api/v1/models"


Deliver = Annotated[Pace | Schedule, PlainValidator(pacing.parse), WithJsonSchema(pacing.SCHEMA)]


def _names(value: object) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    names = [entry for entry in entries if isinstance(entry, str) and entry]
    if not names or len(names) < len(entries):
        message = "takes a channel name or a list of channel names"
        raise ValueError(message)
    if len(set(names)) < len(names):
        message = "names a channel twice"
        raise ValueError(message)
    return names


def in_range(given: Duration, shortest: str, longest: str) -> Duration:
    """Return a duration in a range, both ends included; raises ValueError."""
    if not Duration.parse(shortest).time <= given.time <= Duration.parse(longest).time:
        message = f"must be between {shortest} and {longest}"
        raise ValueError(message)
    return given


def _within(shortest: str, longest: str) -> AfterValidator:
    return AfterValidator(partial(in_range, shortest=shortest, longest=longest))


def _full_days(given: Duration) -> Duration:
    if given.time % timedelta(days=1):
        message = "must be a whole number of days"
        raise ValueError(message)
    return given


def _each_once(given: list[Duration]) -> list[Duration]:
    if len({reminder.time for reminder in given}) < len(given):
        message = "contains a duplicate"
        raise ValueError(message)
    return given


Reminder = Annotated[LengthOfTime, _within("0d", "365d"), AfterValidator(_full_days)]
OneOrMore = Annotated[
    list[StrictStr],
    PlainValidator(_names),
    WithJsonSchema(one_or_more({"type": "string"}, "team", ["team", "ops"])),
]


# The keys are the rows of tables elsewhere, so that each exists once.
HOLD_FIELDS: Any = {name: (Annotated[LengthOfTime, _within("0s", "30d")], None) for name in HOLDS}
Holds: Any = create_model(
    "Holds",
    __base__=Section,
    __doc__="How long a change must last before it is reported.",
    **HOLD_FIELDS,
)


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = "is not a time zone known on this machine; use a name such as Europe/Berlin or UTC"
        raise ValueError(message) from None


def _host_and_port(value: object) -> tuple[str, int]:
    host, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    if not host or not colon or not port.isdecimal() or int(port) > HIGHEST_PORT:
        message = "takes a local address and port, such as 127.0.0.1:9464"
        raise ValueError(message)
    return host.strip("[]"), int(port)


Listen = Annotated[
    tuple[str, int],
    PlainValidator(_host_and_port),
    WithJsonSchema({"type": "string", "examples": ["127.0.0.1:9464"]}),
]


def size(value: object) -> int:
    """Read `500MB` or `2GB` as bytes. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,6})\s*([MG])B", value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        message = "takes a size such as 500MB or 2GB"
        raise ValueError(message)
    return int(found[1]) * (MEGABYTE if found[2] == "M" else 1000 * MEGABYTE)


class RecordSection(Section):
    """Where to keep answers for `watcher replay`, for how long, and how much; a folder alone is enough."""

    folder: StrictStr = Field(min_length=1)
    keep: Annotated[LengthOfTime, _within("1d", "3650d")] = Field("30d", validate_default=True)
    limit: Annotated[
        int,
        PlainValidator(size),
        WithJsonSchema({"type": "string", "pattern": r"^\d+\s*[MG]B$", "examples": ["500MB"]}),
    ] = Field("500MB", validate_default=True)


RecordEntry = Annotated[
    RecordSection,
    BeforeValidator(lambda value: {"folder": value} if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string"}, RecordSection.model_json_schema(schema_generator=Schema)]}),
]


class Sources(Section):
    """What to poll; `feed: off` turns the feed off."""

    models: StrictStr = Field(default_factory=lambda: f"{API}?output_modalities=all", pattern=WEB)
    feed: StrictStr | None = Field(default_factory=lambda: f"{API}?use_rss=true", pattern=WEB_OR_OFF)
    endpoints: Literal["auto", "all", "off"] = "auto"


class TemplateSection(Section):
    """A title and a body in Jinja2, instead of those of the message; one of them is enough."""

    title: StrictStr | None = None
    body: StrictStr | None = None


TemplateEntry = Annotated[
    TemplateSection,
    with_any_of(TemplateSection, "title", "body"),
    WithJsonSchema(TemplateSection.model_json_schema(schema_generator=Schema)),
]


def _usable_secret(text: str) -> str:
    """Return the secret of a webhook. Raises ValueError."""
    if not key_of(text):
        message = "must not be empty"
        raise ValueError(message)
    return text


class ChannelSection(Section):
    """Where to send messages; an address alone is enough. `secret` signs what a webhook is sent."""

    url: StrictStr
    limit: Annotated[AtMost, PlainValidator(AtMost.parse), WithJsonSchema(AtMost.SCHEMA)] = Field(
        "20/h", validate_default=True
    )
    quiet: Annotated[Hours, PlainValidator(Hours.parse), WithJsonSchema(Hours.SCHEMA)] | None = None
    deliver: Deliver | None = None
    template: TemplateEntry | None = None
    secret: Annotated[StrictStr, AfterValidator(_usable_secret)] | None = None


ChannelEntry = Annotated[
    ChannelSection,
    BeforeValidator(lambda value: {"url": value} if isinstance(value, str) else value),
    WithJsonSchema(
        {"anyOf": [{"type": "string"}, ChannelSection.model_json_schema(schema_generator=Schema)]}
    ),
]


class RuleSection(Section):
    """What to report to whom, how urgent it is and when; `stop`: later rules do not see those events.

    `urgent: true` is an older way to write `severity: critical`.
    """

    name: StrictStr = Field(min_length=1)
    when: When | None = None
    notify: OneOrMore
    stop: StrictBool = False
    severity: Literal["info", "warning", "critical"] | None = None
    deliver: Deliver | None = None
    urgent: StrictBool = False
    template: TemplateEntry | None = None


class File(Section):
    """The configuration of watcher."""

    poll: Annotated[LengthOfTime, _within(*POLL)] = Field("5m", validate_default=True)
    store: StrictStr = Field("watcher.db", min_length=1)
    sources: Sources = Field(default_factory=Sources)
    channels: dict[Annotated[str, Field(pattern=NAME)], ChannelEntry] = Field(min_length=1)
    timezone: Annotated[StrictStr, AfterValidator(_known_zone)] = Field("UTC", validate_default=True)
    heartbeat: StrictStr | None = Field(None, pattern=WEB)
    listen: Listen | None = None
    record: RecordEntry | None = None
    keep: Annotated[LengthOfTime, _within("7d", "3650d")] = Field("365d", validate_default=True)
    stale_after: Annotated[LengthOfTime, _within("1m", "30d")] | None = None
    holds: Holds = Field(default_factory=Holds)
    reminders: Annotated[list[Reminder], AfterValidator(_each_once)] = Field(
        [f"{days}d" for days in REMINDERS], validate_default=True
    )
    rules: list[RuleSection] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file, for editors."""
    return File.model_json_schema(schema_generator=Schema)


def check(data: object) -> tuple[File | None, list[tuple[Sequence[Key], str]]]:
    """Validate plain data: return the file's content, or each problem with the keys that lead to it."""
    try:
        return File.model_validate(data), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        unknown = [one["loc"] for one in found if one["type"] == "extra_forbidden"]
        meant = {(*keys[:-1], closest(str(keys[-1]), _keys_beside(keys))) for keys in unknown}
        reported = [one for one in found if one["type"] != "missing" or one["loc"] not in meant]
        return None, [in_words(one, _keys_beside(one["loc"])) for one in reported]


def rule_section(data: object) -> RuleSection | None:
    """Read one rule by itself; None if it has mistakes."""
    try:
        return RuleSection.model_validate(data)
    except ValidationError:
        return None


def _keys_beside(keys: Sequence[Key]) -> list[str]:
    """Return the keys that the section around a key can have."""
    section: type[BaseModel] = File
    for key in keys[:-1]:
        if key in section.model_fields:  # otherwise it is a number or a channel's name
            section = next(_sections(section.model_fields[str(key)].annotation), section)
    return list(section.model_fields)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any type
    """Find the sections inside a type such as `list[RuleSection]` or `When | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
