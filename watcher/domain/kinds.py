"""The kinds of news, a row each."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of event is told: under which heading, what it means, how urgent it is (0 first).

    `most` is how many of a kind one poll tells singly; more are one event about the whole catalog.
    """

    heading: str
    meaning: str
    urgency: int
    most: int = 10


KINDS: Mapping[str, Kind] = {
    "expiration.announced": Kind("Leaving OpenRouter", "a model got an expiration date", 0),
    "expiration.moved": Kind("Leaving OpenRouter", "an expiration date changed", 0),
    "expiration.restored": Kind(
        "Leaving OpenRouter", "an expiration date that was taken back stands again", 0
    ),
    "expiration.reminder": Kind("Leaving OpenRouter", "an expiration date comes closer", 0),
    "expiration.withdrawn": Kind("Staying after all", "an expiration date was taken back", 1),
    "model.removed": Kind("Gone", "a model left the list", 0),
    "price.changed": Kind("Prices", "a price for prompt or completion changed and stayed", 1),
    "price.detail": Kind("Lesser prices", "another price changed or is newly listed", 3, most=5),
    "alias.retargeted": Kind("Aliases", "an alias points to another model", 1),
    "model.added": Kind("New models", "a model appeared for the first time", 2),
    "model.returned": Kind("Back again", "a model that had left is listed again", 2),
    "context.changed": Kind("Context length", "the context length changed", 2, most=5),
    "capability.changed": Kind("Capabilities", "modalities or supported parameters changed", 2, most=5),
    "model.changed": Kind("Other changes", "a name or another field people care about changed", 3, most=5),
    "catalog.changed": Kind("Whole catalog", "many models changed alike, or the list got a new field", 1),
    "source.failing": Kind("Watcher itself", "a source has given no good answer for a while", 0),
    "source.recovered": Kind("Watcher itself", "a failing source answers again", 1),
    "channel.failing": Kind("Watcher itself", "a channel does not deliver", 0),
    "channel.recovered": Kind("Watcher itself", "a channel delivers again", 1),
    "configuration.failing": Kind("Watcher itself", "a changed configuration cannot be used", 0),
    "configuration.recovered": Kind("Watcher itself", "the configuration can be used again", 1),
    "store.failing": Kind("Watcher itself", "the store cannot be used", 0),
    "store.recovered": Kind("Watcher itself", "the store can be used again", 1),
}
