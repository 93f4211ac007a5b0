"""`compress=`: a body compressed on its way out."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict

from whimbrel import ClientSession, FormData, payload_type
from whimbrel._bodies import payload_of
from whimbrel._compression import CompressedPayload, coding_of, compressed
from whimbrel_multipart import BodyConsumed, Payload

LARGE = bytes(range(256)) * 4096  # more than one step, and more than is compressed at once


class Sink:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def write(self, data: bytes, /) -> None:
        self.pieces.append(data)

    def inflated(self, bits: int = zlib.MAX_WBITS) -> bytes:
        return zlib.decompress(b"".join(self.pieces), bits)


async def pieces() -> AsyncIterator[bytes]:
    yield b"whim"
    yield b""
    yield b"brel" * 10_000


@pytest.mark.parametrize(
    ("given", "coding"), [(True, "deflate"), ("gzip", "gzip"), (None, None), (False, None), ("", None)]
)
def test_a_coding_is_named_or_meant(given: str | bool | None, coding: str | None) -> None:
    assert coding_of(given) == coding


def test_an_unknown_coding_is_refused() -> None:
    with pytest.raises(ValueError, match="'tar'"):
        coding_of("tar")


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"bird", b"bird"),
        (LARGE, LARGE),
        ("süß", "süß".encode()),
        ({"a": "b"}, b"a=b"),
        (io.BytesIO(LARGE), LARGE),
        (pieces(), b"whim" + b"brel" * 10_000),
    ],
)
@pytest.mark.parametrize(("coding", "bits"), [("deflate", 15), ("gzip", 31)])
async def test_whatever_is_sent_is_compressed(data: object, content: bytes, coding: str, bits: int) -> None:
    body = payload_of(io.BytesIO(LARGE) if isinstance(data, io.BytesIO) else data)
    if not isinstance(data, (bytes, str, dict, io.BytesIO)):
        body = payload_of(pieces())
    assert body is not None
    sink, payload = Sink(), CompressedPayload(body, coding)
    await payload.write(sink)
    assert sink.inflated(bits) == content
    assert (payload.size, payload.in_memory()) == (None, None)
    assert payload.headers["Content-Encoding"] == coding
    assert payload.content_type == body.content_type


async def test_a_large_body_leaves_the_loop_free_between_its_steps() -> None:
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    sink, others = Sink(), asyncio.ensure_future(turn())
    body = payload_of(LARGE)
    assert body is not None
    await CompressedPayload(body, "gzip").write(sink)
    others.cancel()
    assert turns >= len(LARGE) // (256 * 1024)
    assert sink.inflated(31) == LARGE


async def test_a_body_that_can_be_repeated_is_compressed_anew() -> None:
    body = payload_of(io.BytesIO(b"bird"))
    assert body is not None
    payload = CompressedPayload(body, "deflate")
    for _ in range(2):
        sink = Sink()
        await payload.write(sink)
        assert sink.inflated() == b"bird"
        payload.rewind()


async def test_a_body_that_is_spent_says_so() -> None:
    body = payload_of(pieces())
    assert body is not None
    payload = CompressedPayload(body, "deflate")
    await payload.write(Sink())
    with pytest.raises(BodyConsumed):
        payload.rewind()


@pytest.mark.parametrize("empty", [None, b"", "", {}])
def test_nothing_is_not_compressed(empty: object) -> None:
    body = payload_of(empty)
    assert compressed(body, "deflate", CIMultiDict()) is body


@pytest.mark.parametrize("name", ["Content-Encoding", "content-length"])
async def test_what_is_encoded_already_is_not_compressed_again(name: str) -> None:
    """S131."""
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="compress can not be set"):
            await session.post("http://127.0.0.1:9/", data=b"x", headers={name: "5"}, compress=True)


async def test_closing_it_closes_what_it_compresses() -> None:
    class Owner:
        closed = False

    @payload_type(Owner)
    class OwnerPayload(Payload):
        async def write(self, writer: object) -> None:
            raise NotImplementedError

        async def close(self) -> None:
            self._value.closed = True

    owner = Owner()
    body = payload_of(owner)
    assert body is not None
    await CompressedPayload(body, "gzip").close()
    assert owner.closed


async def test_a_form_is_compressed_whole() -> None:
    form = FormData(default_to_multipart=True)
    form.add_field("bird", "whimbrel")
    body = payload_of(form)
    assert body is not None
    sink = Sink()
    await CompressedPayload(body, "deflate").write(sink)
    assert b'name="bird"\r\n' in sink.inflated()
