"""The command that a message names shows everything that the message leaves out."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.growing_catalog import HOUR, MINUTE, GrowingCatalog
from tests.support.receivers import Answer, receiving
from tests.support.served_catalog import Catalog
from watcher.cli.main import main


@pytest.mark.parametrize("scheme", ["json", "mmost"])
@pytest.mark.fault("R6", "L10", "L15")
def test_the_command_at_the_end_of_a_digest_shows_all_of_it(
    tmp_path: Path, catalog: Catalog, scheme: str
) -> None:
    new = [FINCH | {"id": f"acme/{number}-{'n' * 60}"} for number in range(300)]
    with receiving(Answer(503), Answer()) as server:
        path = "/" if scheme == "json" else "/abcdefghij0123456789"
        growing = GrowingCatalog(tmp_path, catalog, server.url(path, scheme))
        for end in (150, 300):
            growing.clock[0] += 7 * MINUTE
            catalog.shows(OWL, FINCH, HERON, *new[:end])
            growing.watcher.poll()
            growing.deliver()
        growing.deliver(HOUR)
        growing.watcher.store.close()
        whole = server.requests[-1].body.decode()
    arguments, *others = re.findall(r"watcher (events --since [\w:-]+Z)", whole.replace("\u200b", ""))
    assert {*others} <= {arguments}
    file = str(tmp_path / "rules.yaml")
    shown = CliRunner().invoke(main, ["--config", file, *arguments.split()]).output
    assert [row["id"] for row in new if f"{row['id']} is new" not in shown] == []
    limited = CliRunner().invoke(main, ["--config", file, *arguments.split(), "--limit", "7", "--json"])
    assert len(limited.output.splitlines()) == 7
