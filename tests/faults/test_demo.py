import re
from pathlib import Path

import pytest

from tests.support.watcher_process import finished


def test_the_demo_shows_every_alert_once_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = finished(tmp_path / "none.yaml", "demo")
    assert result.returncode == 0
    titles = [
        line.partition(" (")[0] for line in result.stdout.splitlines() if re.match(r"(acme|wetland)/", line)
    ]
    assert titles == [
        "acme/condor-3 is new",
        "acme/owl-2 dearer: prompt +20 %, completion +25 %",
        "wetland/heron-large leaves in 5 days",
        "acme/finch-mini is gone",
    ]
    assert result.stderr.count("-- ") == 5
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
