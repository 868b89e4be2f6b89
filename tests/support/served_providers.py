"""A catalog on loopback that says what the providers ask too, or refuses to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.catalogs import Row, answer
from tests.support.offers import Endpoint
from tests.support.scripted_server import Script, Server, answering, reply
from watcher.cli.demo import feed


@dataclass
class Providers:
    """What is served now; `refusal` is what a request about one model gets instead of its endpoints."""

    rows: list[Row]
    endpoints: dict[str, list[Endpoint]] = field(default_factory=dict)
    refusal: Script | None = None
    asked: list[str] = field(default_factory=list)
    server: Server | None = None

    @property
    def url(self) -> str:
        assert self.server
        return self.server.url("/api/v1/models")

    def script(self, request: str) -> Script:
        path = request.split(maxsplit=2)[1]
        if "use_rss" in path:
            return reply(feed(self.rows))
        if not path.endswith("/endpoints"):
            return reply(answer(self.rows))
        model = path.removeprefix("/api/v1/models/").removesuffix("/endpoints")
        self.asked.append(model)
        if self.refusal:
            return self.refusal
        if model not in self.endpoints:
            return reply(b'{"error": {"code": 404, "message": "Model not found"}}', "404 Not Found")
        return reply(json.dumps({"data": {"id": model, "endpoints": self.endpoints[model]}}).encode())


@contextmanager
def serving_providers(*rows: Row, **endpoints: list[Endpoint]) -> Iterator[Providers]:
    """Serve the rows; `endpoints` are by the part of the id after the author."""
    made = Providers(list(rows), {row["id"]: endpoints.get(_key(row), []) for row in rows})
    with answering(made.script) as server:
        made.server = server
        yield made


def _key(row: Row) -> str:
    return str(row["id"]).partition("/")[2].replace("-", "_")
