"""Tell systemd how the service is doing, if systemd started it (sd_notify)."""

import logging
import os
import socket
import time
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"  # sent only by the main loop, so that systemd notices when it hangs
PATIENCE = 2.0  # seconds, if systemd does not read
log = logging.getLogger(__name__)


def reloading() -> str:
    """Return the state that a reload has begun; READY ends it."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def notify(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send a state to $NOTIFY_SOCKET (a path, or abstract with @), if it is set. Never raises."""
    address = environ.get("NOTIFY_SOCKET")
    if not address:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as talk:
            talk.settimeout(PATIENCE)
            talk.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            talk.sendall(state.encode())
    except OSError as error:
        log.debug("could not notify systemd (%s): %s", state.partition("\n")[0], error)
