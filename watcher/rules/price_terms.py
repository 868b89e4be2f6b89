"""The conditions of a rule on a price."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from watcher.domain.catalog import Json
from watcher.openrouter import prices
from watcher.rules.values import Percent, Price


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """Conditions on a price; one of the prices in `of` must meet all of them.

    `either` is prompt or completion. Where both cost nothing, before and after, but an image, a request or
    any other unit has a price, it is that price which rises and falls; from free to a price is a rise.
    With `either`, a price rises only if the whole is dearer: what the usual mix of tokens costs.
    `below` and `above` are about tokens, so they never hold for a unit that is not sold by the token.
    """

    rises_by: Percent | None = None
    falls_by: Percent | None = None
    below: Price | None = None
    above: Price | None = None
    of: Literal["prompt", "completion", "either"] = "either"

    def keys(self, before: Json, after: Json) -> tuple[str, ...]:
        """Return the prices that count: prompt, completion, or either."""
        return prices.headline(before, after) if self.of == "either" else (self.of,)

    @property
    def has_size(self) -> bool:
        """Whether there is a condition on a change, which counts from the last reported price."""
        return self.rises_by is not None or self.falls_by is not None

    def hold(self, base: Json, after: Json, before: Json = None) -> bool:
        """Whether they hold for a price that is `after`.

        Sizes count from `base`, which this rule last reported. A price that now went the other way, from
        `before` (None: from the base), neither rises nor falls, so that no change does both.
        """
        ways = {self._way(base, after), self._way(base if before is None else before, after)}
        return any(self._hold_for(key, base, after, ways) for key in self.keys(base, after))

    def _way(self, before: Json, after: Json) -> int:
        """Return which way the price went: that of the tokens named, or else as a whole."""
        return prices.direction(before, after, None if self.of == "either" else (self.of,))

    def _hold_for(self, key: str, base: Json, after: Json, ways: Collection[int]) -> bool:
        was, now = (prices.headline_price(side, key) for side in (base, after))
        if now is None:
            return False
        is_by_token = prices.unit_of(key, was, now) == prices.PER_MILLION
        return all(
            (
                self.rises_by is None or (ways == {1} and _is_step(_rise(was, now), self.rises_by)),
                self.falls_by is None or (ways == {-1} and _is_step(-_rise(was, now), self.falls_by)),
                self.below is None or (is_by_token and now < self.below.per_token),
                self.above is None or (is_by_token and now > self.above.per_token),
            )
        )

    def __str__(self) -> str:
        """Return it as people write it."""
        terms = {
            "rises by at least": self.rises_by,
            "falls by at least": self.falls_by,
            "is below": self.below,
            "is above": self.above,
        }
        conditions = " and ".join(f"{words} {term}" for words, term in terms.items() if term is not None)
        return f"{'prompt or completion' if self.of == 'either' else self.of} price {conditions}"


def _is_step(change: Decimal, least: Percent) -> bool:
    return change != 0 and change >= least.share


def _rise(before: Decimal | None, after: Decimal) -> Decimal:
    """Return the relative rise; from nothing to something it is infinite."""
    if before is None:
        return Decimal(0)
    if not before:
        return Decimal("Infinity") if after else Decimal(0)
    return (after - before) / before
