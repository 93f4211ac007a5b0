import gzip
import io
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_multipart import (
    AsyncIterablePayload,
    BodyConsumed,
    BytesPayload,
    EndOfMultipart,
    InvalidBoundary,
    InvalidField,
    JsonPayload,
    MultipartParser,
    MultipartWriter,
    PartBegin,
    PartEnd,
    Payload,
    StringPayload,
    get_payload,
)
from whimbrel_multipart.payload import Collector
from whimbrel_multipart.testing import check_payload


async def sent(payload: Payload) -> bytes:
    collector = Collector()
    await payload.write(collector)
    return collector.joined()


async def generator() -> AsyncIterator[bytes]:
    yield b"whim"
    yield b"brel"


async def test_parts_are_written_between_delimiters() -> None:
    writer = MultipartWriter(boundary=":")
    writer.append("foo")
    writer.append_json({"a": 1})
    writer.append_form({"a": "b c"})
    body = (
        b"--:\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfoo\r\n"
        b'--:\r\nContent-Type: application/json\r\n\r\n{"a": 1}\r\n'
        b"--:\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=b+c\r\n"
        b"--:--\r\n"
    )
    assert await sent(writer) == writer.in_memory() == await writer.as_bytes() == body
    assert writer.size == len(body)
    assert writer.content_type == 'multipart/mixed; boundary=":"'
    assert len(writer) == 3


async def test_a_body_without_parts_is_a_closing_delimiter() -> None:
    writer = MultipartWriter("form-data", boundary="b")
    assert await sent(writer) == b"--b--\r\n"
    assert writer
    assert not list(writer)


async def test_the_closing_delimiter_can_be_left_out() -> None:
    writer = MultipartWriter(boundary="b")
    writer.append(b"x")
    collector = Collector()
    await writer.write(collector, close_boundary=False)
    assert collector.joined().endswith(b"x\r\n")


def test_the_boundary_is_random_unless_given() -> None:
    assert MultipartWriter().boundary != MultipartWriter().boundary
    assert len(MultipartWriter().boundary) == 32
    assert MultipartWriter(boundary="abc").boundary == "abc"


@pytest.mark.parametrize("subtype", ["", "mixed; x=y", "mixed\r\nX: y", "a b"])
def test_the_subtype_is_a_token(subtype: str) -> None:
    with pytest.raises(InvalidField, match="subtype"):
        MultipartWriter(subtype)


@pytest.mark.parametrize("content", [b"--b", b"a\r\n--b", b"a\r\n--boundary"])
def test_a_boundary_given_that_stands_in_the_content_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidBoundary, match="stands in"):
        MultipartWriter(boundary="b").append(content)


async def test_a_boundary_given_may_stand_inside_a_line() -> None:
    writer = MultipartWriter(boundary="b")
    writer.append(b"a --b")
    assert b"\r\na --b\r\n--b--" in await sent(writer)


def test_an_inner_boundary_must_not_begin_with_the_outer() -> None:
    with pytest.raises(InvalidBoundary, match="inner"):
        MultipartWriter(boundary="abc").append(MultipartWriter(boundary="abcd"))
    writer = MultipartWriter()
    with pytest.raises(InvalidBoundary, match="itself"):
        writer.append(writer)


async def test_bodies_nest() -> None:
    inner = MultipartWriter("alternative", boundary="in")
    inner.append("foo")
    outer = MultipartWriter(boundary="out")
    outer.append(inner, {"X-Nest": "4"})
    body = await sent(outer)
    assert body == (
        b"--out\r\nContent-Type: multipart/alternative; boundary=in\r\nX-Nest: 4\r\n\r\n"
        b"--in\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfoo\r\n--in--\r\n\r\n--out--\r\n"
    )
    assert outer.size == len(body)


def test_the_size_is_known_when_that_of_every_part_is(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"whimbrel")
    with (tmp_path / "f").open("rb") as file:
        writer = MultipartWriter()
        writer.append(file)
        writer.append(AsyncIterablePayload(generator(), size=8))
        assert writer.size is not None
        assert writer.in_memory() is None
        writer.append(generator())
        assert writer.size is None


def test_a_large_body_is_not_joined() -> None:
    writer = MultipartWriter()
    writer.append(io.BytesIO(bytes(2_000_000)))
    assert writer.in_memory() is None
    assert writer.size is not None


async def test_small_parts_go_out_together_and_large_ones_alone() -> None:
    pieces: list[int] = []

    class Writer:
        async def write(self, data: bytes, /) -> None:
            pieces.append(len(data))

    writer = MultipartWriter()
    for _ in range(100):
        writer.append("x" * 100)
    writer.append(bytes(100_000))
    writer.append("x")
    await writer.write(Writer())
    assert len(pieces) == 3
    assert pieces[1] == 100_000
    assert sum(pieces) == writer.size


async def test_codings_named_by_the_headers_are_applied() -> None:
    writer = MultipartWriter(boundary="b")
    writer.append(b"whimbrel", {"Content-Encoding": "gzip"})
    writer.append(b"whimbrel", {"Content-Transfer-Encoding": "base64"})
    writer.append(b"a=b", {"Content-Transfer-Encoding": "quoted-printable"})
    writer.append(b"whimbrel", {"Content-Encoding": "identity", "Content-Transfer-Encoding": "binary"})
    assert writer.size is None
    assert writer.in_memory() is None
    body = await sent(writer)
    zipped = body.split(b"\r\n--b")[0].partition(b"\r\n\r\n")[2]
    assert gzip.decompress(zipped) == b"whimbrel"
    assert b"\r\n\r\nd2hpbWJyZWw=\r\n--b" in body
    assert b"\r\n\r\na=3Db\r\n--b" in body
    assert body.endswith(b"\r\n\r\nwhimbrel\r\n--b--\r\n")
    assert [part.te_encoding for part in writer] == [None, "base64", "quoted-printable", None]
    assert (await writer.as_bytes()).endswith(body[-100:])


def test_codings_that_cannot_be_applied_are_refused() -> None:
    with pytest.raises(InvalidField, match="Content-Encoding"):
        MultipartWriter().append(b"", {"Content-Encoding": "br"})
    with pytest.raises(InvalidField, match="Content-Transfer-Encoding"):
        MultipartWriter().append(b"", {"Content-Transfer-Encoding": "uuencode"})


@pytest.mark.parametrize("name", ["Content-Encoding", "Content-Length"])
def test_some_headers_may_not_stand_in_a_form(name: str) -> None:
    with pytest.raises(InvalidField, match=r"RFC 7578 section 4\.8"):
        MultipartWriter("form-data").append(b"", {name: "4"})


def test_every_part_of_a_form_has_a_name() -> None:
    writer = MultipartWriter("form-data")
    writer.append("a")
    writer.append("b", {"Content-Disposition": 'form-data; name="b"'})
    names = [part.payload.headers["Content-Disposition"] for part in writer]
    assert names == ['form-data; name="section-0"', 'form-data; name="b"']


def test_what_has_no_payload_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        MultipartWriter().append(object())


def test_append_returns_the_payload_of_the_part() -> None:
    with MultipartWriter() as writer:
        payload = StringPayload("a")
        assert writer.append(payload, {"X-A": "b"}) is payload
        assert payload.headers["X-A"] == "b"
        assert isinstance(writer.append_json([]), JsonPayload)
        assert writer.append_form([("a", "1"), ("a", "2")]).in_memory() == b"a=1&a=2"


async def test_a_body_is_repeated_when_every_part_can_be() -> None:
    writer = MultipartWriter()
    writer.append(b"a")
    writer.append(io.BytesIO(b"b"))
    first = await sent(writer)
    writer.rewind()
    assert await sent(writer) == first
    writer.append(generator())
    await sent(writer)
    with pytest.raises(BodyConsumed, match="AsyncIterablePayload"):
        writer.rewind()
    with pytest.raises(BodyConsumed):
        await sent(writer)


async def test_closing_a_body_closes_its_parts(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    with (tmp_path / "f").open("rb") as file:
        writer = MultipartWriter()
        writer.append(file)
        await writer.close()
        assert file.closed


@given(
    st.lists(st.tuples(st.text(st.characters(min_codepoint=33, max_codepoint=126)), st.binary(max_size=300)))
)
async def test_what_is_written_is_read(parts: list[tuple[str, bytes]]) -> None:
    writer = MultipartWriter()
    for text, content in parts:
        writer.append(content, {"X-Text": text})
    body = await sent(writer)
    assert body == writer.in_memory()
    assert len(body) == writer.size
    events = MultipartParser(writer.boundary).feed(body)
    assert events[-1] == EndOfMultipart()
    headers = [event.raw_headers[1] for event in events if isinstance(event, PartBegin)]
    assert headers == [(b"X-Text", text.encode()) for text, _ in parts]
    contents: list[bytes] = []
    for event in events:
        if isinstance(event, PartBegin):
            contents.append(b"")
        elif isinstance(event, bytes):
            contents[-1] += event
    assert contents == [content for _, content in parts]
    assert events.count(PartEnd()) == len(parts)


async def test_the_standard_library_reads_what_is_written() -> None:
    writer = MultipartWriter()
    writer.append("кулик")
    writer.append(bytes(range(256)), {"Content-Transfer-Encoding": "base64"})
    inner = MultipartWriter("alternative")
    inner.append_json({"a": 1})
    writer.append(inner)
    head = f"Content-Type: {writer.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + await sent(writer), policy=HTTP)
    assert not message.defects
    text, binary, nested = message.iter_parts()
    assert text.get_payload(decode=True) == "кулик".encode()
    assert binary.get_payload(decode=True) == bytes(range(256))
    assert [part.get_content_type() for part in nested.iter_parts()] == ["application/json"]


def in_memory() -> MultipartWriter:
    writer = MultipartWriter()
    writer.append("a")
    return writer


def streamed() -> MultipartWriter:
    writer = MultipartWriter()
    writer.append(generator())
    writer.append(b"x" * 100_000)
    return writer


def coded() -> MultipartWriter:
    writer = MultipartWriter()
    writer.append(
        BytesPayload(b"a" * 300_000), {"Content-Encoding": "gzip", "Content-Transfer-Encoding": "base64"}
    )
    writer.append(get_payload(io.BytesIO(b"b" * 300_000)))
    return writer


@pytest.mark.parametrize("make", [in_memory, streamed, coded])
def test_the_kit_has_nothing_to_say(
    make: Callable[[], MultipartWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whimbrel_multipart.writer.new_boundary", lambda: "the-same-each-time")
    assert check_payload(make) == []


async def test_it_is_consumed_when_a_part_is() -> None:
    async def once() -> AsyncIterator[bytes]:
        yield b"egg"

    with MultipartWriter() as writer:
        writer.append("tide")
        writer.append(once())
    before = writer.consumed
    await writer.write(Collector())
    assert (before, writer.consumed, writer.autoclose) == (False, True, True)
