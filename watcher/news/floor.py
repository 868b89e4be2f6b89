"""The price of a model: what its cheapest provider asks, and when a move of it is news.

A move of prompt or completion by 5 % or more from what was last reported is news when every look for some
hours has shown it; if the floor moved more than once within a week, by however little, it must last a day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watcher.domain.catalog import Prices, Step
from watcher.domain.providers import Belief, Floor, Offer
from watcher.news.holds import Due, Reason
from watcher.openrouter import prices
from watcher.openrouter.prices import apart, moved

STEP = prices.SMALL  # smaller moves are no news by themselves, but a drift adds up
WEEK = timedelta(days=7)
KEPT = 64  # steps of a price that waits: more than a day of looks each half hour


def floor_of(offers: Iterable[Offer]) -> Floor | None:
    """Find the cheapest offer by 3 x prompt + completion; None if nobody asks a fixed price.

    An offer whose price is variable (-1) or follows the clock does not count.
    """
    found = [*offers]
    priced = [
        (asked, offer.tag, offer) for offer in found if (asked := prices.blend(offer.price)) is not None
    ]
    if not priced:
        return None
    _, _, least = min(priced, key=lambda entry: entry[:2])
    prompt, completion = (str(least.price[key]) for key in prices.MAIN)
    owners = len({offer.owner for offer in found})
    return Floor(prompt, completion, least.tag, least.provider, least.discount, owners)


def floors_of(offers: Iterable[Offer]) -> dict[str, Floor]:
    """Return the least that each provider asks, by owner."""
    grouped: dict[str, list[Offer]] = {}
    for offer in offers:
        grouped.setdefault(offer.owner, []).append(offer)
    return {owner: floor for owner, own in grouped.items() if (floor := floor_of(own))}


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a floor that is news; `since` is the first look that showed it (UTC)."""

    before: Floor
    after: Floor
    since: datetime


def look(
    belief: Belief, floor: Floor | None, at: datetime, holds: Mapping[str, timedelta]
) -> tuple[Belief, Move | None]:
    """Take in one look at `at` (UTC); returns the move if it is news now."""
    if floor is None:
        return belief, None
    seen = replace(
        belief,
        seen=floor,
        steps=wait(belief.reported.price, belief.steps, floor.price, at),
        moves=(*belief.moves, at)[-2:] if moved(belief.seen.price, floor.price) else belief.moves,
    )
    due = due_at(seen, at, holds)
    if due is None or at < due.at:
        return seen, None
    move = Move(belief.reported, floor, steady_since(seen.steps))
    return replace(seen, reported=floor, steps=()), move


def due_at(belief: Belief, at: datetime, holds: Mapping[str, timedelta]) -> Due | None:
    """Return when what waits is news if it stays, and why then; None if nothing waits."""
    if not belief.steps:
        return None
    is_restless = len(belief.moves) > 1 and at - belief.moves[0] <= WEEK
    hold = holds["price_restless" if is_restless else "price"]
    return Due(steady_since(belief.steps) + hold, Reason.RESTLESS if is_restless else Reason.STEADY)


def wait(reported: Prices, steps: tuple[Step, ...], price: Prices, at: datetime) -> tuple[Step, ...]:
    """Start, continue or drop the wait of a price that is 5 % or more from what was reported."""
    if apart(reported, price) < STEP:
        return ()
    if steps and not moved(steps[-1].price, price):
        return steps
    return (*steps, Step(price, at))[-KEPT:]


def steady_since(steps: tuple[Step, ...]) -> datetime:
    """Return since when all looks have shown the present price, within 5 %."""
    now, *earlier = reversed(steps)
    since = now.since
    for step in earlier:
        if apart(step.price, now.price) >= STEP:
            break
        since = step.since
    return since
