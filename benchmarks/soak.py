"""Whether the service stays as it is over thousands of polls: `python benchmarks/soak.py [POLLS [off|all]]`.

The real service, its store, its sending processes and HTTP to a made-up catalog of real size in another
process, three providers a model; only the clock moves five minutes a poll. The second argument says whether
providers are asked; for an hour and a half of each day they refuse all. One answer in twenty fails, of the
sources and of the receiver. Fails where memory, descriptors or threads grow, a message is lost, or the store
is not whole. What is resident goes up and down with where in memory things lie; what is in use grows with the
catalog only.
"""

import gc
import json
import multiprocessing
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import TypeAlias

from timeline import POLL, START, Timeline

from watcher.cli.demo import Row, feed
from watcher.config import load
from watcher.service.loop import Service
from watcher.sources.ask_endpoints import Bounds
from watcher.store.store import Store

POLLS = 5000
SHOWN_EVERY = 500
MARKUPS = {"crane": 1.0, "heron": 1.1, "stork": 1.25}  # what a provider asks, of the price in the list
OUTAGE, DAY_OF_POLLS = 18, 288  # polls
WARM = 1000  # polls after which nothing may grow
FAULTS = 0.05
MAY_GROW = {"resident MiB": 4.0, "blocks of memory in use": 1000, "descriptors": 0, "threads": 0}
HANG = 1.0  # seconds, until a connection that says nothing is closed
Figures: TypeAlias = tuple[int, float, int, int, int]
RULES = """
sources: {{models: "{url}/models", feed: "{url}/models?use_rss=true", endpoints: "{endpoints}"}}
channels: {{hook: "json://127.0.0.1:{port}/hook"}}
rules: [{{name: Everything, when: {{event: "*.*", model: "*"}}, notify: hook}}]
"""


def main() -> None:
    """Print memory, descriptors and threads as the polls go by."""
    given = dict(enumerate(sys.argv))
    polls, endpoints = int(given.get(1, POLLS)), given.get(2, "all")
    ours, theirs = multiprocessing.Pipe()
    site = multiprocessing.Process(target=serve, args=(theirs, polls), daemon=True)
    site.start()
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(Path(folder), ours.recv(), polls, endpoints)
        problems = [*grown(figures), *lost(Path(folder) / "watcher.db")]
    ours.send("requests")
    print(f"requests: {ours.recv()}")
    site.terminate()
    sys.exit("\n".join(problems))


def soak(folder: Path, port: int, polls: int, endpoints: str) -> list[Figures]:
    """Poll so often, then deliver what is left; gives how it was, now and then."""
    file = folder / "rules.yaml"
    file.write_text(RULES.format(url=f"http://127.0.0.1:{port}", port=port, endpoints=endpoints))
    clock, figures, began = [START], [], time.process_time()
    settings = load.load(file, {})
    with closing(Store.open(settings.store)) as store:
        service = Service(settings, store, now=lambda: clock[0], elapsed=lambda: clock[0].timestamp())  # noqa: PLW0108 - the clock moves
        service._endpoints.bounds = Bounds(pause=0.0)  # noqa: SLF001 - the pause between requests is real time
        for poll in range(1, polls + 1):
            service.turn()
            clock[0] += POLL
            if poll % SHOWN_EVERY == 0:
                figures.append((poll, *measured()))
                print(
                    "{:5} polls: {:5.1f} MiB, {} blocks, {} descriptors, {} threads".format(*figures[-1]),
                    flush=True,
                )
        while service.store.outbox.waiting():
            service.deliver()
            clock[0] += POLL
    print(f"{(time.process_time() - began) / polls * 1000:.0f} ms of CPU a poll")
    return figures


def measured() -> tuple[float, int, int, int]:
    """Give our resident MiB, blocks of memory in use, open descriptors and threads."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return (
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        sys.getallocatedblocks(),
        len([*Path("/proc/self/fd").iterdir()]),
        len([*Path("/proc/self/task").iterdir()]),
    )


def grown(figures: list[Figures]) -> list[str]:
    """Say of what there was more in the second half than ever in the first, once warm."""
    warm = [figure for figure in figures if figure[0] >= WARM] or figures[-1:]
    half = len(warm) // 2
    problems = []
    for column, (name, slack) in enumerate(MAY_GROW.items(), 1):
        before, after = (max(figure[column] for figure in part) for part in (warm[: half + 1], warm[half:]))
        if after > before + slack:
            problems.append(f"{name} grew from {before:.0f} to {after:.0f}")
    return problems


def lost(store: Path) -> list[str]:
    """Say what is missing in the store."""
    with closing(sqlite3.connect(store)) as database:
        [whole] = database.execute("pragma integrity_check").fetchone()
        states = dict(database.execute("select state, count(*) from outbox group by state"))
        [events] = database.execute("select count(*) from events").fetchone()
    print(f"{events} events; messages by state: {states}; {store.stat().st_size / 1e6:.1f} MB, {whole}")
    return [f"messages are {states}"] * (set(states) != {"sent"}) + [whole] * (whole != "ok")


def serve(ready: Connection, polls: int) -> None:  # noqa: C901 - a handler needs what is around it
    """Serve the catalog, a poll further at each request for the list, and take messages."""
    line = Timeline()
    story = line.polls(polls + 1)
    chance = random.Random(2)
    asked: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if "use_rss" in self.path:
                asked["feed"] += 1
                self._answer(feed([*line.rows.values()]))
            elif self.path.endswith("/endpoints"):
                asked["endpoints"] += 1
                self._say_what_providers_ask()
            else:
                asked["models"] += 1
                next(story, None)
                self._answer(json.dumps({"data": [*line.rows.values()]}).encode())

        def _say_what_providers_ask(self) -> None:
            model = self.path.removeprefix("/models/").removesuffix("/endpoints")
            if asked["models"] % DAY_OF_POLLS < OUTAGE:
                refuse(self, b"")
            elif model not in line.rows:
                write(self, 404, b'{"error": {"message": "not found"}}')
            else:
                made = {"id": model, "endpoints": endpoints_of(line.rows[model])}
                self._answer(json.dumps({"data": made}).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(b"ok")

        def _answer(self, body: bytes) -> None:
            with suppress(OSError):
                if chance.random() < FAULTS:
                    chance.choice(FAULTY)(self, body)
                else:
                    write(self, 200, body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        ready.send(server.server_address[1])
        ready.recv()
        ready.send(dict(asked))
        server.shutdown()


def endpoints_of(row: Row) -> list[Row]:
    """Return what three providers ask for a model."""
    pricing = row["pricing"]
    return [
        {
            "provider_name": name.title(),
            "tag": name,
            "quantization": "fp8",
            "context_length": row["context_length"],
            "max_completion_tokens": 16384,
            "supported_parameters": row["supported_parameters"],
            "status": 0,
            "uptime_last_30m": 99.5,
            "pricing": {key: f"{float(value) * markup:.10f}" for key, value in pricing.items()},
        }
        for name, markup in MARKUPS.items()
    ]


def write(to: BaseHTTPRequestHandler, status: int, body: bytes, missing: int = 0) -> None:
    """Answer, promising more than comes by `missing` bytes."""
    to.send_response_only(status)
    to.send_header("Content-Length", str(len(body) + missing))
    to.end_headers()
    to.wfile.write(body)
    to.close_connection = bool(missing)


def hang(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Say nothing for a while."""
    time.sleep(HANG)
    to.close_connection = True


def busy(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Answer that the server has no time."""
    write(to, 503, b"busy")


def refuse(to: BaseHTTPRequestHandler, _body: bytes) -> None:
    """Ask for patience."""
    write(to, 429, b'{"error": {"message": "slow down"}}')


def cut(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Give half of what was promised."""
    write(to, 200, body[: len(body) // 2], len(body) // 2)


def garble(to: BaseHTTPRequestHandler, body: bytes) -> None:
    """Give half of it as if it were all; a receiver that says this has taken the message."""
    write(to, 200, body[: len(body) // 2])


FAULTY = (busy, refuse, cut, garble, hang)

if __name__ == "__main__":
    main()
