"""A thousand channels, some of which hang: how long polls and the others wait.

PYTHONPATH=.:benchmarks .venv/bin/python benchmarks/many_channels.py [CHANNELS [HANGING]]
"""

import logging
import resource
import sys
import tempfile
from pathlib import Path
from time import monotonic

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.growing_catalog import GrowingCatalog
from tests.support.receivers import receiving
from tests.support.scripted_server import HANG, Script, serving
from tests.support.served_catalog import Catalog
from watcher.cli.demo import Stage, serve


def main(channels: int, hanging: int) -> None:
    """Print when the healthy channels had their message, and how long each turn of the loop took."""
    logging.disable(logging.CRITICAL)
    arrived: list[float] = []
    stage = Stage([OWL, FINCH, HERON])
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(stage) as url,
        serving(Script((HANG,))) as hung,
        receiving(meanwhile=lambda: arrived.append(monotonic())) as healthy,
    ):
        urls = {f"hung-{number}": f"json://127.0.0.1:{hung.port}/{number}" for number in range(hanging)}
        urls |= {f"well-{number}": healthy.url(f"/{number}") for number in range(channels - hanging)}
        growing = GrowingCatalog(Path(folder), Catalog(stage, url), urls)
        for name in ("first", "later"):
            growing.add_model()
            arrived.clear()
            began, turns = monotonic(), list[float]()
            while len(arrived) < channels - hanging:
                turned = monotonic()
                growing.watcher.turn(growing.watcher._elapsed() + 300)  # noqa: SLF001 - without a poll
                turns.append(monotonic() - turned)
            waits = sorted(at - began for at in arrived)
            half = waits[len(waits) // 2]
            print(f"{name}: half after {half:.0f} s, last {waits[-1]:.0f} s, longest turn {max(turns):.0f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"peak of this process {peak} MiB, of the largest child "
            f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MiB"
        )
        growing.watcher.end()
        growing.watcher.deliver()
        growing.watcher.store.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] or ["1000", "90"])))
