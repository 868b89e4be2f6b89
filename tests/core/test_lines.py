from typing import Any

import pytest

from tests.support.catalogs import OWL, START, document
from watcher.domain.catalog import Aspect, Change, FieldChange
from watcher.domain.kinds import KINDS, Kind
from watcher.domain.news import Event
from watcher.messages.lines import BY_MEANING, describe, title
from watcher.news.diff import diff
from watcher.news.events import Circumstances, kind_of, of_catalog, of_change, of_part
from watcher.text.clean import clean
from watcher.text.times import show_time

TIER = {"overrides": [{"min_prompt_tokens": 200000, "prompt": "1"}]}


def price(after: Any) -> Event:
    known, observed = document(OWL), document(after)
    [change] = [c for c in diff("acme/owl-2", known, observed) if c.aspect is Aspect.PRICE]
    return of_change("acme/owl-2", change, kind_of(change, ()), observed, Circumstances(START, START, 0))


def moved(before: tuple[str, str], after: tuple[str, str]) -> Event:
    old, new = ({"prompt": prompt, "completion": completion} for prompt, completion in (before, after))
    fields = tuple(FieldChange(key, old[key], new[key]) for key in old if old[key] != new[key])
    return Event("id", START, Kind.PRICE_CHANGED, "acme/owl-2", old, new, fields)


def event(kind: str, before: Any = None, after: Any = None, **more: Any) -> Event:
    return Event("id", START, KINDS[kind], "acme/owl-2", before, after, **more)


NOW = ("0.00000125", "0.00001")
SUMMARY = {"price": {"prompt": "0.000001", "completion": "0.000002"}, "context": 131072}
FREE = {"price": {"prompt": "0", "completion": "0"}}
LIMITS = (
    FieldChange("is_moderated", before=True, after=False),
    FieldChange("max_completion_tokens", 8192, 4096),
)
GAINS = (
    FieldChange("parameters", ["seed"], ["seed", "tools"]),
    FieldChange("input", ["image", "text"], ["text"]),
)


@pytest.mark.parametrize(
    ("told", "line", "short"),
    [
        (
            moved(NOW, ("0.0000015", "0.00001")),
            "acme/owl-2: prompt $1.25 → $1.50 (+20 %) per M tokens",
            "acme/owl-2 dearer: prompt +20 %",
        ),
        (
            moved(NOW, ("0.000001", "0.000005")),
            "acme/owl-2: prompt $1.25 → $1.00 (-20 %), completion $10.00 → $5.00 (-50 %) per M tokens",
            "acme/owl-2 cheaper: prompt -20 %, completion -50 %",
        ),
        (
            moved(NOW, ("0.000001", "0.000012")),
            "acme/owl-2: prompt $1.25 → $1.00 (-20 %), completion $10.00 → $12.00 (+20 %) per M tokens",
            "acme/owl-2 dearer: prompt -20 %, completion +20 %",
        ),
        (
            moved(NOW, ("0", "0")),
            "acme/owl-2: prompt $1.25 → free (-100 %), completion $10.00 → free (-100 %) per M tokens",
            "acme/owl-2 is now free",
        ),
        (
            moved(("0", "0"), NOW),
            "acme/owl-2: prompt free → $1.25, completion free → $10.00 per M tokens",
            "acme/owl-2 is no longer free",
        ),
        (
            price(OWL | {"pricing": OWL["pricing"] | {"web_search": "0.01", "input_cache_read": "0.000001"}}),
            (
                "acme/owl-2: cache read not listed → $1.00 per M tokens, "
                "web search not listed → $0.01 per search"
            ),
            "acme/owl-2: other prices changed",
        ),
        (
            moved(NOW, ("-1", "-1")),
            "acme/owl-2: prompt $1.25 → variable, completion $10.00 → variable per M tokens",
            "acme/owl-2 changed its prices",
        ),
        (
            price(OWL | {"pricing": OWL["pricing"] | TIER}),
            "acme/owl-2: conditional prices changed",
            "acme/owl-2: other prices changed",
        ),
        (
            event("model.added", None, SUMMARY),
            "acme/owl-2 is new: $1.00 in, $2.00 out per M tokens, 131,072 tokens context",
            "acme/owl-2 is new",
        ),
        (
            event("model.added", None, {"name": "Owl"}),
            "acme/owl-2 is new: details unknown",
            "acme/owl-2 is new",
        ),
        (
            event("model.removed", FREE, cause="without notice"),
            "acme/owl-2 was removed without notice (was free)",
            "acme/owl-2 is gone",
        ),
        (event("model.returned", None, FREE), "acme/owl-2 is back: free", "acme/owl-2 is back"),
        (
            event("expiration.announced", None, "2026-11-27"),
            "acme/owl-2 leaves on Fri 27 Nov 2026, in 25 days",
            "acme/owl-2 leaves in 25 days (27 Nov)",
        ),
        (
            event("expiration.moved", "2026-11-20", "2026-11-27"),
            "acme/owl-2 leaves on Fri 27 Nov 2026, in 25 days (was Fri 20 Nov 2026)",
            "acme/owl-2 now leaves in 25 days (27 Nov)",
        ),
        (
            event("expiration.restored", None, "2026-11-03"),
            "acme/owl-2 leaves on Tue 3 Nov 2026, tomorrow; the date had been withdrawn",
            "acme/owl-2 leaves tomorrow (3 Nov) after all",
        ),
        (
            event("expiration.reminder", None, "2026-11-02"),
            "acme/owl-2 leaves on Mon 2 Nov 2026, today",
            "acme/owl-2 leaves today (2 Nov)",
        ),
        (
            event("expiration.withdrawn", "2026-11-20"),
            "acme/owl-2 no longer leaves: its date, Fri 20 Nov 2026, was withdrawn",
            "acme/owl-2: expiration withdrawn",
        ),
        (
            event("expiration.reminder", None, "2026-08-17"),
            "acme/owl-2 was to leave on Mon 17 Aug 2026; still listed",
            "acme/owl-2 was to leave on 17 Aug; still listed",
        ),
        (
            event("limits.changed", fields=LIMITS),
            "acme/owl-2 changed its limits: no longer moderated, maximum output 8,192 → 4,096 tokens",
            "acme/owl-2 changed its limits",
        ),
        (
            event("capability.changed", fields=(FieldChange("voices", [], ["alto", "bass", "tenor"]),)),
            "acme/owl-2 gained voices alto, bass and tenor",
            "acme/owl-2 changed its capabilities",
        ),
        (
            event("alias.retargeted", "acme/owl-1", "acme/owl-2"),
            "acme/owl-2 now points to acme/owl-2 (was acme/owl-1)",
            "acme/owl-2 points to acme/owl-2",
        ),
        (
            event("context.changed", 128000, None),
            "acme/owl-2: context 128,000 → unknown tokens",
            "acme/owl-2: context 128,000 → unknown",
        ),
        (
            event("capability.changed", fields=GAINS),
            "acme/owl-2 gained parameter tools; lost image input",
            "acme/owl-2 changed its capabilities",
        ),
        (
            event("model.changed", fields=(FieldChange("name", "Owl", "Owl\n2"),)),
            "acme/owl-2: name 'Owl' → 'Owl 2'",
            "acme/owl-2 changed",
        ),
        (
            of_catalog(START, "38 models at once", {}),
            "38 models at once",
            "38 models at once",
        ),
        (
            of_part(("source", "models"), "failing", START, 1, "timed out"),
            "No good answer from the model list for a while: timed out. Changes of prices, dates and models go unseen until it answers",
            "No good answer from the model list",
        ),
        (
            of_part(("source", "models"), "recovered", START, 1, None),
            "The model list answers again",
            "The model list answers again",
        ),
        (
            of_part(("channel", "ops"), "failing", START, 1, "HTTP 404 no_service"),
            "Channel ops is failing: HTTP 404 no_service; see `watcher outbox`",
            "Channel ops is failing",
        ),
        (
            of_part(("channel", "ops"), "recovered", START, 1, None),
            "Channel ops works again",
            "Channel ops works again",
        ),
        (
            of_part(("configuration", "rules.yaml"), "failing", START, 1, "rules.yaml:3:1 rules: is missing"),
            "rules.yaml is invalid, so watcher keeps the previous configuration: rules.yaml:3:1 rules: is missing",
            "rules.yaml is invalid",
        ),
        (
            of_part(("store", "store"), "failing", START, 0, "full"),
            "watcher cannot use its store and reports nothing until it can: full",
            "watcher cannot use its store",
        ),
    ],
)
def test_every_event_has_one_line_and_a_short_title(told: Event, line: str, short: str) -> None:
    assert describe(told) == line
    assert title(told) == short


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_without_any_detail_still_has_a_line(kind: str) -> None:
    assert describe(event(kind))
    assert title(event(kind))


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("two\nlines\r\x00", "two lines  "),
        ("\x1b[31mred", " [31mred"),
        ("safe\u202egnp.exe", "safe gnp.exe"),
        ("lone \ud800", "lone  "),
        ("x" * 300, "x" * 199 + "…"),
        ("<!channel> <b>&", "<!channel> <b>&"),
    ],
)
@pytest.mark.fault("Z4", "Z5")
def test_remote_text_becomes_one_harmless_line(hostile: str, harmless: str) -> None:
    assert clean(hostile) == harmless


def test_times_are_written_for_readers() -> None:
    assert show_time(START) == "2 Nov 2026 08:00 UTC"


def test_an_aspect_that_is_not_a_mapping_has_no_fields() -> None:
    change = Change(Aspect.CONTEXT, 1, 2)
    circumstances = Circumstances(START, START, 0)
    assert of_change("a/b", change, Kind.CONTEXT_CHANGED, document(), circumstances).fields == ()


def test_a_kind_without_words_of_its_own_is_described_by_its_meaning() -> None:
    event = Event("1", START, Kind.CONTEXT_CHANGED, "acme/owl-2")
    assert BY_MEANING.title(event) == "acme/owl-2: the context length changes"
