"""A ten-second demo without network or account: the real service reports a small made-up catalog."""

import json
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import click

from watcher.cli import terminal
from watcher.config.config import Config
from watcher.domain.delivery import Channel, Secret
from watcher.domain.policy import HOLDS, Policy
from watcher.news.settings import Settings
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Globs, Percent
from watcher.service.loop import Service
from watcher.store.store import Store

Row: TypeAlias = dict[str, Any]
STEP = 1.5  # seconds for which each version of the catalog is served, at least
LOOKS = 6  # requests for list or feed that each version gets: enough to be seen, confirmed and reported
POLL = timedelta(seconds=0.5)
SHORT = timedelta(seconds=0)


def row(model: str, prompt: str, completion: str, **more: Any) -> Row:  # noqa: ANN401 - any field of the API
    """Return a row of the model list, as the API's schema has it."""
    name = model.partition("/")[2].replace("-", " ").title()
    return {
        "id": model,
        "canonical_slug": f"{model}-20260901",
        "name": f"{model.partition('/')[0].title()}: {name}",
        "created": 1788220800,
        "description": f"{name} is a made-up model for this demo.",
        "context_length": 131072,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": None,
        },
        "pricing": {"prompt": prompt, "completion": completion},
        "top_provider": {"context_length": 131072, "max_completion_tokens": 16384, "is_moderated": False},
        "per_request_limits": None,
        "supported_parameters": ["max_tokens", "temperature", "tools"],
        "default_parameters": {},
        "expiration_date": None,
        **more,
    }


def versions(today: datetime) -> list[tuple[str, list[Row]]]:
    """Return the versions of the catalog in order, each with a line about what happens."""
    owl = row("acme/owl-2", "0.00000125", "0.00001")
    finch = row("acme/finch-mini", "0.00000015", "0.0000006")
    heron = row("wetland/heron-large", "0.000002", "0.000008")
    condor = row("acme/condor-3", "0.000003", "0.000015", context_length=1048576)
    dearer = row("acme/owl-2", "0.0000015", "0.0000125")
    leaving = heron | {"expiration_date": f"{today + timedelta(days=5):%Y-%m-%d}"}
    return [
        (
            "The first poll finds three models: this is the baseline, so there is no alert.",
            [owl, finch, heron],
        ),
        ("A new model appears.", [condor, owl, finch, heron]),
        ("A price rises.", [condor, dearer, finch, heron]),
        ("A model gets an expiration date.", [condor, dearer, finch, leaving]),
        ("A model disappears.", [condor, dearer, leaving]),
    ]


def feed(rows: list[Row]) -> bytes:
    """Return the RSS feed of a catalog."""
    items = "".join(
        f"<item><title><![CDATA[{entry['name']} ({entry['id']})]]></title>"
        f"<link>https://openrouter.ai/{entry['id']}</link>"
        f'<guid isPermaLink="false">{entry["canonical_slug"]}</guid></item>'
        for entry in rows
    )
    return f'<rss version="2.0"><channel><title>Models</title>{items}</channel></rss>'.encode()


@dataclass
class Stage:
    """The catalog as it is served now, and how often list and feed were requested."""

    rows: list[Row]
    looks: int = 0


@contextmanager
def serve(stage: Stage) -> Iterator[str]:
    """Serve the catalog on loopback, as list and feed; gives the address of the list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith("/endpoints"):  # what providers ask is not part of the demo
                self.send_error(404)
                return
            stage.looks += 1
            body = feed(stage.rows) if "use_rss" in self.path else json.dumps({"data": stage.rows}).encode()
            self.send_response_only(200)  # no Date header: the clock of a test may be set to any time
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
            """Log nothing: the demo prints lines of its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v1/models"
    finally:
        server.shutdown()
        server.server_close()


def config(address: str, folder: Path) -> Config:
    """Return a configuration for the demo, without the holds that would take hours."""
    rules = (
        Rule("Leaving OpenRouter", ("console",), {"event": Globs(("expiration.*", "model.removed"))}),
        Rule("New models", ("console",), {"event": Globs(("model.added",))}),
        Rule(
            "Price up 10% or more",
            ("console",),
            {"event": Globs(("price.changed",)), "price": PriceTerms(rises_by=Percent.parse("10%"))},
        ),
    )
    return Config(
        path=folder / "rules.yaml",
        poll=POLL,
        store=folder / "watcher.db",
        sources={"models": address, "feed": f"{address}?use_rss=true"},
        channels={"console": Channel("console", Secret("console://"))},
        settings=Settings(rules, Policy(dict.fromkeys(HOLDS, SHORT))),
    )


def run(say: Callable[[str], None]) -> None:
    """Run the demo; `say` gets a line about each step."""
    scenes = versions(datetime.now(UTC))
    stage = Stage(scenes[0][1])
    with tempfile.TemporaryDirectory() as folder, serve(stage) as address:
        made_up = config(address, Path(folder))
        with Store.open(made_up.store) as store:
            service = Service(made_up, store, now=lambda: datetime.now(UTC))
            director = threading.Thread(target=_direct, args=(stage, scenes, service.end, say), daemon=True)
            director.start()
            service.run()


def _direct(
    stage: Stage, scenes: list[tuple[str, list[Row]]], end: Callable[[], None], say: Callable[[str], None]
) -> None:
    """Change the catalog while the service runs, then stop the service."""
    for line, rows in scenes:
        say(line)
        stage.rows, seen = rows, stage.looks
        time.sleep(STEP)
        while stage.looks < seen + LOOKS:  # a slow machine needs longer
            time.sleep(STEP / 10)
    end()


@click.command()
def demo() -> None:
    """Run a ten-second demo.

    Runs the real service against a small made-up catalog on this machine. Needs no network and no account.
    """
    logging.getLogger("watcher").setLevel(logging.WARNING)  # only the alerts matter here
    run(lambda line: terminal.note(f"\n-- {line}", "cyan"))
