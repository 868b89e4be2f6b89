"""Programs in a namespace with their own resolver settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIND = 'for file in hosts resolv.conf nsswitch.conf; do mount --bind "$1/$file" "/etc/$file"; done; shift; exec "$@"'


def run_with_names(
    folder: Path, hosts: str, nameserver: str, program: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run a Python program to its end with these lines in /etc/hosts and this name server."""
    files = {
        "hosts": hosts,
        "resolv.conf": f"nameserver {nameserver}\noptions timeout:30 attempts:2\n",
        "nsswitch.conf": "hosts: files dns\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    inside = ["unshare", "--mount", "sh", "-ec", BIND, "sh", str(folder)]
    try:
        subprocess.run([*inside, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("WATCHER_REQUIRE_ALL"):
            raise
        pytest.skip("needs root and `unshare`, to give a program resolver settings of its own")
    command = [*inside, sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
