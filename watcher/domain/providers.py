"""What the providers of a model ask, and what is remembered of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Prices, Step

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one endpoint of a provider asks; None means unknown.

    `tag` is the endpoint's key in an answer, `price` in USD per token as exact decimal text (a discount is
    already in it), `discount` a share as text; `context` and `max_output` are in tokens. `clock` holds the
    prices that follow the time of day.
    """

    tag: str
    provider: str
    price: Prices
    discount: str = "0"
    status: int | None = None
    quantization: str | None = None
    context: int | None = None
    max_output: int | None = None
    parameters: tuple[str, ...] | None = None
    clock: Prices = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """Whose endpoint it is: a tag may gain a suffix (`alibaba` became `alibaba/fp8`)."""
        return self.tag.partition("/")[0]


@dataclass(frozen=True, slots=True)
class OffersSnapshot:
    """What one look at the providers gave.

    `offers` are by model and tag; `failures` why a model gave no answer. `reason` says why the source as a
    whole gave none (None: it answered), `retry_after` how many seconds the server asked us to wait.
    """

    offers: Mapping[str, Mapping[str, Offer]]
    failures: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None
    retry_after: float | None = None
    query_id: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """What the cheapest provider asks (USD per token as text), and who; `providers` counts all of them."""

    prompt: str
    completion: str
    tag: str
    provider: str
    discount: str = "0"
    providers: int = 1

    @property
    def price(self) -> dict[str, str]:
        """The price as a document has it."""
        return {"prompt": self.prompt, "completion": self.completion}

    @property
    def owner(self) -> str:
        """Whose endpoint it is."""
        return self.tag.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Belief:
    """What people know of a price, what was seen last, what waits, and the last two moves (UTC).

    `steps` are the prices that are 5 % or more from what was reported and are no news yet, oldest first.
    """

    reported: Floor
    seen: Floor
    steps: tuple[Step, ...] = ()
    moves: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What is remembered of one provider of a model.

    `is_known`: people know that it offers the model. `differs_since`: since when it has (not) been there
    against what is known; `limits_since` likewise for its limits.
    """

    is_known: bool
    belief: Belief | None = None
    limits: Mapping[str, str | int | None] = field(default_factory=dict)
    differs_since: datetime | None = None
    limits_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """All that is remembered of what providers ask for one model.

    `offers` are those of the last answer by tag, `asked_before` what each provider asked when the floor was
    last reported, `row` the price of the list's row when the providers were last asked, `asked_lately` each
    time in the last hour (UTC).
    """

    offers: Mapping[str, Offer] = field(default_factory=dict)
    floor: Belief | None = None
    asked_before: Mapping[str, Floor] = field(default_factory=dict)
    providers: Mapping[str, ProviderState] = field(default_factory=dict)
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    asked_lately: tuple[datetime, ...] = ()
    failures: int = 0
    row: Prices = field(default_factory=dict)

    def asked(self, at: datetime) -> "Market":
        """Return the market as asked about now (UTC)."""
        lately = tuple(time for time in self.asked_lately if at - time < HOUR)
        return replace(self, asked_at=at, asked_lately=(*lately, at))
