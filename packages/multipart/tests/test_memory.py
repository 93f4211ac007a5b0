import io
import json
from collections.abc import Callable

import pytest

from whimbrel_multipart import (
    BodyWriter,
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    MultipartWriter,
    Payload,
    StringIOPayload,
    StringPayload,
)
from whimbrel_multipart.payload import Collector
from whimbrel_multipart.testing import check_payload


@pytest.mark.parametrize("value", [b"whimbrel", bytearray(b"whimbrel"), memoryview(b"xwhimbrel")[1:]])
async def test_bytes_are_sent_as_they_are(value: bytes | bytearray | memoryview) -> None:
    payload = BytesPayload(value)
    collector = Collector()
    await payload.write(collector)
    assert collector.joined() == payload.in_memory() == b"whimbrel"
    assert payload.size == 8
    assert payload.content_type == "application/octet-stream"


def test_a_bytearray_changed_later_does_not_reach_the_wire() -> None:
    value = bytearray(b"whimbrel")
    payload = BytesPayload(value)
    value[:] = b"albatross"
    assert payload.in_memory() == b"whimbrel"


def test_bytes_payloads_refuse_text() -> None:
    with pytest.raises(TypeError, match="not str"):
        BytesPayload("text")  # type: ignore[arg-type] # the point of the test


@pytest.mark.parametrize(
    ("content_type", "encoding", "announced", "charset"),
    [
        (None, None, "text/plain; charset=utf-8", "utf-8"),
        ("text/html", None, "text/html", "utf-8"),
        ("text/html; charset=koi8-r", None, "text/html; charset=koi8-r", "koi8-r"),
        ('text/html; charset="koi8-r"', None, 'text/html; charset="koi8-r"', "koi8-r"),
        (None, "koi8-r", "text/plain; charset=koi8-r", "koi8-r"),
        ("text/html", "koi8-r", "text/html", "koi8-r"),
    ],
)
def test_text_is_encoded_as_announced(
    content_type: str | None, encoding: str | None, announced: str, charset: str
) -> None:
    payload = StringPayload("кулик", content_type=content_type, encoding=encoding)
    assert payload.content_type == announced
    assert payload.encoding == charset
    assert payload.in_memory() == "кулик".encode(charset)
    assert payload.decode() == "кулик"


def test_a_header_given_wins_over_the_content_type() -> None:
    payload = StringPayload("a", headers={"content-type": "x/y", "X-Nest": "4"})
    assert payload.content_type == "x/y"
    assert payload.binary_headers == b"content-type: x/y\r\nX-Nest: 4\r\n"


def test_the_rest_of_a_string_io_is_sent_however_often_it_is_used() -> None:
    value = io.StringIO("whimbrel")
    value.seek(4)
    assert StringIOPayload(value).in_memory() == b"brel"
    assert StringIOPayload(value).in_memory() == b"brel"


def test_json_is_written_by_the_encoder_given() -> None:
    assert JsonPayload({"a": "ü"}).in_memory() == b'{"a": "\\u00fc"}'
    assert JsonPayload({}).content_type == "application/json"
    compact = JsonPayload(
        {"a": 1},
        content_type="application/vnd.x+json",
        dumps=lambda value: json.dumps(value, separators=(",", ":")),
    )
    assert compact.in_memory() == b'{"a":1}'
    assert compact.content_type == "application/vnd.x+json"
    assert JsonBytesPayload([1], dumps=lambda value: json.dumps(value).encode()).in_memory() == b"[1]"


@pytest.mark.parametrize(
    "make",
    [
        lambda: BytesPayload(b"whimbrel"),
        lambda: BytesPayload(b""),
        lambda: StringPayload("кулик"),
        lambda: StringIOPayload(io.StringIO("кулик")),
        lambda: JsonPayload([1, 2]),
        lambda: JsonBytesPayload([1], dumps=lambda value: json.dumps(value).encode()),
    ],
)
def test_the_kit_has_nothing_to_say(make: Callable[[], Payload]) -> None:
    assert check_payload(make) == []


class Loud(BytesPayload):
    """Sends otherwise than what it derives from, as who tells of progress does."""

    async def write(self, writer: BodyWriter) -> None:
        for start in range(0, len(self._content), 3):
            await writer.write(self._content[start : start + 3].upper())


class LoudText(StringPayload, Loud):
    pass


class Again(Loud):
    def in_memory(self) -> bytes:
        return b"again"


@pytest.mark.parametrize(
    ("payload", "held", "sent"),
    [
        (Loud(b"whimbrel"), None, b"WHIMBREL"),
        (LoudText("whimbrel"), None, b"WHIMBREL"),
        (Again(b"whimbrel"), b"again", b"WHIMBREL"),
        (StringPayload("whimbrel"), b"whimbrel", b"whimbrel"),
    ],
)
async def test_nothing_is_sent_past_a_write_that_is_overridden(
    payload: BytesPayload, held: bytes | None, sent: bytes
) -> None:
    collector = Collector()
    await payload.write(collector)
    payload.rewind()
    assert (payload.in_memory(), collector.joined(), payload.decode()) == (held, sent, "whimbrel")
    assert await payload.as_bytes() == (held or sent)
    form = MultipartWriter(boundary="b")
    form.append_payload(payload)
    assert (held or sent) in await form.as_bytes()
