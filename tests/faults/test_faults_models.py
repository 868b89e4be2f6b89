"""Single models with odd ids, long texts and odd dates, and a catalog in which everything changes."""

import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, Story, priced
from tests.support.receivers import receiving
from tests.support.watched_site import watched_site
from watcher.cli.demo import row
from watcher.domain.policy import HOLDS, Policy
from watcher.news.settings import Settings
from watcher.openrouter.ids import page
from watcher.sources.ask import failures

MANY = [row(f"acme/model-{number:03}", "0.000001", "0.000002") for number in range(400)]
AT_ONCE = "holds: {" + ", ".join(f"{name}: 0s" for name in HOLDS) + "}"
LONGEST_BODY = 32_768  # what most services take


@pytest.mark.parametrize(
    "odd",
    [
        'it\'s/"quoted"',
        "a/b'] or 1=1; drop table models; --",
        "root['a']['b']/x",
        "acme/owl:free:extra",
        "acme/../../etc/passwd",
        "acme/%s%n{0}{{7*7}}${HOME}",
        "acme/\N{OWL}\N{HEAVY BLACK HEART}",
        "acme/" + "x" * 251,
        "нет/日本",
    ],
)
@pytest.mark.fault("P16")
def test_an_odd_id_is_just_data_everywhere(tmp_path: Path, odd: str) -> None:
    with receiving() as hook, watched_site(tmp_path, hook.url()) as at:
        at.shows(FINCH, *MANY[:30])
        at.shows(FINCH, *MANY[:30], OWL | {"id": odd, "expiration_date": "2026-11-20"})
        assert at.news() == [("model.added", odd), ("expiration.announced", odd)]
        assert at.service.store.history(odd)
        [message] = at.messages()
        body = message.notification.body
        assert body.count(f"• {odd} ") == body.count(f"\n  {page(odd)}\n") == 2
        at.service.deliver()
        assert len(hook.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        "acme/a\nb",
        "acme/\u202egpj.exe",
        "acme/a\x00b",
        "acme/\x1b[2J",
        "x" * 10_240,
        "",
        "acme/a\u2028b",
        "acme/a\u00a0b",
    ],
)
@pytest.mark.fault("P16")
def test_an_id_that_could_not_be_shown_is_refused(tmp_path: Path, bad: str) -> None:
    with watched_site(tmp_path) as at:
        at.shows(FINCH, *MANY[:30])
        poll = at.shows(FINCH, *MANY[:30], OWL | {"id": bad})
        assert "models" not in failures(poll)
        assert set(at.state().items) == {FINCH["id"], *(base["id"] for base in MANY[:30])}
        assert at.news() == []


@pytest.mark.fault("P17")
def test_ids_that_only_look_alike_are_two_models(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "acme/öwl") for form in ("NFC", "NFD"))
    ids = {composed, decomposed, "acme/owl", "acme/OWL", "acme/\N{CYRILLIC SMALL LETTER O}wl"}
    with watched_site(tmp_path) as at:
        at.shows(FINCH)
        at.shows(FINCH, *(OWL | {"id": model} for model in sorted(ids)))
        assert {subject for kind, subject in at.news() if kind == "model.added"} == ids
        assert ids < set(at.state().items)


@pytest.mark.fault("P18")
def test_endless_texts_and_lists_are_kept_but_cut_where_shown(tmp_path: Path) -> None:
    parameters = [f"parameter_{number}" for number in range(10_000)]
    long = OWL | {"description": "d" * 1_000_000, "name": "n" * 100_000, "supported_parameters": parameters}
    with receiving() as hook, watched_site(tmp_path, hook.url(), AT_ONCE) as at:
        at.shows(OWL, FINCH)
        at.shows(long, FINCH)
        assert sorted(at.news()) == [("capability.changed", "acme/owl-2"), ("model.changed", "acme/owl-2")]
        observed = at.state().items["acme/owl-2"].observed
        assert observed
        assert observed.capabilities
        assert len(observed.capabilities["parameters"] or ()) == 10_000
        [message] = at.messages()
        assert len(message.notification.body) < LONGEST_BODY
        at.service.deliver()
        assert len(hook.requests) == 1


@pytest.mark.fault("P18")
def test_five_thousand_models_are_a_poll_like_any_other(tmp_path: Path) -> None:
    many = [row(f"acme/model-{number:04}", "0.000001", "0.000002") for number in range(5000)]
    with watched_site(tmp_path) as at:
        assert not failures(at.shows(*many))
        assert not failures(at.shows(*many[:-1], many[-1] | {"expiration_date": "2026-11-20"}))
        assert at.news() == [("expiration.announced", "acme/model-4999")]


@pytest.mark.parametrize(
    ("dates", "kinds"),
    [
        pytest.param(["2026-10-01"], ["announced"], id="past"),
        pytest.param(["2026-11-02"], ["announced", "overdue"], id="today"),
        pytest.param(["2026-11-20", "2026-11-20T23:30:00-08:00"], ["announced"], id="timezone"),
        pytest.param(["2026-12-20", "2026-12-10"], ["announced", "moved"], id="earlier"),
        pytest.param(["2026-12-10", "2026-12-20"], ["announced", "moved"], id="later"),
        pytest.param(["2026-12-20", None], ["announced", "withdrawn"], id="removed"),
        pytest.param(["2026-12-20", ""], ["announced", "withdrawn"], id="empty"),
        pytest.param(["2098-12-31"], [], id="never"),
        pytest.param(["9999-12-31"], [], id="last"),
        pytest.param(["2026-12-20", "9999-12-31"], ["announced", "withdrawn"], id="taken-back"),
        pytest.param(["2026-12-20", "2026-02-30", "2026-12-20"], ["announced"], id="bad"),
        pytest.param(["20.12.2026"], [], id="German"),
    ],
)
@pytest.mark.fault("P19")
def test_a_date_gives_one_event_according_to_its_meaning(dates: list[str | None], kinds: list[str]) -> None:
    story = Story(Settings(policy=Policy(HOLDS, reminders=())))
    story.shows(OWL, FINCH, *MANY[:30], after=timedelta(0))
    told = [
        event
        for date in dates
        for wait in (HOUR, 7 * DAY)
        for event in story.shows(OWL | {"expiration_date": date}, FINCH, *MANY[:30], after=wait)
    ]
    about_dates = [event for event in told if event.kind not in {"model.unreadable", "model.readable"}]
    assert [event.kind.removeprefix("expiration.") for event in about_dates] == kinds


@pytest.mark.fault("P21", "W19")
def test_a_catalog_in_which_everything_changes_is_one_message(tmp_path: Path) -> None:
    other = [
        priced(base, "0.000002", "0.000004")
        | {
            "context_length": 1,
            "supported_parameters": ["tools"],
            "name": "Other",
            "expiration_date": "2026-12-20",
        }
        for base in MANY
    ]
    with receiving() as hook, watched_site(tmp_path, hook.url(), AT_ONCE) as at:
        at.shows(*MANY)
        at.shows(*other)
        assert len(at.news()) >= 5 * 400
        at.service.deliver()
        assert len(hook.requests) == len(at.messages()) == 1
        assert at.messages()[0].notification.body.count("400 models") >= 5
