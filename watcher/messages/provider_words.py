"""What providers do in words."""

from collections.abc import Callable

from watcher.domain.news import Event
from watcher.messages import change_words, price_words
from watcher.openrouter import prices
from watcher.rules.severity import is_last_but_one

VERBS = {1: "raised", -1: "lowered", 0: "changed"}


def provider_says(text: str) -> Callable[[Event], str]:
    """Return a function that writes the text with `{provider}` and with `{}` for the model."""
    return lambda event: text.replace("{provider}", _who(event)).replace("{}", event.subject)


def _who(event: Event) -> str:
    return event.provider or "A provider"


def added_line(event: Event) -> str:
    """Say that a provider offers a model, and at what price."""
    price = price_words.cost_of(event, event.after)
    terms = "for free" if price == "free" else f"at {price}" if price.startswith("$") else f"({price})"
    return f"{_who(event)} now offers {event.subject} {terms}"


def removed_title(event: Event) -> str:
    """Say that a provider left, or that only one is left."""
    if is_last_but_one(event):
        return f"{event.subject} is down to one provider"
    return f"{_who(event)} no longer offers {event.subject}"


def removed_line(event: Event) -> str:
    """Say that a provider left, and what it asked."""
    price = price_words.cost_of(event, event.before)
    asked = f", for which it asked {price}" if price.startswith("$") else ""
    left = f"; {event.cause}" if event.cause else ""
    return f"{_who(event)} no longer offers {event.subject}{asked}{left}"


def price_title(event: Event) -> str:
    """Say which way a provider changed its price."""
    return f"{_who(event)} {_verb(event)} its price for {event.subject}"


def _verb(event: Event) -> str:
    """Describe which way a price went as a whole."""
    return VERBS[prices.direction(event.before, event.after)]


def price_line(event: Event) -> str:
    """Write a provider's prices before and after."""
    cause = f" ({event.cause})" if event.cause else ""
    return f"{_who(event)} {_verb(event)} its price for {price_words.price_line(event)}{cause}"


def limits_line(event: Event) -> str:
    """Write the limits that a provider changed."""
    told = [change_words.limit_of(change) for change in event.fields]
    return f"{_who(event)} changed its limits for {event.subject}" + (f": {', '.join(told)}" if told else "")
