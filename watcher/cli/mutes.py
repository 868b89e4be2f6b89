"""The commands that hold news back for a while: mute, unmute, and acknowledge a date."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from watcher.cli import options, terminal
from watcher.cli.events import unknown
from watcher.cli.local_time import local
from watcher.domain.errors import NotFoundError
from watcher.domain.kinds import About
from watcher.domain.mutes import Mute
from watcher.news.mutes import date_of
from watcher.openrouter import dates
from watcher.rules.conditions import matches_id
from watcher.rules.reach import Known, strangers
from watcher.rules.values import Duration, Globs
from watcher.service.clock import utc_now
from watcher.store.store import Store
from watcher.text.clean import LONGEST, clean
from watcher.text.counts import counted
from watcher.text.times import show_day

WHY = click.option("--why", default="", metavar="TEXT", help="The reason, which `watcher status` shows.")


def _length(_context: click.Context, _option: click.Parameter, value: str | None) -> timedelta | None:
    """Return the length of time that an option was given."""
    try:
        length = Duration.parse(value).time if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if length == timedelta(0):
        message = "takes a length of time above zero"
        raise click.BadParameter(message)
    return length


def _future(context: click.Context, option: click.Parameter, value: datetime | None) -> datetime | None:
    """Return the time (UTC) that an option was given, which must be ahead."""
    until = options.utc(context, option, value)
    if until and until <= utc_now():
        message = f"{local(until)} is over"
        raise click.BadParameter(message)
    return until


def _name(_context: click.Context, _argument: click.Parameter, value: str) -> str:
    """Return a pattern or id that is short enough for a line."""
    if len(value) > LONGEST:
        message = f"is longer than {LONGEST} characters"
        raise click.BadParameter(message)
    return value


until = click.option(
    "--until",
    type=options.TIME,
    callback=_future,
    metavar=options.TIME_FORM,
    help="When it ends (UTC; a day begins at 00:00).",
)


@click.command()
@click.argument("pattern", callback=lambda *given: options.globs(given[0], given[1], _name(*given)))
@click.option("--for", "length", metavar="TIME", callback=_length, help="How long, such as 12h or 7d.")
@until
@WHY
@click.pass_obj
def mute(
    path: Path | None, pattern: Globs, length: timedelta | None, until: datetime | None, why: str
) -> None:
    """Report nothing about the models that match PATTERN for a while.

    PATTERN is what rules take for `model`: an id, or 'openai/*'. Events are recorded as always; when the mute
    ends, `mute.ended` says how many were held back. What is wrong with watcher or with the whole catalog
    cannot be muted. To change a mute, mute the same pattern again.

    \b
    Examples:
      watcher mute 'openai/*' --for 7d --why "we are moving to Anthropic"
      watcher mute acme/owl-2 --until 2026-12-24
      watcher unmute 'openai/*'
    """
    now = utc_now()
    if (length is None) == (until is None):
        message = "say how long: either --for 7d or --until 2026-12-24"
        raise click.UsageError(message)
    end = until or now + (length or timedelta(0))
    [text] = pattern.patterns
    with Store.read(options.load(path, options.READING).store) as store:
        state = store.state()
        made = store.mutes.add(Mute(0, text, now, end, clean(why)))
    known = Known.of_state(state.items, state.markets)
    for *_, stranger in strangers({"model": pattern}, known):
        terminal.note(f"warning: {stranger}")
    models = sum(matches_id(pattern, model) for model in known.listed)
    terminal.note(
        f"muted {clean(text)} ({counted(models, 'model')} today) until {local(end)}, as number {made.id}",
        "green",
    )


@click.command()
@click.argument("name", metavar="PATTERN|ID")
@click.pass_obj
def unmute(path: Path | None, name: str) -> None:
    """End a mute or an acknowledgement now.

    Names it by its pattern, model or number, as `watcher status` shows them.

    \b
    Examples:
      watcher unmute 'openai/*'
      watcher unmute 3
    """
    with Store.read(options.load(path, options.READING).store) as store:
        ended = store.mutes.end(name, utc_now())
        others = [one.pattern for one in store.mutes.going_on()]
    if not ended:
        there_are = f"there are: {', '.join(map(clean, others))}" if others else "there are none"
        message = f"no mute or acknowledgement of {clean(name)!r}; {there_are}"
        raise NotFoundError(message)
    for one in ended:
        terminal.note(f"ended the {clean(one.name)}; it held back {counted(one.held, 'event')}", "green")


@click.command()
@click.argument("name", metavar="MODEL|EVENT", callback=_name)
@until
@WHY
@click.pass_obj
def ack(path: Path | None, name: str, until: datetime | None, why: str) -> None:
    """Acknowledge that MODEL leaves: no more reminders of its date.

    EVENT stands for its model. If the date moves or is withdrawn, or the model is removed, you hear of it as
    always, and the acknowledgement ends.

    \b
    Examples:
      watcher ack openai/gpt-4o --why "the move is planned for May"
      watcher ack 3f2a9c41d07b --until 2026-12-24
      watcher unmute openai/gpt-4o
    """
    now = utc_now()
    with Store.read(options.load(path, options.READING).store) as store:
        model, date = _dated(store, name)
        made = store.mutes.add(Mute(0, model, now, until, clean(why), fact=date))
    day = dates.day_of(date)
    leaves = show_day(day) if day else clean(date)
    end = f" until {local(until)}" if until else ""
    terminal.note(
        f"acknowledged that {clean(model)} leaves on {leaves}: no more reminders{end}, as number {made.id}",
        "green",
    )


def _dated(store: Store, name: str) -> tuple[str, str]:
    """Return a model and its expiration date, by its id or that of an event. Raises NotFoundError."""
    items, events = store.state().items, store.event(name)
    if events and events[0].kind.row.about is not About.MODEL:
        message = f"event {name} is about no model; only a model's expiration date can be acknowledged"
        raise NotFoundError(message)
    model = events[0].subject if events else name
    if model not in items:
        raise unknown(model, items)
    date = date_of(items[model])
    if date is None:
        message = (
            f"{clean(model)} has no expiration date to acknowledge; to hold back its news, use `watcher mute`"
        )
        raise NotFoundError(message)
    return model, date
