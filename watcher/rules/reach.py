"""What a rule can reach: kinds of events, models, and nothing at all where it can never be met."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Self

from watcher.domain.catalog import Document, Item
from watcher.domain.kinds import About, Kind
from watcher.domain.news import Event
from watcher.domain.providers import Market
from watcher.openrouter import ids
from watcher.rules.conditions import CONDITIONS, Parameter, lower, wanted_of
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Bounds, Duration, Globs
from watcher.text.globs import ANY, any_match, covers, is_glob, overlap
from watcher.text.suggest import closest

MODEL_KEYS = ("model", "author", "variant", "price", "free", "context", "input", "output", "parameter")
"""The conditions that a model by itself meets or not, whatever happens to it."""
FEW = 2  # as many exceptions are named
ANY_CASE = ("model", "author", "provider")
ALL_KINDS = frozenset(Kind)


def kinds_of(when: Mapping[str, Parameter]) -> frozenset[Kind]:
    """Return the kinds of events that can meet all conditions."""
    return ALL_KINDS.intersection(*(_kinds_of_one(key, wanted) for key, wanted in when.items()))


@lru_cache(maxsize=4096)
def _kinds_of_one(key: str, wanted: Parameter) -> frozenset[Kind]:
    """Return the kinds that can meet one condition; cached, because checks ask for it again and again."""
    met_by = CONDITIONS[key].met_by
    return frozenset(kind for kind in Kind if met_by(kind, wanted))


def said(kinds: Collection[Kind]) -> str:
    """Write kinds as a rule would: `price.changed or provider.*`."""
    others = [kind for kind in Kind if kind.row.about is About.MODEL and kind not in kinds]
    if len(others) <= FEW:
        return f"events about models{' except ' if others else ''}{' and '.join(others)}"
    named: list[str] = []
    for kind in Kind:
        family = f"{kind.partition('.')[0]}.*"
        whole = [one for one in Kind if fnmatchcase(one, family)]
        name = family if len(whole) > 1 and {*whole} <= {*kinds} else kind
        if kind in kinds and name not in named:
            named.append(name)
    return " or ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)


def impossible(wanted: Parameter) -> str | None:
    """Say why nothing can meet the value of one condition; None if something can."""
    match wanted:
        case PriceTerms():
            return _impossible_price(wanted)
        case Bounds(at_least=low, at_most=high) if low and high and low.count > high.count:
            return f"`at_least` ({low}) is more than `at_most` ({high}); no model can be in between"
        case Globs() if _excludes_all(lower(wanted)):
            return "excludes everything that it names; remove a pattern"
        case _:
            return None


def _impossible_price(terms: PriceTerms) -> str | None:
    if terms.rises_by and terms.falls_by:
        return "a price cannot rise and fall at once; write two rules"
    if terms.falls_by and terms.falls_by.share > 1:
        return f"a price cannot fall by {terms.falls_by}; 100 % makes it free"
    if terms.below and not terms.below.per_token:
        return "no price is below zero; for free models write `free: true` instead of `price`"
    if terms.below and terms.above and terms.above.per_token >= terms.below.per_token:
        return f"no price is both below {terms.below} and above {terms.above}; swap them, or write two rules"
    return None


def _excludes_all(globs: Globs) -> bool:
    unwanted = [pattern.removeprefix("!") for pattern in globs.patterns if pattern.startswith("!")]
    wanted = wanted_of(globs) or [ANY]
    return all(any(covers(no, pattern) for no in unwanted) for pattern in wanted)


def contradiction(when: Mapping[str, Parameter]) -> str | None:
    """Say which two conditions no model can meet together; None if there are none."""
    model, author, variant, price = (when.get(key) for key in ("model", "author", "variant", "price"))
    if isinstance(model, Globs) and isinstance(author, Globs):
        forms = [form for name in wanted_of(author) for form in (f"{name}/*", f"~{name}/*")]
        if not _meet(model, forms):
            return f"no model is {model} and has the author {author}"
    if isinstance(model, Globs) and isinstance(variant, Globs):
        forms = [f"*:{name}" for name in wanted_of(variant)]
        if not any_match(["none"], wanted_of(variant)) and not _meet(model, forms):
            return f"no model is {model} and has the variant {variant}"
    if when.get("free") is True and isinstance(price, PriceTerms) and (price.above or price.rises_by):
        return "a free model has no price that rises or is above zero; remove `free` or `price`"
    return None


def _meet(globs: Globs, forms: Collection[str]) -> bool:
    """Whether a pattern and a form have a text in common; none on one side is all of them."""
    wanted = wanted_of(lower(globs))
    return (
        not wanted or not forms or any(overlap(pattern, form.lower()) for pattern in wanted for form in forms)
    )


def hides(earlier: Rule, later: Rule) -> bool:
    """Whether a rule with `stop` surely takes every event of the kinds it has in common with a later one."""
    includes = all(
        _includes(wanted, later.when.get(key), any_case=key in ANY_CASE)
        for key, wanted in earlier.when.items()
        if key != "event"
    )
    return includes and (earlier.asks_for_echoes() or not later.asks_for_echoes())


def _includes(wide: Parameter, narrow: Parameter | None, *, any_case: bool) -> bool:
    """Whether what meets the second condition surely meets the first."""
    match wide, narrow:
        case Globs(), Globs() | None:
            return _includes_globs(lower(wide) if any_case else wide, narrow, any_case=any_case)
        case PriceTerms(), PriceTerms():
            return wide == narrow and not wide.has_size  # sizes count from what each rule last reported
        case Bounds(), Bounds():
            return _is_within(narrow, wide)
        case Duration(), Duration():
            return narrow.time <= wide.time
        case _:
            return wide == narrow


def _includes_globs(wide: Globs, narrow: Globs | None, *, any_case: bool) -> bool:
    inner = (lower(narrow) if any_case else narrow) if narrow else Globs((ANY,))
    wanted = wanted_of(wide) or [ANY]
    if not all(any(covers(outer, pattern) for outer in wanted) for pattern in wanted_of(inner) or [ANY]):
        return False
    return {pattern for pattern in wide.patterns if pattern.startswith("!")} <= {*inner.patterns}


def _is_within(narrow: Bounds, wide: Bounds) -> bool:
    low, high = narrow.at_least, narrow.at_most
    return (wide.at_least is None or (low is not None and low.count >= wide.at_least.count)) and (
        wide.at_most is None or (high is not None and high.count <= wide.at_most.count)
    )


def models_of(rule: Rule, documents: Mapping[str, Document]) -> list[str] | None:
    """Return the models that meet the rule's conditions on models; None if it is not about models."""
    if not any(kind.row.about is About.MODEL for kind in kinds_of(rule.when)):
        return None
    asked = {key: lasting for key in MODEL_KEYS if (lasting := _lasting(rule.when.get(key))) is not None}
    by_model = replace(rule, when=asked)
    return [model for model, document in documents.items() if by_model.matches(_today(model, document), {})]


def _lasting(wanted: Parameter | None) -> Parameter | None:
    """Return a condition without what only a change can meet; None if nothing is left."""
    if not isinstance(wanted, PriceTerms):
        return wanted
    level = replace(wanted, rises_by=None, falls_by=None)
    return level if level.below or level.above else None


def _today(model: str, document: Document) -> Event:
    return Event("", datetime.fromtimestamp(0, UTC), Kind.MODEL_CHANGED, model, model=document)


@dataclass(frozen=True, slots=True)
class Known:
    """What has been seen: the models listed now, and the names of all models, parameters and providers."""

    listed: Mapping[str, Document] = field(default_factory=dict)
    models: Collection[str] = ()
    parameters: Collection[str] = ()
    providers: Collection[str] = ()

    @classmethod
    def of_state(cls, items: Mapping[str, Item], markets: Mapping[str, Market]) -> Self:
        """Gather the names from what is remembered between two polls."""
        seen = [item.observed or item.announced for item in items.values()]
        return cls(
            listed={model: item.listed for model, item in items.items() if item.listed},
            models=items.keys(),
            parameters={
                str(name)
                for document in seen
                for name in ((document and document.capabilities) or {}).get("parameters") or ()
            },
            providers={offer.owner for market in markets.values() for offer in market.offers.values()},
        )

    @property
    def authors(self) -> Collection[str]:
        """The authors of the models."""
        return {ids.author(model) for model in self.models}

    def of(self, key: str) -> Collection[str]:
        """Return what is known for a condition."""
        match key:
            case "model":
                return self.models
            case "author":
                return self.authors
            case "parameter":
                return self.parameters
            case "provider":
                return self.providers
            case _:
                return ()


def strangers(when: Mapping[str, Parameter], known: Known) -> Iterator[tuple[str, int, str]]:
    """Find the patterns that match nothing known: the condition, the pattern's number, and what is wrong."""
    if not any(kind.row.about is About.MODEL for kind in kinds_of(when)):
        return
    for key, wanted in when.items():
        names = {_fold(key, name): name for name in known.of(key)}
        if not names or not isinstance(wanted, Globs):
            continue
        for number, written in enumerate(wanted.patterns):
            pattern = _fold(key, written)
            if pattern.startswith("!") or any_match(names, [pattern]):
                continue
            meant = _meant(key, pattern, names)
            hint = f'; did you mean "{meant}"?' if meant else ""
            none = f"no {key} of the {len(names)} known matches"
            if len(names) == 1:
                none = f"the only {key} known does not match"
            yield key, number, f'{none} "{written}"{hint}'


def _fold(key: str, text: str) -> str:
    return text.lower() if key in ANY_CASE else text


def _meant(key: str, pattern: str, names: Mapping[str, str]) -> str | None:
    """Guess what was meant: an author left out or misspelled, or the closest name."""
    if key != "model":
        found = closest(pattern, names)
        return names[found] if found else None
    if "/" not in pattern:
        authors = {
            model.partition("/")[0] for model in names if fnmatchcase(model.partition("/")[2], pattern)
        }
        if authors:
            return f"{authors.pop() if len(authors) == 1 else ANY}/{pattern}"
    author, slash, rest = pattern.partition("/")
    if slash and not is_glob(author):
        near = closest(author, {model.partition("/")[0] for model in names})
        if near and near != author and any_match(names, [f"{near}/{rest}"]):
            return f"{near}/{rest}"
    found = closest(pattern.rstrip(ANY), names)
    return names[found] if found else None
