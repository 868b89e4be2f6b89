import pytest

from tests.support.catalogs import START
from watcher.cli.as_csv import history
from watcher.domain.news import HistoryEntry


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param("0.0000015", "0.0000015", id="price"),
        pytest.param("-1", "-1", id="variable price"),
        pytest.param(None, "", id="none"),
        pytest.param(
            "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", id="formula", marks=pytest.mark.fault("Z7")
        ),
        pytest.param("+1+2", "'+1+2", id="plus", marks=pytest.mark.fault("Z7")),
        pytest.param("-2+3", "'-2+3", id="minus", marks=pytest.mark.fault("Z7")),
        pytest.param("@SUM(1)", "'@SUM(1)", id="at", marks=pytest.mark.fault("Z7")),
        pytest.param('a,"b"', '"a,""b"""', id="quotes"),
    ],
)
def test_values_are_literal_in_a_spreadsheet(
    value: str | None, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history([HistoryEntry(START, "=acme/owl", "prompt", value)])
    assert capsys.readouterr().out == (
        f"at,model,field,value\n2026-11-02T08:00:00Z,'=acme/owl,prompt,{shown}\n"
    )
