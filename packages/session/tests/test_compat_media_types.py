"""Content-Type as aiohttp's helpers take it apart."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from whimbrel.compat._media_types import HeadersMixin, parse_mimetype


@pytest.mark.parametrize(
    ("given", "parts", "parameters"),
    [
        ("", ("", "", ""), {}),
        ("*", ("*", "*", ""), {}),
        ("Text/HTML", ("text", "html", ""), {}),
        ("application/json; Charset=utf-8", ("application", "json", ""), {"charset": "utf-8"}),
        ('application/rss+xml;key="value"; ', ("application", "rss", "xml"), {"key": "value"}),
    ],
)
def test_a_media_type_has_parts(given: str, parts: tuple[str, str, str], parameters: dict[str, str]) -> None:
    parsed = parse_mimetype(given)
    assert parsed[:3] == parts
    assert dict(parsed.parameters) == parameters


class Message(HeadersMixin):
    def __init__(self, **headers: str) -> None:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._headers = CIMultiDictProxy(CIMultiDict(fields))


def test_a_message_says_what_its_headers_say() -> None:
    message = Message(Content_Type="Text/Plain; charset=latin-1", Content_Length="12")
    assert (message.content_type, message.charset, message.content_length) == ("text/plain", "latin-1", 12)


def test_a_message_without_headers_is_octets() -> None:
    message = Message()
    assert message.content_type == "application/octet-stream"
    assert (message.charset, message.content_length) == (None, None)
    assert Message(Content_Type="nonsense").content_type == "application/octet-stream"
