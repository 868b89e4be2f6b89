"""The configuration: `rules.yaml` and the environment as one checked value, or every problem at once."""

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from watcher.conditions import CONDITIONS, words
from watcher.config_shape import File, check, did_you_mean
from watcher.domain import Channel, Secret
from watcher.errors import ConfigError
from watcher.events import KINDS
from watcher.plan import Settings
from watcher.rules import Rule
from watcher.settle import HOLDS, Policy
from watcher.terms import Duration
from watcher.yaml_file import Key, YamlFile, read

SHORTEST_POLL, LONGEST_POLL = timedelta(seconds=1), timedelta(days=1)
USEFUL_POLL = timedelta(minutes=2)  # answers are cached that long
LONGEST_HOLD = timedelta(days=30)
OFF = "off"
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\})")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
FROM_FILE = "file:"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be used. `store` is absolute; channels' addresses are secrets."""

    path: Path
    poll: timedelta
    store: Path
    sources: Mapping[str, str]
    channels: Mapping[str, Channel]
    settings: Settings
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place in the file."""

    keys: Sequence[Key]
    what: str


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
    if content is not None:
        problems += _out_of_range(content)
    if problems or content is None:
        ordered = sorted(
            {file.problem(p.keys, p.what): file.place(p.keys) for p in problems}.items(), key=_second
        )
        raise ConfigError([line for line, _ in ordered])
    return _config(file, content, environ)


def _second(pair: tuple[str, Any]) -> Any:  # noqa: ANN401 - whatever orders
    return pair[1]


TEXTS = ("store", "sources", "channels")
"""Where `${NAME}` and, for channels, `file:` stand for something else."""


class Texts:
    """Puts in what `${NAME}` and `file:` stand for, and keeps the problems met."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Resolve relative files in `folder`, or where systemd put the credentials."""
        self._folder = Path(environ.get("CREDENTIALS_DIRECTORY") or folder)
        self._environ = environ
        self.problems: list[Problem] = []

    def resolve(self, keys: tuple[Key, ...], value: Any) -> Any:  # noqa: ANN401 - plain data
        """Give the value with everything put in; a problem leaves a text that passes every other check."""
        if isinstance(value, dict):
            return {key: self.resolve((*keys, key), inner) for key, inner in value.items()}
        if not isinstance(value, str):
            return value
        try:
            text = VARIABLE.sub(self._variable, value)
            if keys[0] == "channels":
                text = self._channel(text)
        except ValueError as error:
            self.problems.append(Problem(keys, str(error)))
            return "console://"
        return text

    def _variable(self, found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return "$"
        value = self._environ.get(name, "")
        if not value:
            message = f"the environment variable {name} is {'empty' if name in self._environ else 'not set'}"
            raise ValueError(message)
        return value

    def _channel(self, text: str) -> str:
        if text.startswith(FROM_FILE):
            text = self._secret(self._folder / text.removeprefix(FROM_FILE).removeprefix("//"))
        if "\n" in text or not ADDRESS.fullmatch(text):
            message = (
                "is no address; it looks like console:// or slack://..., or is file:/path or ${VARIABLE}"
            )
            raise ValueError(message)
        return text

    def _secret(self, path: Path) -> str:
        try:
            return path.read_text("utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            message = f"the file {path} cannot be read: {reason}"
            raise ValueError(message) from None


def _contradictions(data: dict[str, Any]) -> Iterator[Problem]:
    """Find what is wrong between parts of the file, in whatever of it can be understood."""
    channels = data.get("channels")
    known = [str(name) for name in channels] if isinstance(channels, dict) else []
    names: dict[str, int] = {}
    rules = data.get("rules")
    for number, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        name = str(rule.get("name", number))
        if name in names:
            yield Problem(
                ("rules", number, "name"), f"rule {names[name] + 1} has this name too; give each its own"
            )
        names.setdefault(name, number)
        for place, channel in _entries(("rules", number, "notify"), rule.get("notify")):
            if channel not in known:
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


def _out_of_range(content: File) -> Iterator[Problem]:
    if not SHORTEST_POLL <= content.poll.time <= LONGEST_POLL:
        yield Problem(("poll",), "must be between 1s and 1d")
    for name in HOLDS:
        hold = getattr(content.holds, name)
        if hold is not None and hold.time > LONGEST_HOLD:
            yield Problem(("holds", name), "must be at most 30d")
    days = [reminder.time for reminder in content.reminders]
    for number, time in enumerate(days):
        if time % timedelta(days=1) or time > timedelta(days=365) or time in days[:number]:
            yield Problem(("reminders", number), "must be whole days, up to 365d, each once")


def _config(file: YamlFile, content: File, environ: Mapping[str, str]) -> Config:
    channels = {name: Channel(name, Secret(url)) for name, url in content.channels.items()}
    holds = {name: hold.time for name in HOLDS if (hold := getattr(content.holds, name)) is not None}
    policy = Policy({**HOLDS, **holds}, tuple(sorted((r.time.days for r in content.reminders), reverse=True)))
    rules = tuple(_rule(section) for section in content.rules)
    sources = {"models": content.sources.models, "feed": content.sources.feed}
    folder = Path(environ.get("STATE_DIRECTORY", "").partition(":")[0] or file.path.parent)
    return Config(
        path=file.path,
        poll=content.poll.time,
        store=folder / content.store,
        sources={name: url for name, url in sources.items() if url != OFF},
        channels=channels,
        settings=Settings(rules, policy),
        warnings=tuple(_warnings(file, content)),
    )


def _rule(section: Any) -> Rule:  # noqa: ANN401 - its conditions are made at run time
    given = {name: value for name in CONDITIONS if (value := getattr(section.when, name, None)) is not None}
    return Rule(section.name, tuple(section.notify), given, section.stop)


def _warnings(file: YamlFile, content: File) -> Iterator[str]:
    if content.poll.time < USEFUL_POLL:
        yield file.problem(
            ("poll",), "answers are cached for two minutes or more; a shorter pause finds nothing new"
        )
    used = {channel for rule in content.rules for channel in rule.notify}
    for name in content.channels.keys() - used:
        yield file.problem(("channels", name), "no rule uses this channel")
    for number, rule in enumerate(content.rules):
        if not _rule(rule).when:
            yield file.problem(("rules", number), "this rule has no condition: it tells every event")
    written = file.data["channels"]
    literal = [
        n
        for n, text in written.items()
        if not VARIABLE.search(text) and not text.startswith((FROM_FILE, "console:"))
    ]
    if literal and file.path.stat().st_mode & OTHERS:
        names = ", ".join(literal)
        yield f"{file.path} holds the address of {names} and others may read it: chmod 600, or use ${{NAME}}"


def explain(config: Config) -> list[str]:
    """Say in words what a configuration does; of channels only their kind, never their address."""
    settings = config.settings
    lines = [
        f"Every {Duration(config.poll)} ask {' and '.join(config.sources)}; remember in {config.store}.",
        f"Channels: {', '.join(f'{name} ({_kind(channel)})' for name, channel in config.channels.items())}.",
    ]
    holds = [f"{n} {Duration(hold)}" for n, hold in settings.policy.holds.items() if hold != HOLDS[n]]
    if holds:
        lines.append(f"A difference is news once it has lasted (other than usual): {', '.join(holds)}.")
    for rule in settings.rules:
        lines.append(f"{rule.name}: tell {' and '.join(rule.notify)}{' and stop' * rule.stop} when")
        lines += [f"  - {words(name, wanted)}" for name, wanted in rule.when.items()] or [
            "  - anything happens"
        ]
    return lines


def _kind(channel: Channel) -> str:
    return channel.url.reveal().partition("://")[0]
