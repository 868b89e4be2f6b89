import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.receivers import receiving, receiving_mail
from tests.support.scripted_server import Server, reply, serving
from tests.support.watcher_process import configure, eventually, running
from watcher.cli.main import main
from watcher.config.load import load
from watcher.reports.replay import Recording, replay
from watcher.sources.recording import TIME

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
HISTORIES = ("six-hourly", "hourly")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.timeout(900),  # a replay takes a while
    pytest.mark.skipif(
        not SHARED.is_dir() and "WATCHER_REQUIRE_ALL" not in os.environ,
        reason="the recorded answers in ../shared are not here",
    ),
]


def archive(history: str) -> Path:
    [found] = (SHARED / "catalog-history").glob(f"{history}*.tar.xz")
    return found


@pytest.fixture(
    scope="module",
    params=[pytest.param(history, marks=pytest.mark.xdist_group(history)) for history in HISTORIES],
)
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Replay a history with the shipped rules and have it scored by a program that knows what came later."""
    folder = tmp_path_factory.mktemp(request.param)
    result = CliRunner().invoke(
        main, ["--config", str(ROOT / "rules.yaml"), "replay", str(archive(request.param)), "--json"]
    )
    assert result.exit_code == 0
    (folder / "events.jsonl").write_text(result.stdout)
    answers = folder / "answers"
    answers.mkdir()
    for answer in Recording.open(archive(request.param)).answers:
        (answers / f"{answer.at:{TIME}}.json").write_bytes(answer.page())
    judge = [
        sys.executable,
        str(SHARED / "tools" / "score.py"),
        str(answers),
        str(folder / "events.jsonl"),
        "--json",
    ]
    found: dict[str, Any] = json.loads(subprocess.run(judge, check=True, capture_output=True).stdout)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return found | {"most told": max(len(line["events"]) for line in lines if line["type"] == "notification")}


def test_no_new_model_is_missed_invented_or_reported_twice(judged: dict[str, Any]) -> None:
    assert {key: judged["added"][key] for key in ("missed", "false", "double")} == {
        "missed": 0,
        "false": 0,
        "double": 0,
    }


def test_no_removal_is_missed_or_invented(judged: dict[str, Any]) -> None:
    assert (judged["removed"]["missed"], judged["removed"]["false"]) == (0, 0)


def test_no_expiration_date_is_missed_reported_twice_or_a_sentinel(judged: dict[str, Any]) -> None:
    assert [judged["expiration"][key] for key in ("missed", "double", "sentinel")] == [0, 0, 0]


def test_price_changes_are_few_true_and_in_time(judged: dict[str, Any]) -> None:
    price = judged["price"]
    assert (price["missed"], price["window"]) == (0, 0)
    assert price["undone"] <= 2
    assert price["a day"] <= 1
    assert price["delay h"] <= 30, "a day, and half the time between polls"


def test_no_poll_floods(judged: dict[str, Any]) -> None:
    assert judged["most told"] <= 15


def test_no_alias_that_points_elsewhere_is_missed(judged: dict[str, Any]) -> None:
    assert judged["alias"]["missed"] == 0


@pytest.fixture
def changing() -> Iterator[tuple[Server, list[bytes]]]:
    """Serve one recorded answer, then another one a day later."""
    answers = Recording.open(archive("six-hourly")).answers
    bodies = [answers[0].page(), answers[10].page()]
    with serving(*(reply(bodies[0]) for _ in range(4)), reply(bodies[1])) as server:
        yield server, bodies


def test_two_real_answers_in_turn_give_the_right_alert_once(
    tmp_path: Path, changing: tuple[Server, list[bytes]]
) -> None:
    server, bodies = changing
    old, new = (
        {row["id"] for row in json.loads(body)["data"] if not row["id"].startswith("~")} for body in bodies
    )
    with receiving() as http, receiving_mail() as mail:
        channels = {"hook": http.url(), "ops": mail.url()}
        file = configure(tmp_path, server.url("/models"), channels, "holds: {source: 1d}")
        file.write_text(file.read_text().replace(server.url("/models") + "?use_rss=true", "off"))
        with running(file):
            eventually(lambda: http.requests and mail.mails, "the alert arrives")
            asked = len(server.requests)
            eventually(lambda: len(server.requests) > asked + 2, "it polls on")
        told = "\n".join(json.loads(request.body)["message"] for request in http.requests)
        assert new - old
        assert {model: told.count(f"• {model} is new") for model in new - old} == dict.fromkeys(new - old, 1)
        assert len(mail.mails) == len(http.requests)


@pytest.mark.xdist_group("six-hourly")
def test_the_shipped_rules_with_a_daily_digest_give_one_message_a_day_and_lose_nothing(
    tmp_path: Path,
) -> None:
    shipped = (ROOT / "rules.yaml").read_text()
    daily = tmp_path / "rules.yaml"
    daily.write_text(
        re.sub(r"console: console://", 'console: {url: "console://", deliver: daily at 09:00}', shipped)
    )
    settings = load(daily, {}).settings
    at_once = load(ROOT / "rules.yaml", {}).settings
    recording = Recording.open(archive("six-hourly"))
    due = [one for _, decided in replay(recording, at_once) for one in decided.notifications]
    digests = [one for _, decided in replay(recording, settings) for one in decided.notifications]
    days = Counter(digest.at.date() for digest in digests)
    assert max(days.values()) == 1
    assert {digest.at.time().isoformat() for digest in digests} == {"09:00:00"}
    told = Counter(event for digest in digests for event in digest.events)
    assert set(told.values()) == {1}
    assert told.keys() == {event for message in due for event in message.events}
    for digest in digests:
        assert digest.letter
        in_lines = Counter(number for entry in digest.letter.entries for number in entry.events)
        said = re.search(r"^(\d+) changes? w", "\n".join(digest.letter.more), re.MULTILINE)
        assert set(in_lines.values()) <= {1}
        assert len(in_lines) + int(said[1] if said else 0) == len(digest.events)
