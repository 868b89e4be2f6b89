"""Load rules.yaml and the environment as one checked value, or report every mistake at once."""

import stat
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from watcher.config.checks import contradictions, unreadable_authorities, unusable_store, warnings
from watcher.config.config import Config, Record
from watcher.config.rule_checks import rule_of
from watcher.config.schema import ChannelSection, File, RecordSection, TemplateSection, check
from watcher.config.templates import template_faults
from watcher.config.variables import TEXTS, Problem, Texts
from watcher.config.yaml_file import YamlFile, read
from watcher.domain import network
from watcher.domain.delivery import Channel, Quiet, Secret, Template
from watcher.domain.errors import ConfigError
from watcher.domain.policy import HOLDS, Policy
from watcher.domain.schedule import Pacing, Schedule
from watcher.news.settings import Settings
from watcher.rules.route import Rule

MISSED_POLLS = 3  # a source is stale after so many, and at least an hour, without a good answer
OFF = "off"


def find(option: Path | None, environ: Mapping[str, str], folder: Path) -> Path:
    """Return the file to load: `--config`, `$WATCHER_CONFIG`, or `rules.yaml` in `folder`.

    Raises ConfigError if it is no file.
    """
    named = environ.get("WATCHER_CONFIG")
    path = option or (Path(named) if named else folder / "rules.yaml")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        fix = "" if option or named else "; use --config or $WATCHER_CONFIG to name a file"
        raise ConfigError([f"{path} does not exist{fix}"]) from None
    except (OSError, ValueError) as error:  # ValueError: a null byte
        raise ConfigError([f"{path} cannot be read: {getattr(error, 'strerror', error)}"]) from None
    if stat.S_ISDIR(mode):
        raise ConfigError([f"{path} is a folder; name a file in it, such as {path / 'rules.yaml'}"])
    if not stat.S_ISREG(mode):
        raise ConfigError([f"{path} is not a regular file"])
    return path


def load(path: Path, environ: Mapping[str, str], needed: Collection[str] = TEXTS) -> Config:
    """Return the checked configuration. Raises ConfigError with every problem in the file.

    Variables and files that are missing count as a problem only under the keys `needed`.
    """
    file = read(path.absolute())
    if not isinstance(file.data, dict):
        raise ConfigError([file.problem((), "must be `key: value` lines; see the shipped rules.yaml")])
    texts = Texts(file.path.parent, environ, needed)
    data = file.data | {key: texts.resolve((key,), file.data[key]) for key in TEXTS if key in file.data}
    content, misshapen = check(data)
    problems = [*texts.problems, *(Problem(*found) for found in misshapen), *contradictions(data)]
    if wrong := [*network.faults(environ), *unreadable_authorities(environ)]:
        raise ConfigError(wrong)
    problems += template_faults(content) if content else []
    if problems or content is None:
        lines = {(file.place(problem.keys), file.problem(problem.keys, problem.what)) for problem in problems}
        raise ConfigError([line for _, line in sorted(lines)])
    config = _build(file, content, environ, texts)
    if what := unusable_store(config.store):
        raise ConfigError([file.problem(("store",), what)])
    missing = {tuple(problem.keys): file.problem(problem.keys, problem.what) for problem in texts.missing}
    return replace(config, missing=missing)


def _build(file: YamlFile, content: File, environ: Mapping[str, str], texts: Texts) -> Config:
    zone = ZoneInfo(content.timezone)
    templates = {rule.name: made for rule in content.rules if (made := _template(rule.template))}
    channels = {
        name: _channel(name, section, zone, templates, texts) for name, section in content.channels.items()
    }
    holds = {name: hold.time for name in HOLDS if (hold := getattr(content.holds, name)) is not None}
    policy = Policy({**HOLDS, **holds}, tuple(sorted((r.time.days for r in content.reminders), reverse=True)))
    rules = tuple(_in_zone(rule_of(section), zone) for section in content.rules)
    deliver = {
        name: _local(section.deliver, zone) for name, section in content.channels.items() if section.deliver
    }
    sources = {"models": content.sources.models, "feed": content.sources.feed}
    folder = Path(environ.get("STATE_DIRECTORY", "").partition(":")[0] or file.path.parent)
    return Config(
        path=file.path,
        poll=content.poll.time,
        store=folder / content.store,
        sources={name: url for name, url in sources.items() if url not in (OFF, None)},
        channels=channels,
        settings=Settings(rules, policy, zone, deliver),
        endpoints=content.sources.endpoints,
        keep=content.keep.time,
        stale_after=content.stale_after.time if content.stale_after else _stale_after(content.poll.time),
        heartbeat=_secret(content.heartbeat, texts, ("heartbeat",)) if content.heartbeat else None,
        listen=content.listen,
        record=_record(folder, content.record),
        warnings=tuple(warnings(file, content, rules)),
        located=file.problem,
    )


def _in_zone(rule: Rule, zone: ZoneInfo) -> Rule:
    return replace(rule, deliver=_local(rule.deliver, zone)) if rule.deliver else rule


def _local(pacing: Pacing, zone: ZoneInfo) -> Pacing:
    """Return when something is told, by the clock in a time zone."""
    return replace(pacing, zone=zone) if isinstance(pacing, Schedule) else pacing


def _stale_after(poll: timedelta) -> timedelta:
    return max(poll * MISSED_POLLS, timedelta(hours=1))


def _secret(text: str, texts: Texts, *places: tuple[str, ...]) -> Secret:
    """Return the value that the file has at one of these places as a secret."""
    return Secret(text, next((texts.fresh[keys] for keys in places if keys in texts.fresh), None))


def _channel(
    name: str, section: ChannelSection, zone: ZoneInfo, templates: Mapping[str, Template], texts: Texts
) -> Channel:
    hours, place = section.quiet, ("channels", name)
    return Channel(
        name,
        _secret(section.url, texts, place, (*place, "url")),
        section.limit.rate,
        quiet=Quiet(hours.start, hours.end, zone) if hours else None,
        zone=zone,
        template=_template(section.template),
        templates=templates,
        secret=_secret(section.secret, texts, (*place, "secret")) if section.secret else None,
    )


def _template(section: TemplateSection | None) -> Template | None:
    return Template(section.title, section.body) if section else None


def _record(folder: Path, section: RecordSection | None) -> Record | None:
    return Record(folder / section.folder, section.keep.time, section.limit) if section else None
