import pytest

import whimbrel_http1
from whimbrel_multipart import BodyConsumed, BodyWriter, InvalidField, Payload, Quoting
from whimbrel_multipart.payload import Collector


class Eggs(Payload):
    """The least that a class of one's own needs."""

    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"o" * self._value)


class SizedEggs(Eggs):
    _size = 4


def test_the_defaults_promise_nothing() -> None:
    payload = Eggs(4)
    assert payload.size is None
    assert payload.filename is None
    assert payload.encoding is None
    assert payload.in_memory() is None
    assert payload.content_type == "application/octet-stream"
    assert payload.binary_headers == b"Content-Type: application/octet-stream\r\n"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (None, [b"oooo", b"eeee"]),
        (0, []),
        (3, [b"ooo"]),
        (4, [b"oooo"]),
        (6, [b"oooo", b"ee"]),
        (9, [b"oooo", b"eeee"]),
    ],
)
async def test_no_more_is_written_than_is_wanted(length: int | None, expected: list[bytes]) -> None:
    class Nest(Payload):
        async def write(self, writer: BodyWriter) -> None:
            await writer.write(b"oooo")
            await writer.write(b"eeee")

    written: list[bytes] = []

    class Writer:
        async def write(self, data: bytes) -> None:
            written.append(data)

    payload = Nest(None)
    await payload.write_with_length(Writer(), length)
    assert written == expected
    assert (payload.autoclose, payload.consumed) == (True, False)


def test_a_class_may_state_its_size() -> None:
    assert SizedEggs(4).size == 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "application/octet-stream"),
        ({"filename": "a.html"}, "text/html"),
        ({"filename": "a.unknown"}, "application/octet-stream"),
        ({"filename": "a.html", "content_type": "x/y"}, "x/y"),
        ({"content_type": None}, "application/octet-stream"),
        ({"content_type": "x/y", "headers": {"CONTENT-TYPE": "z/z"}}, "z/z"),
        ({"headers": [("Content-Type", "z/z")]}, "z/z"),
    ],
)
def test_the_content_type_comes_from_what_is_given(options: dict[str, object], expected: str) -> None:
    assert Eggs(4, **options).content_type == expected  # type: ignore[arg-type] # one table, many types


@pytest.mark.parametrize("text", ["a\r\nX: y", "a\nb", "a\rb", "a\0b"])
def test_nothing_can_be_injected_into_the_headers(text: str) -> None:
    for headers in ({"X-A": text}, {text: "a"}):
        with pytest.raises(whimbrel_http1.LocalError):
            Eggs(4, headers=headers).binary_headers  # noqa: B018 - a property that checks
    with pytest.raises(whimbrel_http1.LocalError):
        Eggs(4, content_type=text).binary_headers  # noqa: B018 - a property that checks


def test_headers_are_sent_as_utf_8_and_unknown_octets_as_they_came() -> None:
    payload = Eggs(4)
    payload.set_content_disposition("attachment", filename="ü\udcff.txt")
    assert b'filename="\xc3\xbc\xff.txt"' in payload.binary_headers


@pytest.mark.parametrize(
    ("quote_fields", "expected"),
    [
        (True, 'form-data; name="a%22ü"'),
        (False, 'form-data; name="a\\"ü"'),
        (Quoting.EXTENDED, "form-data; name=\"a%22ü\"; name*=utf-8''a%22%C3%BC"),
    ],
)
def test_the_disposition_is_quoted_as_asked(quote_fields: bool | Quoting, expected: str) -> None:
    payload = Eggs(4)
    payload.set_content_disposition("form-data", quote_fields, name='a"ü')
    assert payload.headers["Content-Disposition"] == expected


def test_a_disposition_cannot_end_the_header() -> None:
    with pytest.raises(InvalidField, match="filename"):
        Eggs(4).set_content_disposition("form-data", quote_fields=False, filename="a\r\nb")


async def test_a_body_is_collected_and_kept_when_it_does_not_say_how_to_repeat() -> None:
    payload = Eggs(4)
    with pytest.raises(BodyConsumed, match="Eggs"):
        payload.rewind()
    with pytest.raises(TypeError, match="as_bytes"):
        payload.decode()
    assert await payload.as_bytes() == b"oooo"
    assert payload.in_memory() == await payload.as_bytes() == b"oooo"
    assert payload.decode() == "oooo"
    payload.rewind()
    await payload.close()


async def test_the_collector_joins_what_was_written() -> None:
    collector = Collector()
    await collector.write(b"a")
    await collector.write(b"b")
    assert collector.joined() == b"ab"
