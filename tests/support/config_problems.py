"""A configuration's problems, as users read them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from watcher.config import load
from watcher.domain.errors import ConfigError


def problems(tmp_path: Path, text: str | bytes, environ: Mapping[str, str]) -> list[str]:
    file = tmp_path / "rules.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as error:
        load.load(file, environ)
    return [line.removeprefix(f"{file}:") for line in error.value.problems]


RULES = "rules:\n  - name: A\n    notify: console\n"
RULE = f'channels: {{console: "console://"}}\n{RULES}'


def channel(written: str) -> str:
    return f"channels: {{console: {written}}}\n{RULES}"
