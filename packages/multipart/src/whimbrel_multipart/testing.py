"""The conformance kit for payloads: hand it yours, and it tells you what a client would trip over.

>>> from whimbrel_multipart import BytesPayload
>>> check_payload(lambda: BytesPayload(b"whimbrel"))
[]
"""

import asyncio
from collections.abc import Callable

from whimbrel_http1 import LocalError
from whimbrel_multipart.errors import BodyConsumed
from whimbrel_multipart.payload import Payload

__all__ = ["check_payload"]

PayloadMaker = Callable[[], Payload]


def check_payload(factory: PayloadMaker) -> list[str]:
    """Send payloads in every way that clients do, and return what they get wrong.

    Args:
        factory: Returns a new payload with the same content each time. Content that is not empty, and
            longer than one piece where it has several, finds more faults.

    Returns:
        One sentence per fault; an empty list when there is none.

    Raises:
        RuntimeError: A loop is running already in this thread.
    """
    return asyncio.run(_check(factory))


async def _check(factory: PayloadMaker) -> list[str]:
    payload: object = factory()
    if not isinstance(payload, Payload):
        return [f"the factory returned {type(payload).__name__}, not a Payload"]
    writer = _Writer()
    size = payload.size
    await payload.write(writer)
    content = writer.content()
    faults = [*writer.faults, *_check_head(factory())]
    if size is not None and size != len(content):
        faults.append(f"size is {size}, but write() sent {len(content)} bytes")
    faults += _check_memory(factory(), content)
    faults += await _check_repeated(factory, content)
    faults += await _check_as_bytes(factory(), content)
    faults += await _check_interrupted(factory, content)
    await factory().close()
    return faults


class _Writer:
    """A body writer that is slow, and particular about what it is given."""

    def __init__(self, *, fail: bool = False) -> None:
        self.faults: list[str] = []
        self._fail = fail
        self._pieces: list[bytes] = []
        self._busy = False

    def content(self) -> bytes:
        return b"".join(self._pieces)

    async def write(self, data: bytes, /) -> None:
        given: object = data
        if not isinstance(given, bytes):
            self._note(f"write() was given {type(given).__name__}, not bytes")
        elif not given:
            self._note("write() was given an empty piece, which would end a chunked body")
        if self._busy:
            self._note("write() was called before the call before it had returned")
        self._busy = True
        await asyncio.sleep(0)
        self._busy = False
        if self._fail:
            raise _PeerIsGoneError
        self._pieces.append(bytes(data))

    def _note(self, fault: str) -> None:
        if fault not in self.faults:
            self.faults.append(fault)


class _PeerIsGoneError(Exception):
    """Raised by a failing writer."""


def _check_head(payload: Payload) -> list[str]:
    if not payload.headers.get("Content-Type"):
        return ["headers hold no Content-Type"]
    try:
        payload.binary_headers  # noqa: B018 - a property that checks
    except LocalError as exc:
        return [f"headers cannot be sent: {exc}"]
    return []


def _check_memory(payload: Payload, content: bytes) -> list[str]:
    held: object = payload.in_memory()
    if held is None:
        return []
    if not isinstance(held, bytes):
        return [f"in_memory() returned {type(held).__name__}, not bytes"]
    if held != content:
        return ["in_memory() is not what write() sends"]
    return []


async def _check_repeated(factory: PayloadMaker, content: bytes) -> list[str]:
    faults: list[str] = []
    payload = factory()
    if type(payload).rewind is not Payload.rewind:
        try:
            payload.rewind()
        except BodyConsumed:
            faults.append("rewind() fails although nothing was sent yet")
    first = await _sent_by(payload)
    if first != content:
        faults.append("rewind() before the first write() changes what it sends")
    if await _sent_by(payload) not in {None, content}:
        faults.append("a second write() sends something else instead of raising BodyConsumed")
    if await _sent_by(payload, rewound=True) not in {None, content}:
        faults.append("write() after rewind() sends something else instead of rewind() raising BodyConsumed")
    elif payload.size not in {None, len(content)}:
        faults.append("size changes when the body is sent")
    return faults


async def _sent_by(payload: Payload, *, rewound: bool = False) -> bytes | None:
    writer = _Writer()
    try:
        if rewound:
            payload.rewind()
        await payload.write(writer)
    except BodyConsumed:
        return None
    return writer.content()


async def _check_as_bytes(payload: Payload, content: bytes) -> list[str]:
    if await payload.as_bytes() != content:
        return ["as_bytes() is not what write() sends"]
    held = payload.in_memory()
    if (held if held is not None else await _sent_by(payload)) != content:
        return ["the body cannot be sent after as_bytes()"]
    return []


async def _check_interrupted(factory: PayloadMaker, content: bytes) -> list[str]:
    faults: list[str] = []
    if not content:
        return faults
    payload = factory()
    try:
        await payload.write(_Writer(fail=True))
    except _PeerIsGoneError:
        pass
    else:
        faults.append("write() hides the error of its writer")
    if await _sent_by(payload, rewound=True) not in {None, content}:
        faults.append("after a failed write() the body is sent again in part")
    payload = factory()
    task = asyncio.ensure_future(payload.write(_Writer()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    if await _sent_by(payload, rewound=True) not in {None, content}:
        faults.append("after a cancelled write() the body is sent again in part")
    return faults
