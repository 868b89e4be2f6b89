import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.served_catalog import Catalog
from tests.support.watcher_process import SOON, command, configure, environment, eventually
from watcher.service.systemd import ALIVE, READY, STOPPING, notify, reloading


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(SOON)
        yield listener


def messages_until(listener: socket.socket, last: str) -> list[str]:
    """Return the notifications up to `last`."""
    said: list[str] = []
    while not said or said[-1] != last:
        said.append(re.sub(r"(?<=USEC=)\d+", "now", listener.recv(4096).decode()))
    return said


@pytest.mark.parametrize("state", [READY, ALIVE, STOPPING, "RELOADING=1\nMONOTONIC_USEC=1"])
def test_systemd_is_notified_at_a_path(tmp_path: Path, state: str) -> None:
    with listening(str(tmp_path / "notify")) as listener:
        notify(state, {"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert listener.recv(4096).decode() == state


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has abstract addresses")
def test_systemd_is_notified_at_an_abstract_address() -> None:
    name = f"watcher-test-{os.getpid()}"
    with listening(f"\0{name}") as listener:
        notify(READY, {"NOTIFY_SOCKET": f"@{name}"})
        assert listener.recv(4096).decode() == READY


def test_a_reload_carries_a_monotonic_time() -> None:
    first, second = (int(reloading().removeprefix("RELOADING=1\nMONOTONIC_USEC=")) for _ in range(2))
    assert 0 < first <= second


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(None, id="not started by systemd"),
        pytest.param("", id="empty"),
        pytest.param("/nowhere/notify", id="nobody there"),
        pytest.param(f"/{'x' * 200}", id="too long for a socket"),
        pytest.param("vsock:2:9000", id="of a kind we do not know"),
    ],
)
def test_nothing_happens_where_systemd_cannot_be_notified(address: str | None) -> None:
    notify(READY, {} if address is None else {"NOTIFY_SOCKET": address})


def test_a_systemd_that_does_not_listen_does_not_block(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with listening(address) as listener, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
        filler.settimeout(0)
        filler.connect(address)
        with suppress(BlockingIOError):
            while True:
                filler.send(b"full")
        notify(READY, {"NOTIFY_SOCKET": address})
        assert listener.recv(4096) == b"full"


@pytest.mark.fault("X19")
def test_the_service_notifies_start_life_reload_and_end(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    address = str(tmp_path / "notify")
    with (
        listening(address) as systemd,
        subprocess.Popen(
            command(file, "run"), env=environment() | {"NOTIFY_SOCKET": address}, stderr=subprocess.DEVNULL
        ) as process,
    ):
        try:
            assert messages_until(systemd, ALIVE) == [READY, ALIVE]
            asked = catalog.stage.looks
            assert asked >= 2
            process.send_signal(signal.SIGHUP)
            reload = ["RELOADING=1\nMONOTONIC_USEC=now", READY]
            assert [said for said in messages_until(systemd, READY) if said != ALIVE] == reload
            catalog.shows(OWL, FINCH, HERON | {"id": "wetland/heron-small"})
            eventually(lambda: catalog.stage.looks > asked, "it goes on")
            process.terminate()
            assert messages_until(systemd, STOPPING)[-2:] == [ALIVE, STOPPING]
            assert process.wait(SOON) == 0
        finally:
            process.kill()


def test_a_configuration_that_cannot_be_used_is_never_ready(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: []\n")
    with listening(str(tmp_path / "notify")) as systemd:
        told = subprocess.run(
            command(file, "run"),
            env=environment() | {"NOTIFY_SOCKET": str(tmp_path / "notify")},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 78
        systemd.settimeout(0)
        with pytest.raises(BlockingIOError):
            systemd.recv(4096)
