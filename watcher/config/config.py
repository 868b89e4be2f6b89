"""The configuration: `rules.yaml` and the environment as one checked value, or every problem at once."""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from watcher.config.mistakes import did_you_mean
from watcher.config.schema import ChannelSection, File, check
from watcher.config.variables import TEXTS, Problem, Texts, is_literal
from watcher.config.yaml_file import Key, YamlFile, read
from watcher.domain.delivery import Channel, Quiet, Secret
from watcher.domain.errors import ConfigError
from watcher.domain.kinds import KINDS
from watcher.news.plan import Settings
from watcher.news.settle import HOLDS, REMINDERS, Policy
from watcher.rules.conditions import CONDITIONS, words
from watcher.rules.route import Rule
from watcher.rules.values import Duration, Globs

MISSED_POLLS = 3  # as many polls without a good answer, and at least an hour: a source is stale
USEFUL_POLL = timedelta(minutes=2)  # answers are cached that long
OFF = "off"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be used. `store` is absolute; channels' addresses are secrets.

    `keep` is how long what ended is remembered; a source without a good answer for `stale_after` is not
    healthy; `listen` is where metrics are served.
    """

    path: Path
    poll: timedelta
    store: Path
    sources: Mapping[str, str] = field(repr=False)  # ${NAME} may have put a secret in
    channels: Mapping[str, Channel]
    settings: Settings
    keep: timedelta = timedelta(days=365)
    stale_after: timedelta = timedelta(hours=1)
    heartbeat: Secret | None = None
    listen: tuple[str, int] | None = None
    warnings: tuple[str, ...] = ()


def find(option: Path | None, environ: Mapping[str, str], folder: Path) -> Path:
    """Give the file: `--config`, `$WATCHER_CONFIG`, or `rules.yaml` in `folder`. Raises ConfigError."""
    named = environ.get("WATCHER_CONFIG")
    path = option or (Path(named) if named else folder / "rules.yaml")
    if not path.is_file():
        way_out = "" if option or named else "; name another with --config or $WATCHER_CONFIG"
        raise ConfigError([f"{path}: there is no such file{way_out}"])
    return path


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Read and check the file. Raises ConfigError with every problem in it."""
    file = read(path.absolute())
    if not isinstance(file.data, dict):
        raise ConfigError([file.problem((), "the file is `key: value` lines; see the shipped rules.yaml")])
    texts = Texts(file.path.parent, environ)
    data = file.data | {key: texts.resolve((key,), file.data[key]) for key in TEXTS if key in file.data}
    content, misshapen = check(data)
    problems = [*texts.problems, *(Problem(*found) for found in misshapen), *_contradictions(data)]
    if problems or content is None:
        lines = {(file.place(problem.keys), file.problem(problem.keys, problem.what)) for problem in problems}
        raise ConfigError([line for _, line in sorted(lines)])
    return _config(file, content, environ)


def _contradictions(data: dict[str, Any]) -> Iterator[Problem]:
    """Find what is wrong between parts of the file, in whatever of it can be understood."""
    channels = data.get("channels")
    known = [name for name in channels if "://" not in name] if isinstance(channels, dict) else []
    names: dict[object, int] = {}
    rules = data.get("rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        name = rule.get("name")
        if isinstance(name, str) and names.setdefault(name, number) != number:
            what = f"rule {names[name] + 1} has this name too; give each its own"
            yield Problem(("rules", number, "name"), what)
        for place, channel in _entries(("rules", number, "notify"), rule.get("notify")):
            if "://" in channel:  # likely a secret
                yield Problem(place, "takes names; an address stands under channels")
            elif known and channel not in known:
                yield Problem(place, f'there is no channel "{channel}"{did_you_mean(channel, known)}')
        when = rule.get("when")
        kinds = when.get("event") if isinstance(when, dict) else None
        for place, glob in _entries(("rules", number, "when", "event"), kinds):
            if not any(fnmatchcase(kind, glob.removeprefix("!")) for kind in KINDS):
                yield Problem(place, f'there is no event "{glob}"{did_you_mean(glob, list(KINDS))}')


def _entries(keys: tuple[Key, ...], value: object) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Give one text or each of a list, with its place."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list):
        yield from (((*keys, number), entry) for number, entry in enumerate(value) if isinstance(entry, str))


def _config(file: YamlFile, content: File, environ: Mapping[str, str]) -> Config:
    zone = ZoneInfo(content.timezone)
    channels = {name: _channel(name, section, zone) for name, section in content.channels.items()}
    holds = {name: hold.time for name in HOLDS if (hold := getattr(content.holds, name)) is not None}
    policy = Policy({**HOLDS, **holds}, tuple(sorted((r.time.days for r in content.reminders), reverse=True)))
    rules = tuple(_rule(section) for section in content.rules)
    sources = {"models": content.sources.models, "feed": content.sources.feed}
    folder = Path(environ.get("STATE_DIRECTORY", "").partition(":")[0] or file.path.parent)
    return Config(
        path=file.path,
        poll=content.poll.time,
        store=folder / content.store,
        sources={name: url for name, url in sources.items() if url not in (OFF, None)},
        channels=channels,
        settings=Settings(rules, policy),
        keep=content.keep.time,
        stale_after=content.stale_after.time if content.stale_after else _stale_after(content.poll.time),
        heartbeat=Secret(content.heartbeat) if content.heartbeat else None,
        listen=content.listen,
        warnings=tuple(_warnings(file, content)),
    )


def _stale_after(poll: timedelta) -> timedelta:
    return max(poll * MISSED_POLLS, timedelta(hours=1))


def _channel(name: str, section: ChannelSection, zone: ZoneInfo) -> Channel:
    hours = section.quiet
    quiet = Quiet(hours.start, hours.end, zone) if hours else None
    return Channel(name, Secret(section.url), section.limit.rate, quiet)


def _rule(section: Any) -> Rule:  # noqa: ANN401 - its conditions are made at run time
    given = {name: value for name in CONDITIONS if (value := getattr(section.when, name, None)) is not None}
    return Rule(section.name, tuple(section.notify), given, section.stop, section.urgent)


def _warnings(file: YamlFile, content: File) -> Iterator[str]:
    if content.poll.time < USEFUL_POLL:
        yield file.problem(
            ("poll",), "answers are cached for two minutes or more; a shorter pause finds nothing new"
        )
    used = {channel for rule in content.rules for channel in rule.notify}
    for name in content.channels:
        if name not in used:
            yield file.problem(("channels", name), "no rule uses this channel")
    for number, rule in enumerate(map(_rule, content.rules)):
        if not rule.when:
            yield file.problem(("rules", number), "this rule has no condition: it tells every event")
        if not _can_match(rule):
            yield file.problem(
                ("rules", number, "when"), "no event can meet all of this: the rule tells nothing"
            )
    literal = [name for name, written in file.data["channels"].items() if is_literal(written)]
    if literal and file.path.stat().st_mode & OTHERS:
        names = ", ".join(literal)
        yield f"{file.path} holds the address of {names} and others may read it: chmod 600, or use ${{NAME}}"


def _can_match(rule: Rule) -> bool:
    kinds = ["price.changed"] if rule.counts_from_told else KINDS
    wanted = rule.when.get("event")
    return not isinstance(wanted, Globs) or any(wanted.matches(kind) for kind in kinds)


def summed_up(config: Config) -> str:
    """Say a configuration in a line."""
    rules = len(config.settings.rules)
    asked, told = " and ".join(config.sources), ", ".join(config.channels)
    return f"asks {asked} every {Duration(config.poll)}, tells {told} by {rules} rule{'s' * (rules != 1)}"


def explain(config: Config) -> list[str]:
    """Say in words what a configuration does; of channels only their kind, never their address."""
    settings = config.settings
    lines = [
        f"Every {Duration(config.poll)} ask {' and '.join(config.sources)}; remember in {config.store}.",
        f"Channels: {', '.join(f'{name} ({_kind(channel)})' for name, channel in config.channels.items())}.",
    ]
    lines += [
        f"{name} is quiet from {quiet.start:%H:%M} to {quiet.end:%H:%M} ({quiet.zone}) but for urgent rules."
        for name, channel in config.channels.items()
        if (quiet := channel.quiet)
    ]
    if config.heartbeat:
        lines.append("After each good poll, ask the heartbeat address.")
    if config.listen:
        lines.append(f"Serve metrics and health at {config.listen[0]}:{config.listen[1]}.")
    holds = [f"{n} {Duration(hold)}" for n, hold in settings.policy.holds.items() if hold != HOLDS[n]]
    if holds:
        lines.append(f"A difference is news once it has lasted (other than usual): {', '.join(holds)}.")
    if settings.policy.reminders != REMINDERS:
        days = ", ".join(map(str, settings.policy.reminders)) or "none"
        lines.append(f"Reminders, in days before a model leaves: {days}.")
    for rule in settings.rules:
        how = f"{' at any hour' * rule.urgent}{' and stop' * rule.stop}"
        lines.append(f"{rule.name}: tell {' and '.join(rule.notify)}{how} when")
        lines += [f"  - {words(name, wanted)}" for name, wanted in rule.when.items()] or [
            "  - anything happens"
        ]
    return lines


def _kind(channel: Channel) -> str:
    return channel.url.reveal().partition("://")[0]
