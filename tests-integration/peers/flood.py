"""A server that sends as much as is asked for, as fast as it is taken, from a thread of its own."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MEBIBYTE", "Flood"]

MEBIBYTE = 1 << 20
_BLOCK = bytes(MEBIBYTE)


class Flood:
    """Answers `GET /MEBIBYTES` with so many, and anything else by swallowing its body; one connection after another.

    Attributes:
        sent: Bytes of body that the system has taken from this server.
        swallowed: Bytes of body that came.
    """

    def __init__(self) -> None:
        self.sent = self.swallowed = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.moved = threading.Condition()

    @property
    def url(self) -> str:
        """Its origin, with a slash."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def __enter__(self) -> "Self":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def wait_until_stuck(self, seconds: float) -> int:
        """Return how much was sent once nothing more could be sent for `seconds`."""
        with self.moved:
            while self.moved.wait(seconds):
                pass
            return self.sent

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):  # the client may leave
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        buffer = memoryview(bytearray(MEBIBYTE))
        while head := self._read_head(connection):
            lines = head.split(b"\r\n")
            method, target, _ = lines[0].split(b" ")
            if method == b"GET":
                self._send(connection, int(target[1:]))
            else:
                length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
                self._swallow(connection, length, buffer)

    def _read_head(self, connection: socket.socket) -> bytes:
        """Read a head byte by byte, so that nothing of the body is taken with it."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                return b""
            head += byte
        return head

    def _send(self, connection: socket.socket, count: int) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (count * MEBIBYTE))
        block = memoryview(_BLOCK)
        for _ in range(count):
            offset = 0
            while offset < MEBIBYTE:
                offset += self._note(connection.send(block[offset:]))

    def _note(self, sent: int) -> int:
        with self.moved:
            self.sent += sent
            self.moved.notify_all()
        return sent

    def _swallow(self, connection: socket.socket, length: int, buffer: memoryview) -> None:
        left = length
        while left:
            count = connection.recv_into(buffer[: min(left, len(buffer))])
            if not count:
                return
            left -= count
            self.swallowed += count
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
