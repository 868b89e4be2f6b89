import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support import sample_history
from tests.support.catalogs import HOUR, listing
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Answer, Poll
from watcher.domain.providers import OffersSnapshot
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.sources import endpoints
from watcher.store.store import Store

RULES = 'channels: {console: "console://"}\nrules: [{name: Everything, notify: console}]\n'
OWL, CRANE = "acme/owl-2", "wetland/crane"
LOOKS = [
    sample_history.offers(0)[OWL],
    [
        sample_history.offer(
            "Marsh Cloud",
            "0.000001",
            "0.000008",
            pricing={
                "prompt": "0.000001",
                "completion": "0.000008",
                "discount": 0.41,
            },
        ),
        sample_history.offer("Acme", "0.000002", "0.000014", status=-2),
    ],
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store whose last look, an hour ago, showed a cheaper floor than the one three hours ago."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.yaml").write_text(RULES)
    settings, now = load.load(tmp_path / "rules.yaml", {}), utc_now()
    with Store.open(settings.store) as store:
        looks: list[tuple[int, Answer]] = [
            (4, listing(sample_history.rows(0))),
            (3, OffersSnapshot({OWL: endpoints.read(LOOKS[0])})),
            (1, OffersSnapshot({OWL: endpoints.read(LOOKS[1])})),
        ]
        for hours, answer in looks:
            name = "endpoints" if isinstance(answer, OffersSnapshot) else "models"
            before, poll = store.state(), Poll(now - hours * HOUR, {name: answer})
            store.commit(before, plan(before, poll, settings.settings))
    return tmp_path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None})


@pytest.mark.usefixtures("folder")
def test_one_screen_shows_what_each_provider_asks_and_what_waits() -> None:
    lines = [line.rstrip() for line in called("explain", OWL).stdout.splitlines()]
    assert [line.split() for line in lines[:4]] == [
        [OWL],
        ["PROVIDER", "PROMPT", "COMPLETION", "DISCOUNT", "CONTEXT", "OUTPUT", "QUANT", "STATUS"],
        ["Marsh", "Cloud", "$1.00", "$8.00", "41", "%", "131,072", "16,384", "fp8", "ok"],
        ["Acme", "$2.00", "$14.00", "131,072", "16,384", "fp8", "degraded"],
    ]
    assert any(
        line.startswith("Cheapest $1.00 in, $8.00 out per M tokens, from Marsh Cloud, since")
        for line in lines
    )
    assert "Reported $1.25 in, $10.00 out per M tokens, from Marsh Cloud" in lines
    assert "List     $2.00 in, $14.00 out per M tokens, the price of Acme" in lines
    assert (
        "Asked    1 hour ago; next in 59 minutes" in lines or "Asked    1 hour ago; next in 1 hour" in lines
    )
    assert any(line.startswith(f"On hold: {OWL}: prompt $1.25 → $1.00 (-20 %)") for line in lines)
    assert any("if it lasts: the price was steady until now" in line for line in lines)
    assert "  + Everything: reports to console" in lines
    assert len(lines) < 30


@pytest.mark.usefixtures("folder")
def test_a_crowd_of_offers_is_cut_to_the_cheapest(folder: Path) -> None:
    many = [sample_history.offer(f"Provider {number:02}", "0.000001", "0.00001") for number in range(30)]
    settings = load.load(folder / "rules.yaml", {})
    with Store.open(settings.store) as store:
        before = store.state()
        look = OffersSnapshot({CRANE: endpoints.read(many)})
        store.commit(before, plan(before, Poll(utc_now(), {"endpoints": look}), settings.settings))
    shown = called("explain", CRANE).stdout
    assert shown.count("Provider ") == 12 + 1
    assert "and 18 dearer offers; --json has all" in shown
    first = json.loads(called("explain", CRANE, "--json").stdout.splitlines()[0])
    assert len(first["offers"]) == 30


@pytest.mark.usefixtures("folder")
def test_machines_get_the_providers_and_then_what_waits() -> None:
    found = [json.loads(line) for line in called("explain", OWL, "--json").stdout.splitlines()]
    assert [(line["type"], line.get("kind")) for line in found[:2]] == [
        ("providers", None),
        ("waiting", "price.changed"),
    ]
    assert found[0]["floor"]["provider"] == "Marsh Cloud"
    assert found[0]["next_at"] is not None


def test_without_provider_prices_it_says_why(folder: Path) -> None:
    assert "Providers no provider prices known yet" in called("explain", CRANE).stdout
    (folder / "rules.yaml").write_text(f"sources: {{endpoints: off}}\n{RULES}")
    assert "Providers the endpoints source is off, so prices are judged from the list alone" in (
        called("explain", CRANE).stdout
    )


class TestStatus:
    def test_it_shows_of_how_many_models_the_providers_are_known(self, folder: Path) -> None:
        shown = " ".join(called("status").stdout.split())
        assert "endpoints 1 hour ago - ok; providers of 1 of 5 models known" in shown
        found = json.loads(called("status", "--json").stdout)["endpoints"]
        assert (found["mode"], found["known"], found["models"]) == ("auto", 1, 5)
        (folder / "rules.yaml").write_text(f"sources: {{endpoints: off}}\n{RULES}")
        assert "endpoints - - off" in " ".join(called("status").stdout.split())

    def test_it_is_unhealthy_only_once_its_failing_was_reported(self, folder: Path) -> None:
        file = folder / "rules.yaml"
        file.write_text(f"stale_after: 1d\nsources: {{feed: off}}\n{RULES}")
        settings = load.load(file, {})
        for minutes, code in ((-70, 0), (-5, 3)):
            with Store.open(settings.store) as store:
                before = store.state()
                failing = OffersSnapshot({}, reason="HTTP 403")
                poll = Poll(utc_now() + timedelta(minutes=minutes), {"endpoints": failing})
                store.commit(before, plan(before, poll, settings.settings))
            result = called("status")
            assert result.exit_code == code, result.stdout
            assert "failing since" in result.stdout
        assert "no good answer from the endpoints source since" in result.stdout
        assert ": HTTP 403" in result.stdout
