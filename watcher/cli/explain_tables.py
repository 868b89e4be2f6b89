"""What is known of a model or an event, for people at a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from watcher.cli import terminal
from watcher.cli.local_time import local, zone
from watcher.cli.terminal import Styled
from watcher.domain.news import Event
from watcher.domain.polls import Health
from watcher.domain.providers import Offer
from watcher.messages.lines import describe
from watcher.news.outlook import Waiting
from watcher.openrouter.prices import MAIN, amount, percent, show_main
from watcher.reports.explain import RuleCheck
from watcher.reports.fates import Fate, Telling
from watcher.reports.providers import Providers
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import show_age, show_wait

MOST_OFFERS = 12  # so that an explanation stays on one screen
OFFER = ("PROVIDER", "PROMPT", "COMPLETION", "DISCOUNT", "CONTEXT", "OUTPUT", "QUANT", "STATUS")
FATES = {Fate.TOLD: "green", Fate.DEAD: "red", Fate.UNTOLD: ""}


def providers(model: str, known: Providers, now: datetime) -> None:
    """Print what each provider asks for a model, and what that makes its price."""
    terminal.line(clean(model), "bold")
    if known.offers:
        terminal.table(
            OFFER, (_offer(offer, known) for offer in known.offers[:MOST_OFFERS]), figures=OFFER[1:6]
        )
        more = len(known.offers) - MOST_OFFERS
        if more > 0:
            terminal.line(f"and {counted(more, 'dearer offer')}; --json has all", "dim")
        terminal.line("USD per million tokens; a discount is already in the price", "dim")
        terminal.line("")
    terminal.pairs((heading, text, "") for heading, text in _summary(known, now))
    terminal.line("")


def _offer(offer: Offer, known: Providers) -> tuple[str | Styled, ...]:
    """Return an offer's cells; the cheapest is green."""
    is_floor = known.floor is not None and known.floor.seen.tag == offer.tag
    price = {**offer.clock, **offer.price}
    style = "green" if is_floor else ""
    return (
        Styled(clean(offer.provider), style),
        *(Styled(amount(price, key), style) for key in MAIN),
        percent(Decimal(offer.discount)).removeprefix("+") if offer.discount != "0" else "",
        _tokens(offer.context),
        _tokens(offer.max_output),
        clean(offer.quantization or ""),
        Styled("ok", "green") if not offer.status else Styled("degraded", "yellow"),
    )


def _tokens(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _summary(known: Providers, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what the price is, what the list shows, and when the providers are asked, with headings."""
    if known.floor:
        seen, reported = known.floor.seen, known.floor.reported
        since = f"since {local(known.since)}" if known.since else "no move seen yet"
        yield "Cheapest", f"{show_main(seen.price)}, from {clean(seen.provider)}, {since}"
        if seen.price != reported.price:
            yield "Reported", f"{show_main(reported.price)}, from {clean(reported.provider)}"
    if known.row:
        of = f", the price of {clean(' and '.join(known.shown_by))}" if known.shown_by else ""
        yield "List", show_main(known.row) + of
    if known.asked_at:
        following = f"; next {show_wait(known.next_at, now)}" if known.next_at else ""
        yield "Asked", f"{show_age(known.asked_at, now)}{following}"
    if known.note:
        yield "Providers", known.note


def unreadable(model: str, row: Health, now: datetime) -> None:
    """Print why a model's row cannot be read."""
    since = (
        f", since {local(row.failing_since)} ({show_age(row.failing_since, now)})"
        if row.failing_since
        else ""
    )
    terminal.line(f"{clean(model)} cannot be read{since}: {clean(row.reason or '', terminal.WIDE)}", "red")


def verdicts(found: Sequence[RuleCheck]) -> None:
    """Print whether each rule matches and, if not, why."""
    terminal.pairs(map(_verdict, found))


def _verdict(check: RuleCheck) -> tuple[str, str, str]:
    if check.matches:
        return "  +", f"{check.rule}: reports to {' and '.join(check.channels)}", "green"
    return "  -", f"{check.rule}: does not match: {'; '.join(check.unmet)}", ""


def explained(event: Event, found: Sequence[RuleCheck], told: Sequence[Telling]) -> None:
    """Print an event, whether each rule matches it, and what became of it on each channel."""
    terminal.line(f"Event of {local(event.at)}: {describe(event)}", "bold")
    verdicts(found)
    if not told:
        terminal.line("Nobody was told: no rule reports it.", "yellow")
        return
    terminal.line("What became of it:")
    terminal.pairs(
        (f"  {one.channel or '-'}", one.words(zone()), FATES.get(one.fate, "yellow")) for one in told
    )


def waiting(found: Waiting, rules: Sequence[RuleCheck], now: datetime) -> None:
    """Print a change on hold: since when, until when and why, and which rules will report it."""
    terminal.line(f"On hold: {describe(found.event)}", "yellow")
    since = f"{local(found.since)} ({show_age(found.since, now)})"
    until = f"reported at {local(found.due_at)} if it lasts: {found.reason}"
    terminal.pairs([("  since", f"{since}; {until}", "")])
    telling = [check for check in rules if check.matches]
    if telling:
        verdicts(telling)
    else:
        terminal.line("  no rule matches it; --json says why")
