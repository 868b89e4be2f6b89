"""The real program in its own process, with a configuration made for the test."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SOON = 20.0  # seconds after which a test gives up waiting


def configure(
    folder: Path, catalog: str, channels: Mapping[str, str], more: str = "", options: str = ""
) -> Path:
    """Write a configuration that polls every second and tells every channel everything.

    A channel is an address, or a section in braces; `options` are further keys of each. `more` is added at the
    top level; sources and rules in it stand for those of the catalog and the one rule.
    """
    sources = (
        ""
        if "sources:" in more
        else f'sources: {{models: "{catalog}", feed: "{catalog}?use_rss=true", endpoints: off}}\n'
    )
    names = ", ".join(channels)
    written = "\n".join(
        f"  {name}: {url if url.startswith('{') else f'{{url: {json.dumps(url)}{options}}}'}"
        for name, url in channels.items()
    )
    rules = (
        ""
        if "rules:" in more
        else f'rules: [{{name: Everything, when: {{event: "*.*"}}, notify: [{names}]}}]\n'
    )
    file = folder / "rules.yaml"
    file.write_text(f"poll: 1s\n{sources}channels:\n{written}\n{more}\n{rules}")
    file.chmod(0o600)
    return file


def command(config: Path, *arguments: str) -> list[str]:
    """Return the command line of the program."""
    return [sys.executable, "-m", "watcher", "--config", str(config), *arguments]


def environment() -> dict[str, str]:
    """Return our environment without variables that change the program's behavior."""
    gone = {"STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "WATCHER_CONFIG", "NO_COLOR", "FORCE_COLOR"}
    return {name: value for name, value in os.environ.items() if name not in gone} | {"NO_PROXY": "127.0.0.1"}


def finished(config: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `before` is run first by the shell, for example to set a limit."""
    return subprocess.run(
        ["/bin/sh", "-c", f'{before} exec "$@"', "sh", *command(config, *arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )


@contextmanager
def running(config: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the service until the end of the block, and check that SIGTERM ends it cleanly."""
    with subprocess.Popen(
        command(config, *(arguments or ("run",))),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(SOON) == 0
        finally:
            if process.poll() is None:
                process.kill()


def eventually(condition: Callable[[], object], what: str, within: float = SOON) -> None:
    """Wait until the condition holds, at most this many seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)
