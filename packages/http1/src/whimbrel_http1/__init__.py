"""The HTTP/1.1 parser: bytes to events and messages to bytes, both sides, without I/O."""

from whimbrel_http1 import _scanner
from whimbrel_http1._grammar import is_token, split_list, unquote
from whimbrel_http1._typing import TYPE_CHECKING, Final
from whimbrel_http1._version import __version__
from whimbrel_http1.encoder import (
    HeaderPairs,
    MessageEncoder,
    RequestEncoder,
    ResponseEncoder,
    encode_fields,
)
from whimbrel_http1.errors import (
    BodyLengthMismatch,
    ContentDecodingError,
    FeedAfterEnd,
    Http1Error,
    InterruptedEvents,
    InvalidHead,
    LocalError,
    MalformedMessage,
    MessageTooLarge,
    ParseError,
    TruncatedMessage,
    UnsupportedCoding,
)
from whimbrel_http1.events import (
    HTTP_1_0,
    HTTP_1_1,
    EndOfMessage,
    Event,
    Headers,
    HttpVersion,
    RawHeaders,
    RequestHead,
    ResponseHead,
    Upgraded,
)
from whimbrel_http1.parsers import RequestParser, ResponseParser, parse_fields
from whimbrel_http1.terms import DEFAULT_LIMITS, Awaiting, Leniency, Limits

if TYPE_CHECKING:
    from whimbrel_http1._codings import ZlibBackend, set_zlib_backend
    from whimbrel_http1.content import ContentDecoder, ContentEncoder, supported_codings

__all__ = [
    "COMPILED",
    "DEFAULT_LIMITS",
    "HTTP_1_0",
    "HTTP_1_1",
    "Awaiting",
    "BodyLengthMismatch",
    "ContentDecoder",
    "ContentDecodingError",
    "ContentEncoder",
    "EndOfMessage",
    "Event",
    "FeedAfterEnd",
    "HeaderPairs",
    "Headers",
    "Http1Error",
    "HttpVersion",
    "InterruptedEvents",
    "InvalidHead",
    "Leniency",
    "Limits",
    "LocalError",
    "MalformedMessage",
    "MessageEncoder",
    "MessageTooLarge",
    "ParseError",
    "RawHeaders",
    "RequestEncoder",
    "RequestHead",
    "RequestParser",
    "ResponseEncoder",
    "ResponseHead",
    "ResponseParser",
    "TruncatedMessage",
    "UnsupportedCoding",
    "Upgraded",
    "ZlibBackend",
    "__version__",
    "encode_fields",
    "is_token",
    "parse_fields",
    "set_zlib_backend",
    "split_list",
    "supported_codings",
    "unquote",
]

# Whether the hot modules run compiled.
COMPILED: Final = not (_scanner.__file__ or "").endswith((".py", ".pyc"))

# What most messages have no use for is imported when it is first asked for.
_LATER = {
    "ContentDecoder": "content",
    "ContentEncoder": "content",
    "ZlibBackend": "_codings",
    "set_zlib_backend": "_codings",
    "supported_codings": "content",
}


if not TYPE_CHECKING:  # a type checker is to know names from typing errors

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415  not needed before

        found = globals()[name] = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
