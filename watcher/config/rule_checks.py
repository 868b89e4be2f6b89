"""Rules that can never report anything, and what in them is to blame."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from watcher.config.mistakes import did_you_mean
from watcher.config.schema import rule_section
from watcher.config.stops import Stops
from watcher.config.variables import Problem
from watcher.config.yaml_file import Key
from watcher.domain.kinds import KINDS, About, Kind, Severity
from watcher.news import known_causes
from watcher.rules import reach
from watcher.rules.conditions import CONDITIONS, Parameter
from watcher.rules.route import Rule
from watcher.rules.severity import WORDS
from watcher.rules.values import Globs
from watcher.text.globs import ANY, is_glob, overlap
from watcher.text.suggest import closest

FEW = 6  # as many choices are listed in a message
IN_IDS = re.compile(r"[\w~/:.\-*?\[\]!]*", re.ASCII)
REGULAR_EXPRESSION = re.compile(r"[\^$()|\\+{}]|(^|/)\.[*?]")
MODEL_ID = "*/*"
VERSIONED = re.compile(r"[^/*?\[]*[-.]\d[^/]*$")  # such as gpt-5*: no author is called so
NOUNS = {"input": "input modality", "output": "output modality"}


def rule_of(section: Any) -> Rule:  # noqa: ANN401 - its conditions are made at run time
    """Make a rule from its section of the file."""
    given = {name: value for name in CONDITIONS if (value := getattr(section.when, name, None)) is not None}
    word = section.severity or (Severity.CRITICAL.word if section.urgent else None)
    severity = WORDS[word] if word else None
    return Rule(section.name, tuple(section.notify), given, section.stop, severity, section.deliver)


def entries(keys: tuple[Key, ...], value: object) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Give one text or each of a list, with its place."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list):
        yield from (((*keys, number), entry) for number, entry in enumerate(value) if isinstance(entry, str))


def never_met(sections: Sequence[object]) -> Iterator[Problem]:
    """Find the rules that can never report anything, in whatever of the file can be understood."""
    stops = Stops()
    for number, section in enumerate(sections):
        place = ("rules", number, "when")
        found: list[Problem] = []
        if isinstance(section, dict) and isinstance(section.get("when"), dict):
            found += _patterns(place, section["when"])
        if understood := rule_section(section):
            rule = rule_of(understood)
            blamed = {str(problem.keys[len(place)]) for problem in found}
            found += _conditions(place, rule.when, blamed)
            found += [] if found else _behind(number, rule, stops)
            if rule.stop:
                stops.add(rule, kinds_of(rule.when))
        yield from found


def _patterns(place: tuple[Key, ...], when: Mapping[str, Any]) -> Iterator[Problem]:
    """Find patterns that match nothing there is or could be."""
    kinds = _kinds_named(when.get("event"))
    for key, row in CONDITIONS.items():
        for at, written in entries((*place, key), when.get(key)) if row.type is Globs else ():
            pattern = written.removeprefix("!")
            if row.known:
                what = _unknown(key, written, row.known)
            elif key == "cause":
                what = _no_cause(pattern, kinds)
            elif check := NAMES.get(key):
                what = _no_name(key, pattern) or check(pattern, kinds)
            else:
                what = None
            if what:
                yield Problem(at, what)


def _kinds_named(events: object) -> frozenset[Kind]:
    """Return the kinds that `event` names, all of them if it cannot be understood."""
    try:
        return reach.kinds_of({"event": Globs.parse(events)}) or frozenset(Kind)
    except ValueError:
        return frozenset(Kind)


def _unknown(key: str, written: str, known: Sequence[str]) -> str | None:
    pattern = written.removeprefix("!")
    if any(fnmatchcase(one, pattern) for one in known):
        return None
    return f'there is no {NOUNS.get(key, key)} "{written}"{did_you_mean(pattern, known)}'


def _no_cause(pattern: str, kinds: frozenset[Kind]) -> str | None:
    """Say that no event has a cause; the reasons of failures are free words, so they can be anything."""
    told = [kind for kind in Kind if kind in kinds and kind.row.about is not About.PART]
    if not told or (is_glob(pattern) and len(told) < len(kinds)):
        return None
    if any(known_causes.can_have(kind, pattern) for kind in told):
        return None
    causes = known_causes.said(told)
    if not causes:
        return f"{reach.said(told)} has no cause; remove `cause`, or change `event`"
    others = [kind for kind in known_causes.CAUSES if known_causes.can_have(kind, pattern)]
    if others and not is_glob(pattern):
        return f'"{pattern}" is a cause of {reach.said(others)}; change `event` or `cause`'
    close = closest(pattern, causes)
    if close:
        return f'there is no cause "{pattern}"; did you mean "{close}"?'
    fix = f"choose from {', '.join(causes)}" if len(causes) <= FEW else "docs/configuration.md lists them all"
    return f'there is no cause "{pattern}"; {fix}'


def _no_name(key: str, pattern: str) -> str | None:
    """Say that a pattern is no pattern of ids."""
    sample = "openai/*" if key == "model" else "open*"
    if REGULAR_EXPRESSION.search(pattern):
        return f'"{pattern}" looks like a regular expression; patterns have * for any text, such as {sample}'
    if not IN_IDS.fullmatch(pattern):
        slug = re.sub(r"[^\w*?./:~\[\]]+", "-", pattern.lower(), flags=re.ASCII).strip("-")
        return f'"{pattern}" has characters that no {key} has; write it like "{slug}"'
    return None


def _no_model(pattern: str, kinds: frozenset[Kind]) -> str | None:
    about_models = all(kind.row.about is About.MODEL for kind in kinds) or len(kinds) == len(Kind)
    if about_models and not overlap(pattern, MODEL_ID):
        return f'"{pattern}" is not an id: ids are author/name; did you mean "{ANY}/{pattern}"?'
    if about_models and VERSIONED.match(pattern):
        authors = f'for authors that begin so, write "{pattern}/{ANY}"'
        return f'"{pattern}" has no author: ids are author/name; did you mean "{ANY}/{pattern}"? {authors}'
    return None


def _no_author(pattern: str, _kinds: frozenset[Kind]) -> str | None:
    author = pattern.removeprefix("~").partition("/")[0]
    return f'"{pattern}" is not an author; did you mean "{author}"?' if author != pattern else None


def _no_provider(pattern: str, _kinds: frozenset[Kind]) -> str | None:
    provider = pattern.partition("/")[0]
    return f'"{pattern}" is not a provider; did you mean "{provider}"?' if provider != pattern else None


NAMES: Mapping[str, Callable[[str, frozenset[Kind]], str | None]] = {
    "model": _no_model,
    "author": _no_author,
    "provider": _no_provider,
}


def _conditions(
    place: tuple[Key, ...], when: Mapping[str, Parameter], blamed: Collection[str]
) -> Iterator[Problem]:
    """Find conditions that nothing can meet, by themselves, for the rule's events or, at last, together.

    Those in `blamed` have a mistake already.
    """
    event = when.get("event") if "event" not in blamed else None
    named = kinds_of({"event": event}) if event else frozenset(Kind)
    found = [
        Problem((*place, key), what)
        for key, wanted in when.items()
        if key not in blamed and (what := reach.impossible(wanted) or _unmet(key, wanted, named, event))
    ]
    yield from found
    if found or blamed:
        return
    if what := reach.contradiction(when):
        yield Problem(place, what)
    elif not kinds_of(when):
        needs = {
            key: kinds for key, wanted in when.items() if len(kinds := kinds_of({key: wanted})) < len(Kind)
        }
        said = "; ".join(f"only {reach.said(kinds)} can meet `{key}`" for key, kinds in needs.items())
        yield Problem(place, f"no event can meet all conditions: {said}")


def _unmet(key: str, wanted: Parameter, named: frozenset[Kind], event: Parameter | None) -> str | None:
    """Say that no event of the rule can meet a condition, and which could."""
    able = kinds_of({key: wanted})
    if named & able:
        return None
    if key == "event":
        return "excludes everything that it names; remove a pattern"
    return f"only {reach.said(able)} can meet this, and the event is {event}; change one of them"


def kinds_of(when: Mapping[str, Parameter]) -> frozenset[Kind]:
    """Return the kinds of events that can meet all conditions, their causes among them."""
    kinds, cause = reach.kinds_of(when), when.get("cause")
    return frozenset(k for k in kinds if known_causes.met_by(k, cause)) if isinstance(cause, Globs) else kinds


def _behind(number: int, rule: Rule, stops: Stops) -> Iterator[Problem]:
    """Find a rule above that takes every event."""
    kinds = kinds_of(rule.when)
    for above, taken in stops.above(rule):
        if kinds <= taken and reach.hides(above, rule):
            first = f'rule "{above.name}" above reports all of it first and has stop: true'
            yield Problem(("rules", number), f"never reports anything: {first}; move this rule above it")
            return


def idle_events(when: Mapping[str, Parameter]) -> Iterator[tuple[int, str]]:
    """Find events that a rule names in full, and yet can never report: the pattern's number, and why."""
    event, met = when.get("event"), kinds_of(when)
    for number, pattern in enumerate(event.patterns if isinstance(event, Globs) else ()):
        kind = KINDS.get(pattern)
        if kind and kind not in met and kind in kinds_of({"event": Globs((pattern,))}):
            keys = [key for key, wanted in when.items() if kind not in kinds_of({key: wanted})]
            if keys:
                yield number, f"{kind} can never meet {' and '.join(f'`{key}`' for key in keys)}; remove it"
