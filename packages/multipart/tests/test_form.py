import io
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict, MultiDictProxy

from whimbrel_multipart import (
    BodyConsumed,
    BytesPayload,
    FormData,
    InvalidBoundary,
    InvalidField,
    MultipartWriter,
    Payload,
    Quoting,
    StringPayload,
)
from whimbrel_multipart.payload import Collector


async def sent(payload: Payload) -> bytes:
    collector = Collector()
    await payload.write(collector)
    return collector.joined()


async def generator() -> AsyncIterator[bytes]:
    yield b"whim"
    yield b"brel"


def part(disposition: str, content: bytes, content_type: str = "text/plain; charset=utf-8") -> bytes:
    head = f"--b\r\nContent-Type: {content_type}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


FIELDS: list[Any] = [
    {"key1": "value1", "key2": "value2"},
    [("key1", "value1"), ("key2", "value2")],
    (["key1", "value1"], ["key2", "value2"]),
    MultiDict({"key1": "value1", "key2": "value2"}),
    MultiDictProxy(MultiDict({"key1": "value1", "key2": "value2"})),
    [{"key1": "value1"}, ("key2", "value2")],
]


@pytest.mark.parametrize("fields", FIELDS)
def test_fields_are_urlencoded_in_the_order_given(fields: Any) -> None:
    form = FormData(fields)
    assert not form.is_multipart
    payload = form()
    assert payload.in_memory() == b"key1=value1&key2=value2"
    assert payload.content_type == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        pytest.param({}, b"", id="nothing"),
        pytest.param({"a": ""}, b"a=", id="empty value"),
        pytest.param({"a b": "c&d=e"}, b"a+b=c%26d%3De", id="reserved characters"),
        pytest.param({"ü": "€"}, b"%C3%BC=%E2%82%AC", id="not ASCII"),
        pytest.param({"a": 5}, b"a=5", id="number"),
        pytest.param({"a": ["1", "2"]}, b"a=1&a=2", id="list"),
        pytest.param([("a", "1"), ("a", "2")], b"a=1&a=2", id="repeated"),
        pytest.param({"a\r\nb\0": "\r\n"}, b"a%0D%0Ab%00=%0D%0A", id="control characters"),
    ],
)
def test_values_are_urlencoded(fields: Any, body: bytes) -> None:
    assert FormData(fields)().in_memory() == body


_VALUES = st.one_of(
    st.text(), st.integers(), st.none(), st.lists(st.one_of(st.text(), st.integers()), max_size=3)
)


@given(st.lists(st.tuples(st.text(), _VALUES), max_size=5), st.sampled_from(["utf-8", "utf-16"]))
def test_forms_are_urlencoded_as_the_standard_library_does_it(fields: Any, charset: str) -> None:
    body = FormData(fields, charset=charset)().in_memory()
    assert body == urlencode(fields, doseq=True, encoding=charset).encode()


def test_the_charset_is_used_and_announced() -> None:
    payload = FormData({"a": "кулик"}, charset="koi8-r")()
    assert payload.content_type == "application/x-www-form-urlencoded; charset=koi8-r"
    assert payload.in_memory() == b"a=%CB%D5%CC%C9%CB"
    multipart = FormData({"a": "кулик"}, charset="koi8-r", default_to_multipart=True)()
    assert "кулик".encode("koi8-r") in (multipart.in_memory() or b"")


async def test_a_file_makes_the_form_multipart(tmp_path: Path) -> None:
    (tmp_path / "report.xls").write_bytes(b"whimbrel")
    with (tmp_path / "report.xls").open("rb") as file:
        form = FormData({"a": "1", "file": file}, boundary="b")
        assert form.is_multipart
        payload = form()
        assert payload.content_type == "multipart/form-data; boundary=b"
        body = await sent(payload)
        assert payload.size == len(body)
    disposition = 'name="file"; filename="report.xls"'
    assert (
        body
        == part('name="a"', b"1") + part(disposition, b"whimbrel", "application/vnd.ms-excel") + b"--b--\r\n"
    )


async def test_a_file_alone_is_a_field_named_after_it(tmp_path: Path) -> None:
    (tmp_path / "nest.bin").write_bytes(b"whimbrel")
    with (tmp_path / "nest.bin").open("rb") as file:
        body = await sent(FormData(file)())
    assert b'name="nest.bin"; filename="nest.bin"' in body
    assert b'name="unknown"; filename="unknown"' in await sent(FormData(io.BytesIO(b""))())


def test_the_name_and_the_type_of_a_file_can_be_given() -> None:
    form = FormData(boundary="b")
    form.add_field("f", io.BytesIO(b"x"), filename="report.xls", content_type="application/x-report")
    form.add_field("g", io.BytesIO(b"y"), filename="nest.png")
    form.add_field("h", "{}", content_type="application/json")
    form.add_field("i", "text", filename="a.json")
    assert form().in_memory() == (
        part('name="f"; filename="report.xls"', b"x", "application/x-report")
        + part('name="g"; filename="nest.png"', b"y", "image/png")
        + part('name="h"', b"{}", "application/json")
        + part('name="i"; filename="a.json"', b"text")
        + b"--b--\r\n"
    )


@pytest.mark.parametrize("value", [b"whimbrel", bytearray(b"whimbrel"), memoryview(b"whimbrel")])
def test_bytes_are_a_file(value: Any) -> None:
    form = FormData({"a": value}, boundary="b")
    assert (
        form().in_memory()
        == part('name="a"; filename="a"', b"whimbrel", "application/octet-stream") + b"--b--\r\n"
    )


async def test_payloads_and_streams_make_the_form_multipart() -> None:
    form = FormData({"a": StringPayload("x", content_type="text/x"), "b": generator()}, boundary="b")
    assert form.is_multipart
    assert await sent(form()) == (
        part('name="a"', b"x", "text/x")
        + part('name="b"', b"whimbrel", "application/octet-stream")
        + b"--b--\r\n"
    )


def test_no_part_of_a_form_has_a_length_of_its_own() -> None:
    payload = BytesPayload(b"x", headers={"Content-Length": "1"})
    assert b"Content-Length" not in (FormData({"a": payload})().in_memory() or b"")


@pytest.mark.parametrize(
    ("name", "quote_fields", "written"),
    [
        ('a"b.txt', True, 'filename="a%22b.txt"'),
        ("a\r\nb.txt", True, 'filename="a%0D%0Ab.txt"'),
        ("a\\b.txt", True, 'filename="a\\b.txt"'),
        ("grüße 1.txt", True, 'filename="grüße 1.txt"'),
        ("grüße 1.txt", False, 'filename="grüße 1.txt"'),
        ('a"\\b.txt', False, 'filename="a\\"\\\\b.txt"'),
        ("ü", Quoting.EXTENDED, "filename=\"ü\"; filename*=utf-8''%C3%BC"),
    ],
)
def test_file_names_are_quoted_as_asked(name: str, quote_fields: bool | Quoting, written: str) -> None:
    form = FormData(quote_fields=quote_fields)
    form.add_field("f", "x", filename=name)
    assert f'name="f"; {written}\r\n'.encode() in (form().in_memory() or b"")


@pytest.mark.parametrize(
    "options",
    [
        {"content_type": "text/plain\r\nX-Injected: yes"},
        {"content_type": "text/plain\n"},
        {"filename": "a\0b"},
        {"content_transfer_encoding": "base64\r\nX: y"},
        {"content_transfer_encoding": "uuencode"},
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_when_it_is_added(options: dict[str, str]) -> None:
    with pytest.raises(InvalidField):
        FormData().add_field("a", "b", **options)


def test_a_name_that_cannot_stand_in_a_header_is_refused_in_a_multipart_form() -> None:
    with pytest.raises(InvalidField):
        FormData(quote_fields=False, default_to_multipart=True).add_field("a\r\nb", "c")
    form = FormData({"a\0": "b"})
    form.add_field("file", b"x")
    with pytest.raises(InvalidField):
        form()


@pytest.mark.parametrize("option", ["content_type", "filename", "content_transfer_encoding"])
@pytest.mark.parametrize("value", [0, 0.1, {}, [], b"foo"])
def test_options_are_text(option: str, value: Any) -> None:
    with pytest.raises(TypeError, match=option):
        FormData().add_field("a", "b", **{option: value})


@pytest.mark.parametrize("fields", ["as", b"as", 5, [("a", "b", "c")], ["ab"], [5], [None]])
def test_fields_of_another_shape_are_refused(fields: Any) -> None:
    with pytest.raises(TypeError, match="pair"):
        FormData(fields)


def test_names_are_text() -> None:
    with pytest.raises(TypeError, match="name"):
        FormData({5: "a"})


def test_values_without_a_payload_are_refused_in_a_multipart_form() -> None:
    with pytest.raises(TypeError, match="field 'a' of type int"):
        FormData({"a": 5}, default_to_multipart=True)()


def test_charset_and_boundary_are_checked() -> None:
    with pytest.raises(InvalidField, match="charset"):
        FormData(charset="utf-8\r\nX: y")
    with pytest.raises(InvalidBoundary):
        FormData(boundary="a\r\nb")


def test_a_transfer_coding_asked_for_is_applied() -> None:
    form = FormData()
    form.add_field("a", b"whimbrel", content_transfer_encoding="binary")
    body = form().in_memory() or b""
    assert b"Content-Transfer-Encoding: binary\r\n" in body
    assert b"filename" not in body


async def test_base64_is_applied() -> None:
    form = FormData()
    form.add_field("a", "whimbrel", content_transfer_encoding="base64")
    assert b"\r\n\r\nd2hpbWJyZWw=\r\n" in await sent(form())


async def test_a_form_with_files_is_sent_again_from_their_start(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"whimbrel")
    with (tmp_path / "f").open("rb") as file:
        file.seek(4)
        form = FormData({"f": file, "a": io.BytesIO(b"x"), "t": io.StringIO("y")}, boundary="b")
        first, second = form(), form()
        body = await sent(first)
        assert b"\r\n\r\nbrel\r\n" in body
        assert b"\r\n\r\ny\r\n" in body
        assert await sent(second) == body
        assert await sent(form()) == body


async def test_a_form_with_a_stream_is_sent_once() -> None:
    form = FormData({"a": generator()})
    await sent(form())
    with pytest.raises(BodyConsumed):
        form()


async def test_a_form_with_a_closed_file_is_not_sent_again(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"whimbrel")
    with (tmp_path / "f").open("rb") as file:
        form = FormData({"f": file})
        await sent(form())
    with pytest.raises(BodyConsumed, match="closed"):
        form()


async def test_a_field_can_be_added_between_two_uses() -> None:
    form = FormData({"a": b"1"}, boundary="b")
    await sent(form())
    form.add_field("c", "2")
    assert await sent(form()) == (
        part('name="a"; filename="a"', b"1", "application/octet-stream")
        + part('name="c"', b"2")
        + b"--b--\r\n"
    )


def test_each_use_has_a_boundary_of_its_own() -> None:
    form = FormData({"a": b"1"})
    first, second = form(), form()
    assert isinstance(first, MultipartWriter)
    assert isinstance(second, MultipartWriter)
    assert first.boundary != second.boundary


FIELD_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(FIELD_TEXT, FIELD_TEXT)))
def test_urlencoded_forms_are_read_back(fields: list[tuple[str, str]]) -> None:
    body = FormData(fields)().in_memory() or b""
    assert parse_qsl(body.decode("ascii"), keep_blank_values=True) == fields


NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0x7E), min_size=1)


@given(st.lists(st.tuples(NAME, st.text(st.characters(exclude_categories=["Cs"])))))
def test_the_standard_library_reads_multipart_forms(fields: list[tuple[str, str]]) -> None:
    payload = FormData(fields, quote_fields=False, default_to_multipart=True)()
    head = f"Content-Type: {payload.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + (payload.in_memory() or b""), policy=HTTP)
    read = [
        (found.get_param("name", header="content-disposition"), found.get_payload(decode=True))
        for found in message.iter_parts()
    ]
    assert [name for name, _ in read] == [name for name, _ in fields]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_aiohttp_writes_the_same_bytes() -> None:
    aiohttp = pytest.importorskip("aiohttp")

    def fill(form: Any) -> None:
        form.add_field("a", "text ü")
        form.add_field("f", io.BytesIO(b"file"), filename="a.png", content_type="image/png")
        form.add_field("b", b"bytes")
        form.add_field("j", "{}", content_type="application/json")

    ours, theirs = FormData(boundary="b"), aiohttp.FormData()
    fill(ours)
    fill(theirs)
    collector = Collector()
    writer = theirs()
    await writer.write(collector)
    assert await sent(ours()) == collector.joined().replace(writer.boundary.encode(), b"b")
