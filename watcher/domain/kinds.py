"""The kinds of news, a row each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Self

from watcher.domain.catalog import Aspect


class Severity(IntEnum):
    """How urgent news is, most urgent first: the order in a message."""

    CRITICAL = 0
    WARNING = 1
    INFO = 2
    DETAIL = 3

    @property
    def word(self) -> str:
        """Name it as rules and messages do; details are `info` too."""
        return "info" if self is Severity.DETAIL else self.name.lower()


class About(StrEnum):
    """What an event's subject is: a model's id, the catalog, or a part of watcher."""

    MODEL = "model"
    CATALOG = "catalog"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Row:
    """The properties of a kind.

    `hold` names the hold that a change of this kind must outlast. If `aspect` is set, every change of that
    aspect is of this kind.
    """

    heading: str
    meaning: str
    severity: Severity
    about: About = About.MODEL
    hold: str | None = None
    aspect: Aspect | None = None


class Kind(StrEnum):
    """A kind of news: its name in rules and messages, and its row."""

    row: Row

    def __new__(cls, name: str, row: Row) -> Self:
        """Make a string that carries its row."""
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.row = row
        return kind

    EXPIRATION_ANNOUNCED = (
        "expiration.announced",
        Row("Leaving OpenRouter", "a model gets an expiration date", Severity.CRITICAL, hold="announced"),
    )
    EXPIRATION_MOVED = (
        "expiration.moved",
        Row("Leaving OpenRouter", "the expiration date changes", Severity.CRITICAL, hold="moved"),
    )
    EXPIRATION_RESTORED = (
        "expiration.restored",
        Row(
            "Leaving OpenRouter",
            "a withdrawn expiration date is set again",
            Severity.CRITICAL,
            hold="announced",
        ),
    )
    EXPIRATION_REMINDER = (
        "expiration.reminder",
        Row(
            "Leaving OpenRouter",
            "a date reaches one of the `reminders`",
            Severity.CRITICAL,
            aspect=Aspect.COUNTDOWN,
        ),
    )
    EXPIRATION_WITHDRAWN = (
        "expiration.withdrawn",
        Row("Expiration withdrawn", "the expiration date is withdrawn", Severity.WARNING, hold="withdrawn"),
    )
    EXPIRATION_DESCRIBED = (
        "expiration.described",
        Row(
            "Deprecated",
            "the description of a model begins or ceases to say that it is deprecated",
            Severity.WARNING,
            hold="details",
            aspect=Aspect.DEPRECATION,
        ),
    )
    EXPIRATION_OVERDUE = (
        "expiration.overdue",
        Row(
            "Expiration overdue", "a model is still listed a day after its expiration date", Severity.WARNING
        ),
    )
    MODEL_REMOVED = (
        "model.removed",
        Row("Removed", "a model leaves the list", Severity.CRITICAL, hold="removed"),
    )
    PRICE_CHANGED = (
        "price.changed",
        Row("Prices", "the price of a model changes", Severity.WARNING, hold="price"),
    )
    PRICE_ROUTED = (
        "price.routed",
        Row(
            "Another provider shown",
            "the list shows another provider's price, and no price changed",
            Severity.DETAIL,
            hold="price_listed",
        ),
    )
    PRICE_DETAIL = (
        "price.detail",
        Row(
            "Other prices",
            "another price changes or is newly listed",
            Severity.DETAIL,
            hold="price_other",
        ),
    )
    PROVIDER_REMOVED = (
        "provider.removed",
        Row("Providers", "a provider no longer offers a model", Severity.WARNING, hold="provider_removed"),
    )
    PROVIDER_ADDED = (
        "provider.added",
        Row("Providers", "a provider newly offers a model", Severity.INFO, hold="provider_added"),
    )
    PROVIDER_PRICE_CHANGED = (
        "provider.price_changed",
        Row("Providers", "a provider changed its price for a model", Severity.INFO, hold="price"),
    )
    PROVIDER_LIMITS_CHANGED = (
        "provider.limits_changed",
        Row(
            "Providers",
            "a provider changed its context length, maximal output or quantization",
            Severity.DETAIL,
            hold="limits",
        ),
    )
    ALIAS_RETARGETED = (
        "alias.retargeted",
        Row(
            "Aliases",
            "an alias points to another model",
            Severity.WARNING,
            hold="alias",
            aspect=Aspect.ALIAS,
        ),
    )
    MODEL_ADDED = (
        "model.added",
        Row("New models", "a model appears for the first time", Severity.INFO, hold="added"),
    )
    MODEL_PRICED = (
        "model.priced",
        Row("New models", "the list shows the price of a model first seen in the feed", Severity.INFO),
    )
    MODEL_RETURNED = (
        "model.returned",
        Row("Returned", "a model that had left is listed again", Severity.INFO, hold="returned"),
    )
    MODEL_UNREADABLE = (
        "model.unreadable",
        Row(
            "Cannot be read",
            "the list has said something of a model that cannot be read for a while",
            Severity.WARNING,
        ),
    )
    MODEL_READABLE = (
        "model.readable",
        Row("Can be read again", "what the list says of a model can be read again", Severity.INFO),
    )
    CONTEXT_CHANGED = (
        "context.changed",
        Row(
            "Context length",
            "the context length changes",
            Severity.INFO,
            hold="context",
            aspect=Aspect.CONTEXT,
        ),
    )
    CAPABILITY_CHANGED = (
        "capability.changed",
        Row(
            "Capabilities",
            "modalities, supported parameters or voices change",
            Severity.INFO,
            hold="capabilities",
            aspect=Aspect.CAPABILITIES,
        ),
    )
    LIMITS_CHANGED = (
        "limits.changed",
        Row(
            "Limits",
            "maximal output, context length or moderation of the provider shown changes",
            Severity.DETAIL,
            hold="limits",
            aspect=Aspect.LIMITS,
        ),
    )
    MODEL_CHANGED = (
        "model.changed",
        Row(
            "Other changes",
            "name, canonical slug, knowledge cutoff or mandatory reasoning changes",
            Severity.DETAIL,
            hold="details",
            aspect=Aspect.DETAILS,
        ),
    )
    CATALOG_CHANGED = (
        "catalog.changed",
        Row(
            "Whole catalog",
            "the list gets a new field",
            Severity.WARNING,
            About.CATALOG,
        ),
    )
    CATALOG_INCOMPLETE = (
        "catalog.incomplete",
        Row(
            "Whole catalog",
            "the list has lacked many models, or a field, for a while",
            Severity.CRITICAL,
            About.CATALOG,
        ),
    )
    CATALOG_COMPLETE = (
        "catalog.complete",
        Row(
            "Whole catalog",
            "what the list lacked is back or counts as removed",
            Severity.INFO,
            About.CATALOG,
        ),
    )
    SOURCE_FAILING = (
        "source.failing",
        Row(
            "Watcher itself",
            "a source has given no good answer for a while",
            Severity.CRITICAL,
            About.PART,
        ),
    )
    SOURCE_RECOVERED = (
        "source.recovered",
        Row("Watcher itself", "the source answers again", Severity.INFO, About.PART),
    )
    CHANNEL_FAILING = (
        "channel.failing",
        Row(
            "Watcher itself",
            "a channel has a dead letter, or has failed for a while",
            Severity.CRITICAL,
            About.PART,
        ),
    )
    CHANNEL_RECOVERED = (
        "channel.recovered",
        Row("Watcher itself", "the channel delivers again", Severity.INFO, About.PART),
    )
    CONFIGURATION_FAILING = (
        "configuration.failing",
        Row("Watcher itself", "a reloaded configuration is invalid", Severity.CRITICAL, About.PART),
    )
    CONFIGURATION_RECOVERED = (
        "configuration.recovered",
        Row("Watcher itself", "the configuration is valid again", Severity.INFO, About.PART),
    )
    STORE_FAILING = (
        "store.failing",
        Row("Watcher itself", "the store cannot be read or written", Severity.CRITICAL, About.PART),
    )
    STORE_RECOVERED = (
        "store.recovered",
        Row("Watcher itself", "the store can be used again", Severity.INFO, About.PART),
    )
    MUTE_ENDED = (
        "mute.ended",
        Row(
            "Watcher itself",
            "a mute or an acknowledgement that held something back has ended",
            Severity.INFO,
            About.PART,
        ),
    )


KINDS: Mapping[str, Kind] = {kind.value: kind for kind in Kind}
"""Every kind by its name."""
