"""Contradictions between parts of the configuration, and warnings about what is hardly meant."""

import ssl
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from watcher.config.mistakes import did_you_mean
from watcher.config.rule_checks import entries, idle_events, never_met
from watcher.config.schema import File
from watcher.config.variables import Problem, is_literal
from watcher.config.yaml_file import YamlFile
from watcher.domain import network
from watcher.domain.kinds import Severity
from watcher.rules.route import Rule
from watcher.rules.severity import WORDS

USEFUL_POLL = timedelta(minutes=2)  # answers are cached that long
LONGEST_SUFFIX = ".before-v99.part"  # of the files beside a store
LONGEST_PATH = 200  # characters of a path in a message
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def unreadable_authorities(environ: Mapping[str, str]) -> Iterator[str]:
    """Find a certificate variable that names no usable file or folder."""
    name = next((name for name in network.AUTHORITIES if environ.get(name)), None)
    if not name:
        return
    path = Path(environ[name])
    try:
        if path.is_dir():
            ssl.create_default_context(capath=path)
        else:
            ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        reason = "it has no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        yield f"the environment variable {name} names {path}, which cannot be used: {reason}"


def contradictions(data: dict[str, Any]) -> Iterator[Problem]:
    """Find contradictions between parts of the file, in whatever of it is well-formed."""
    channels = data.get("channels")
    defined = [name for name in channels if "://" not in name] if isinstance(channels, dict) else []
    names: dict[object, int] = {}
    rules = data["rules"] if isinstance(data.get("rules"), list) else []
    yield from never_met(rules)
    for number, rule in enumerate(rules):
        if not isinstance(rule, dict):
            continue
        name = rule.get("name")
        if isinstance(name, str) and names.setdefault(name, number) != number:
            what = f"rule {names[name] + 1} has the same name; give each rule its own name"
            yield Problem(("rules", number, "name"), what)
        yield from _of_severity(number, rule)
        for place, channel in entries(("rules", number, "notify"), rule.get("notify")):
            if "://" in channel:  # likely a secret
                yield Problem(place, "takes channel names; put addresses under `channels`")
            elif defined and channel not in defined:
                yield Problem(place, f'there is no channel "{channel}"{did_you_mean(channel, defined)}')


def _of_severity(number: int, rule: dict[str, Any]) -> Iterator[Problem]:
    """Find a rule that says in two ways how urgent it is, and each differently."""
    urgent, severity = rule.get("urgent"), rule.get("severity")
    if isinstance(urgent, bool) and severity in WORDS and urgent is not (severity == Severity.CRITICAL.word):
        said = str(urgent).lower()
        what = f"contradicts `severity: {severity}`; remove `urgent: {said}`, an older way to say it"
        yield Problem(("rules", number, "urgent"), what)


def warnings(file: YamlFile, content: File, rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a warning for what is valid, but hardly what was meant."""
    if content.poll.time < USEFUL_POLL:
        yield file.problem(
            ("poll",), "OpenRouter caches answers for at least two minutes; polling faster finds nothing new"
        )
    used = {channel for rule in content.rules for channel in rule.notify}
    for name in content.channels:
        if name not in used:
            yield file.problem(("channels", name), "no rule uses this channel")
    for number, rule in enumerate(rules):
        if not rule.when:
            yield file.problem(("rules", number), "this rule has no condition, so it reports every event")
        for pattern, what in idle_events(rule.when):
            keys = ("rules", number, "when", "event")
            yield file.problem((*keys, pattern), what)
    exposed = [name for name, entry in file.data["channels"].items() if is_literal(entry)]
    if exposed and file.path.stat().st_mode & OTHERS:
        names = ", ".join(exposed)
        what = f"contains the address of {names} and other users can read it"
        yield f"{file.path} {what}; chmod 600 it, or use ${{NAME}}"


def unusable_store(path: Path) -> str | None:
    """Say why a path can never be that of a store; None if it may be one, or become one."""
    try:
        Path(f"{path}{LONGEST_SUFFIX}").exists()
        mode = path.stat().st_mode
    except (FileNotFoundError, PermissionError):
        return None
    except (OSError, ValueError) as error:  # ValueError: a null byte
        return f"{str(path)[:LONGEST_PATH]} cannot be a file: {getattr(error, 'strerror', error)}"
    if stat.S_ISDIR(mode):
        return f"{path} is a folder; name a file in it, such as {path / 'watcher.db'}"
    return None if stat.S_ISREG(mode) else f"{path} is not a regular file; name another one"
