"""The configuration: `rules.yaml` and the environment as one checked value, or every problem at once."""

import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from watcher.settle import HOLDS, REMINDERS, Policy
from watcher.terms import Duration, Globs
from watcher.yaml_file import Key, YamlFile, read

USEFUL_POLL = timedelta(minutes=2)  # answers are cached that long
OFF = "off"
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|(?P<broken>\{))")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S*")
FROM_FILE = "file:"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be used. `store` is absolute; channels' addresses are secrets."""

    path: Path
    poll: timedelta
    store: Path
    sources: Mapping[str, str] = field(repr=False)  # ${NAME} may have put a secret in
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
    if problems or content is None:
        lines = {(file.place(problem.keys), file.problem(problem.keys, problem.what)) for problem in problems}
        raise ConfigError([line for _, line in sorted(lines)])
    return _config(file, content, environ)


TEXTS = ("store", "sources", "channels")
"""Where `${NAME}` and, for channels, `file:` stand for something else."""


class Texts:
    """Puts in what `${NAME}` and `file:` stand for, and keeps the problems met."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Look for relative files where systemd puts credentials, then in `folder`."""
        credentials = environ.get("CREDENTIALS_DIRECTORY")
        self._folders = [Path(credentials), folder] if credentials else [folder]
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
            return self._channel(text, value) if keys[0] == "channels" and keys[1:] else text
        except ValueError as error:
            self.problems.append(Problem(keys, str(error)))
            return "https://"

    def _variable(self, found: re.Match[str]) -> str:
        if found["broken"]:
            message = "${ starts the name of a variable, such as ${NAME}; for the characters write $${"
            raise ValueError(message)
        name = found["name"]
        if name is None:
            return "$"
        value = self._environ.get(name, "")
        if not value or not value.isprintable():
            trouble = "has a line break or the like in it" if value else "is empty"
            message = f"the environment variable {name} {trouble if name in self._environ else 'is not set'}"
            raise ValueError(message)
        return value

    def _channel(self, text: str, written: str) -> str:
        if text.startswith(FROM_FILE):
            shown = (
                f"the file {text.removeprefix(FROM_FILE)}" if text == written else "the file that it names"
            )
            try:
                text = self._secret(text.removeprefix(FROM_FILE).removeprefix("//"))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is not a file of UTF-8 text"
                message = f"{shown} cannot be read: {reason}"
                raise ValueError(message) from None
        if not ADDRESS.fullmatch(text):
            message = (
                "is no address; it looks like console:// or slack://..., or is file:/path or ${VARIABLE}"
            )
            raise ValueError(message)
        return text

    def _secret(self, name: str) -> str:
        """Read the file. Raises OSError, or ValueError where it is no text or may have no end."""
        paths = [folder / name for folder in self._folders]
        path = next((path for path in paths if path.exists()), paths[-1])
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError
        return path.read_text("utf-8").removesuffix("\n")


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
        sources={name: url for name, url in sources.items() if url not in (OFF, None)},
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
    written = file.data["channels"]
    literal = [
        n
        for n, text in written.items()
        if not any(found["name"] for found in VARIABLE.finditer(text))
        and not text.startswith((FROM_FILE, "console:"))
    ]
    if literal and file.path.stat().st_mode & OTHERS:
        names = ", ".join(literal)
        yield f"{file.path} holds the address of {names} and others may read it: chmod 600, or use ${{NAME}}"


def _can_match(rule: Rule) -> bool:
    kinds = ["price.changed"] if rule.counts_from_told else KINDS
    wanted = rule.when.get("event")
    return not isinstance(wanted, Globs) or any(wanted.matches(kind) for kind in kinds)


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
    if settings.policy.reminders != REMINDERS:
        days = ", ".join(map(str, settings.policy.reminders)) or "none"
        lines.append(f"Reminders, in days before a model leaves: {days}.")
    for rule in settings.rules:
        lines.append(f"{rule.name}: tell {' and '.join(rule.notify)}{' and stop' * rule.stop} when")
        lines += [f"  - {words(name, wanted)}" for name, wanted in rule.when.items()] or [
            "  - anything happens"
        ]
    return lines


def _kind(channel: Channel) -> str:
    return channel.url.reveal().partition("://")[0]
