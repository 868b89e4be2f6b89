"""A proxy on loopback that resets connections once a number of bytes from one side has passed."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Literal

Side = Literal["calls", "answers"]
RESETTING = struct.pack("ii", 1, 0)
CONNECT_PATIENCE = 5.0  # seconds
PIECE = 65_536


@dataclass
class CuttingProxy:
    """Lets `left` bytes of one `side` pass, over all connections together, or all if None; `passed` counts them."""

    port: int
    target: int
    side: Side
    left: int | None = None
    passed: int = 0
    has_cut: bool = False
    alone: Lock = field(default_factory=Lock)

    def allow(self, left: int | None) -> None:
        """Let this many bytes pass from now on."""
        self.left, self.passed, self.has_cut = left, 0, False

    def pass_on(self, source: socket.socket, sink: socket.socket, side: Side) -> None:
        """Forward one side's bytes until it ends or is cut."""
        with suppress(OSError):
            while piece := source.recv(PIECE):
                passing = self._passing(piece, side)
                sink.sendall(passing)
                if len(passing) < len(piece):
                    self.has_cut = True
                    reset(source, sink)
                    return
            sink.shutdown(socket.SHUT_WR)

    def _passing(self, piece: bytes, side: Side) -> bytes:
        with self.alone:
            if side != self.side:
                return piece
            passing = piece if self.left is None else piece[: max(self.left - self.passed, 0)]
            self.passed += len(passing)
            return passing

    def talk(self, caller: socket.socket) -> None:
        """Forward both sides."""
        with caller, socket.create_connection(("127.0.0.1", self.target), CONNECT_PATIENCE) as called:
            called.settimeout(None)
            back = Thread(target=self.pass_on, args=(called, caller, "answers"), daemon=True)
            back.start()
            self.pass_on(caller, called, "calls")
            back.join()


def reset(*ends: socket.socket) -> None:
    """Reset both ends, as a machine does that was switched off and on."""
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETTING)
        end.shutdown(socket.SHUT_RD)
        end.close()


@contextmanager
def cutting_proxy(target: int, side: Side) -> Iterator[CuttingProxy]:
    """Run a proxy in front of a port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = CuttingProxy(listener.getsockname()[1], target, side)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    Thread(target=proxy.talk, args=(caller,), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield proxy
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
