"""Makes `docs/sample-history`, a made-up history in the form that `watcher replay` reads.

`python -m tests.support.sample_history` writes it anew. Six days of the catalog, seen every twelve hours, and of
what the providers ask, seen every four: a provider that the list does not show raises its price, the list shows
another provider, a provider comes, a model gets a date, one is removed and one is new.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.catalogs import Row
from watcher.cli.demo import row

FOLDER = Path(__file__).parents[2] / "docs" / "sample-history"
START = datetime(2026, 9, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
END = 144  # hours
LIST_EACH, LOOK_EACH = 12, 4  # hours
LOOKS_AT = 1  # hours after a list
NAME = "%Y-%m-%dT%H-%M-%SZ"

OWL_IS_DEARER = 30  # hours from the start: Marsh Cloud, its cheapest provider, raises its price
HERON_IS_ROUTED = 48  # the list shows another provider
REED_OFFERS_FINCH = 60
CRANE_HAS_A_DATE = 72
CONDOR_IS_NEW = 84
WREN_IS_GONE = 96


def offer(provider: str, prompt: str, completion: str, **more: Any) -> Row:
    """Return an endpoint as the API's schema has it, as far as watcher reads it."""
    return {
        "provider_name": provider,
        "tag": provider.lower().replace(" ", "-"),
        "quantization": "fp8",
        "context_length": 131072,
        "max_completion_tokens": 16384,
        "status": 0,
        "pricing": {"prompt": prompt, "completion": completion, "discount": 0},
        "supported_parameters": ["max_tokens", "temperature", "tools"],
        **more,
    }


def rows(hour: int) -> list[Row]:
    """Return the model list as it is so many hours after the start."""
    day = f"{START + timedelta(days=30):%Y-%m-%d}"
    heron = ("0.000003", "0.000012") if hour >= HERON_IS_ROUTED else ("0.000002", "0.000008")
    found = [
        row("acme/finch-mini", "0.00000015", "0.0000006"),
        row("acme/owl-2", "0.000002", "0.000014"),
        row("wetland/crane", "0.0000005", "0.0000015"),
        row("wetland/heron-large", *heron),
    ]
    if hour >= CRANE_HAS_A_DATE:
        found[2]["expiration_date"] = day
    if hour >= CONDOR_IS_NEW:
        found.insert(0, row("acme/condor-3", "0.000003", "0.000015", context_length=1048576))
    if hour < WREN_IS_GONE:
        found.append(row("wetland/wren-nano", "0.00000005", "0.0000002"))
    return found


def offers(hour: int) -> dict[str, list[Row]]:
    """Return what the providers ask so many hours after the start."""
    marsh = ("0.0000015", "0.000012") if hour >= OWL_IS_DEARER else ("0.00000125", "0.00001")
    found = {
        "acme/finch-mini": [offer("Acme", "0.00000015", "0.0000006")],
        "acme/owl-2": [offer("Marsh Cloud", *marsh), offer("Acme", "0.000002", "0.000014")],
        "wetland/crane": [offer("Wetland", "0.0000005", "0.0000015")],
        "wetland/heron-large": [
            offer("Marsh Cloud", "0.000002", "0.000008"),
            offer("Reed AI", "0.000003", "0.000012", quantization="bf16"),
        ],
    }
    if hour >= REED_OFFERS_FINCH:
        found["acme/finch-mini"].append(offer("Reed AI", "0.00000018", "0.0000007", context_length=65536))
    if hour >= CONDOR_IS_NEW:
        found["acme/condor-3"] = [offer("Acme", "0.000003", "0.000015", context_length=1048576)]
    if hour < WREN_IS_GONE:
        found["wetland/wren-nano"] = [offer("Wetland", "0.00000005", "0.0000002")]
    return found


def files() -> dict[str, str]:
    """Return the content of every file by name, a model on each line."""
    lists = {f"{_name(hour)}.json": _list(rows(hour)) for hour in range(0, END + 1, LIST_EACH)}
    looks = {
        f"{_name(hour)}.endpoints.json": _look(offers(hour)) for hour in range(LOOKS_AT, END + 1, LOOK_EACH)
    }
    return lists | looks


def _name(hour: int) -> str:
    return (START + hour * HOUR).strftime(NAME)


def _list(entries: list[Row]) -> str:
    return '{"data": [\n' + ",\n".join(json.dumps(entry) for entry in entries) + "\n]}\n"


def _look(found: dict[str, list[Row]]) -> str:
    lines = (f"{json.dumps(model)}: {json.dumps(offers)}" for model, offers in sorted(found.items()))
    return '{"data": {\n' + ",\n".join(lines) + "\n}}\n"


def write() -> None:
    """Write all files, and delete those of an earlier run."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in files().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    write()
