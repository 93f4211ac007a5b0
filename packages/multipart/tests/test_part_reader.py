import base64
import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from whimbrel_multipart import (
    BodyConsumed,
    BodyPartReader,
    BodyPartReaderPayload,
    LimitExceeded,
    MultipartLimits,
    UndecodableContent,
    get_payload,
)
from whimbrel_multipart.payload import Collector
from whimbrel_multipart.testing import check_payload


class Pieces:
    """Content in pieces; the empty one at the end says so."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    async def next_piece(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def part(
    *pieces: bytes,
    headers: Mapping[str, str] | None = None,
    limits: MultipartLimits | None = None,
    subtype: str = "mixed",
) -> BodyPartReader:
    named = CIMultiDictProxy(CIMultiDict(headers or {}))
    return BodyPartReader(named, Pieces(pieces), subtype=subtype, limits=limits)


async def test_the_whole_content_is_read_once() -> None:
    reader = part(b"whim", b"brel")
    assert not reader.at_eof()
    assert await reader.read() == b"whimbrel"
    assert reader.at_eof()
    assert await reader.read() == await reader.read_chunk() == await reader.readline() == b""


async def test_chunks_are_as_large_as_asked_or_as_what_has_arrived() -> None:
    reader = part(b"whimbrel", b"!")
    assert [await reader.read_chunk(3) for _ in range(5)] == [b"whi", b"mbr", b"el", b"!", b""]
    assert reader.at_eof()


async def test_pieces_are_iterated_over() -> None:
    assert [piece async for piece in part(b"whim", b"brel")] == [b"whim", b"brel"]


async def test_ways_of_reading_can_be_mixed() -> None:
    reader = part(b"whim\nbr", b"el\nnest")
    assert await reader.read_chunk(2) == b"wh"
    assert await reader.readline() == b"im\n"
    assert await reader.readany() == b"br"
    assert await reader.readline() == b"el\n"
    assert await reader.read() == b"nest"


@given(st.lists(st.sampled_from([b"a", b"\n", b"bc", b"\r\n", b"d\ne"])))
async def test_lines_are_the_same_however_they_arrive(pieces: list[bytes]) -> None:
    reader = part(*pieces)
    lines: list[bytes] = []
    while line := await reader.readline():
        lines.append(line)
    *whole, last = b"".join(pieces).split(b"\n")
    assert lines == [line + b"\n" for line in whole] + ([last] if last else [])


async def test_what_is_left_is_skipped() -> None:
    reader = part(b"whim", b"brel")
    await reader.read_chunk(1)
    await reader.release()
    assert reader.at_eof()


@given(st.binary(max_size=300), st.integers(4, 50), st.lists(st.integers(0, 400)), st.integers(1, 80))
async def test_chunks_of_base64_are_decoded_one_by_one(
    content: bytes, size: int, places: list[int], width: int
) -> None:
    text = base64.b64encode(content)
    wire = b"\r\n".join(text[at : at + width] for at in range(0, len(text), width))
    edges = sorted({0, len(wire), *(place % (len(wire) + 1) for place in places)})
    reader = part(*(wire[a:b] for a, b in pairwise(edges)), headers={"Content-Transfer-Encoding": "Base64"})
    decoded = b""
    while chunk := await reader.read_chunk(size):
        assert len(chunk) <= size
        decoded += reader.decode(chunk)
    assert decoded == content


@pytest.mark.parametrize(("size", "headers"), [(0, {}), (3, {"Content-Transfer-Encoding": "base64"})])
async def test_a_chunk_too_small_is_refused(size: int, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="size"):
        await part(b"x", headers=headers).read_chunk(size)


CODED = [
    pytest.param(b"whimbrel", {}, id="plain"),
    pytest.param(base64.b64encode(b"whimbrel"), {"Content-Transfer-Encoding": "base64"}, id="base64"),
    pytest.param(
        b"whim=\r\nb=72el", {"Content-Transfer-Encoding": "quoted-printable"}, id="quoted-printable"
    ),
    pytest.param(b"whimbrel", {"Content-Transfer-Encoding": "8bit"}, id="8bit"),
    pytest.param(gzip.compress(b"whimbrel"), {"Content-Encoding": "gzip"}, id="gzip"),
    pytest.param(zlib.compress(b"whimbrel"), {"Content-Encoding": "deflate"}, id="deflate"),
    pytest.param(
        base64.b64encode(gzip.compress(b"whimbrel")),
        {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"},
        id="both",
    ),
]


@pytest.mark.parametrize(("wire", "headers"), CODED)
async def test_codings_are_undone_when_asked(wire: bytes, headers: dict[str, str]) -> None:
    assert await part(wire, headers=headers).read(decode=True) == b"whimbrel"
    assert await part(wire, headers=headers).read() == wire
    assert await part(wire, headers=headers).text() == "whimbrel"


async def test_no_content_coding_applies_in_a_form() -> None:
    assert (
        await part(b"x", subtype="form-data", headers={"Content-Encoding": "gzip"}).read(decode=True) == b"x"
    )


async def test_a_bomb_is_stopped_at_the_limit() -> None:
    reader = part(
        gzip.compress(bytes(100_000)),
        limits=MultipartLimits(decoded_bytes=1000),
        headers={"Content-Encoding": "gzip"},
    )
    with pytest.raises(LimitExceeded, match="decoded_bytes"):
        await reader.read(decode=True)


async def test_collected_content_is_bounded() -> None:
    limits = MultipartLimits(read_bytes=8)
    assert await part(b"whim", b"brel", limits=limits).read() == b"whimbrel"
    with pytest.raises(LimitExceeded, match="read_bytes=8"):
        await part(b"whim", b"brel", b"!", limits=limits).read()
    assert len(await part(b"x" * 100, limits=MultipartLimits(read_bytes=None)).read()) == 100


async def test_lines_are_bounded() -> None:
    limits = MultipartLimits(line_bytes=4)
    assert await part(b"abc\n", limits=limits).readline() == b"abc\n"
    with pytest.raises(LimitExceeded, match="line_bytes=4"):
        await part(b"ab", b"cd\n", limits=limits).readline()


@pytest.mark.parametrize(
    ("content_type", "encoding", "charset"),
    [
        ("text/plain; charset=koi8-r", None, "koi8-r"),
        ("text/plain; charset=ascii", "koi8-r", "koi8-r"),
        ("text/plain", None, "utf-8"),
        ("", None, "utf-8"),
    ],
)
async def test_text_is_decoded_by_its_charset(content_type: str, encoding: str | None, charset: str) -> None:
    assert (
        await part("кулик".encode(charset), headers={"Content-Type": content_type}).text(encoding=encoding)
        == "кулик"
    )


@pytest.mark.parametrize(
    ("content_type", "content"),
    [("text/plain", b"\xff"), ("text/plain; charset=klingon", b"a"), ("text/plain; charset=hex", b"00")],
)
async def test_text_that_cannot_be_decoded_is_an_error(content_type: str, content: bytes) -> None:
    with pytest.raises(UndecodableContent):
        await part(content, headers={"Content-Type": content_type}).text()


async def test_json_is_read() -> None:
    assert await part(json.dumps({"a": "ü"}).encode()).json() == {"a": "ü"}
    assert await part().json() is None
    with pytest.raises(ValueError, match="Expecting"):
        await part(b"x").json()


async def test_urlencoded_forms_are_read() -> None:
    assert await part(b"a=b+c&d=\r\n").form() == [("a", "b c"), ("d", "")]
    assert await part(b"a=%CB%D5").form(encoding="koi8-r") == [("a", "ку")]
    assert await part().form() == []
    with pytest.raises(LimitExceeded, match="parts=2"):
        await part(b"a=1&b=2&c=3", limits=MultipartLimits(parts=2)).form()


def test_the_names_come_from_the_disposition() -> None:
    reader = part(headers={"Content-Disposition": 'form-data; name="a"; filename="b;c"'})
    assert (reader.name, reader.filename) == ("a", "b;c")
    assert (part().name, part().filename) == (None, None)


async def test_a_part_is_passed_on_as_it_is() -> None:
    disposition = 'form-data; name="a"; filename="f.gz"'
    wire = gzip.compress(b"whimbrel")
    headers = {
        "Content-Type": "x/y",
        "Content-Disposition": disposition,
        "Content-Encoding": "gzip",
        "Content-Length": "5",
    }
    payload = get_payload(part(wire, headers=headers))
    assert isinstance(payload, BodyPartReaderPayload)
    assert payload.content_type == "x/y"
    assert payload.filename == "f.gz"
    assert payload.headers == {
        "Content-Type": "x/y",
        "Content-Disposition": disposition,
        "Content-Encoding": "gzip",
    }
    collector = Collector()
    await payload.write(collector)
    assert collector.joined() == wire
    with pytest.raises(BodyConsumed):
        payload.rewind()


def test_the_kit_has_nothing_to_say() -> None:
    assert check_payload(lambda: get_payload(part(b"whim", b"brel"))) == []


async def test_the_rest_comes_next_and_then_nothing() -> None:
    reader = part(b"tid", b"e")
    assert await anext(reader) == b"tid"
    assert [await reader.next(), await reader.next()] == [b"e", None]


async def test_decoding_can_be_iterated_over() -> None:
    reader = part(headers={"Content-Transfer-Encoding": "base64"})
    assert [piece async for piece in reader.decode_iter(b"dGlkZQ==")] == [b"tide"]
    assert [piece async for piece in reader.decode_iter(b"")] == []
