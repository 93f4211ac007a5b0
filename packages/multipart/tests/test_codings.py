import base64
import quopri
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_multipart import InvalidField, LimitExceeded, UndecodableContent
from whimbrel_multipart._codings import CodingWriter, decode_transfer, decompress, part_encoders
from whimbrel_multipart.payload import Collector


async def coded(pieces: list[bytes], content: str | None, transfer: str | None) -> bytes:
    collector = Collector()
    writer = CodingWriter(collector, content, transfer)
    for piece in pieces:
        await writer.write(piece)
    await writer.finish()
    return collector.joined()


@given(st.lists(st.binary(max_size=200)), st.sampled_from([None, "base64", "quoted-printable"]))
async def test_what_is_encoded_in_any_pieces_is_decoded(pieces: list[bytes], transfer: str | None) -> None:
    whole = b"".join(pieces)
    encoded = await coded(pieces, None, transfer)
    assert encoded == await coded([whole], None, transfer)
    assert decode_transfer(transfer or "", encoded) == whole


@pytest.mark.parametrize("content", ["gzip", "deflate"])
@pytest.mark.parametrize("transfer", [None, "base64", "quoted-printable"])
async def test_compression_comes_before_the_transfer_coding(content: str, transfer: str | None) -> None:
    encoded = await coded([b"whimbrel" * 1000, b"", b"!"], content, transfer)
    assert decompress(content, decode_transfer(transfer or "", encoded), 10_000) == b"whimbrel" * 1000 + b"!"


@given(st.binary(max_size=500))
async def test_the_standard_library_reads_both_transfer_codings(content: bytes) -> None:
    assert base64.b64decode(await coded([content], None, "base64")) == content
    assert quopri.decodestring(await coded([content], None, "quoted-printable")) == content


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable"])
async def test_lines_are_no_longer_than_76_characters(transfer: str) -> None:
    encoded = await coded([bytes(range(256)) * 4], None, transfer)
    assert max(map(len, encoded.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    ("content", "transfer", "expected"),
    [
        ("", "", (None, None)),
        ("identity", "binary", (None, None)),
        ("", "8bit", (None, None)),
        ("GZIP", "BASE64", ("gzip", "base64")),
        ("deflate", "quoted-printable", ("deflate", "quoted-printable")),
    ],
)
def test_codings_are_recognised(content: str, transfer: str, expected: tuple[str | None, str | None]) -> None:
    assert part_encoders(content, transfer) == expected


@pytest.mark.parametrize(("content", "transfer"), [("br", ""), ("", "uuencode")])
def test_codings_that_cannot_be_written_are_refused(content: str, transfer: str) -> None:
    with pytest.raises(InvalidField):
        part_encoders(content, transfer)


@pytest.mark.parametrize(("coding", "data"), [("base64", b"abc"), ("x-uuencode", b"")])
def test_a_broken_transfer_coding_is_refused(coding: str, data: bytes) -> None:
    with pytest.raises(UndecodableContent) as caught:
        decode_transfer(coding, data)
    assert caught.value.coding == coding


def test_deflate_is_read_with_and_without_its_header() -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decompress("deflate", raw.compress(b"whimbrel") + raw.flush(), 100) == b"whimbrel"
    assert decompress("deflate", zlib.compress(b"whimbrel"), 100) == b"whimbrel"


@pytest.mark.parametrize(
    ("coding", "data", "what"),
    [
        ("gzip", b"whimbrel", "header"),
        ("gzip", zlib.compress(b"a"), "header"),
        ("deflate", zlib.compress(b"whimbrel")[:-5], "early"),
        ("br", b"", "no such"),
    ],
)
def test_a_broken_content_coding_is_refused(coding: str, data: bytes, what: str) -> None:
    with pytest.raises(UndecodableContent, match=what):
        decompress(coding, data, 100)


def test_a_bomb_is_stopped_at_the_limit() -> None:
    bomb = zlib.compress(bytes(10_000_000))
    with pytest.raises(LimitExceeded, match="decoded_bytes=1000"):
        decompress("deflate", bomb, 1000)
    assert decompress("deflate", zlib.compress(bytes(1000)), 1000) == bytes(1000)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity", ""])
def test_no_content_is_no_content(coding: str) -> None:
    assert decompress(coding, b"", 10) == b""
