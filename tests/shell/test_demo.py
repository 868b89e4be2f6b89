import re
from pathlib import Path

import pytest

from tests.support.watcher_process import finished
from watcher.messages.sample import sample
from watcher.service.clock import utc_now


def test_the_demo_shows_every_alert_once_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shown = finished(tmp_path / "none.yaml", "demo")
    assert shown.returncode == 0
    titles = [line for line in shown.stdout.splitlines() if re.match(r"(acme|wetland)/", line)]
    assert titles == [
        "acme/condor-3 is new",
        "acme/owl-2 price up 25 %",
        "wetland/heron-large leaves in 5 days",
        "acme/finch-mini was removed",
    ]
    assert shown.stderr.count("-- ") == 5
    assert "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_sample_message_looks_like_a_real_one() -> None:
    message = sample("team", utc_now())
    assert message.title == "wetland/heron-large leaves in 5 days and 1 more change"
    assert "prompt $1.25 → $1.50 (+20 %), completion $10.00 → $12.50 (+25 %) per M tokens" in message.body
