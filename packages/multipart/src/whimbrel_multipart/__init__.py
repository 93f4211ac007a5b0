"""Forms and payloads: multipart, urlencoded, files and streams, reading and writing."""

from whimbrel_multipart._version import __version__
from whimbrel_multipart.disposition import (
    Quoting,
    content_disposition_filename,
    content_disposition_header,
    parse_content_disposition,
)
from whimbrel_multipart.errors import (
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyChanged,
    BodyConsumed,
    InvalidBoundary,
    InvalidField,
    LimitExceeded,
    LocalError,
    LookupError,  # noqa: A004 - aiohttp's documented name
    MalformedMultipart,
    MultipartError,
    RemoteError,
    TruncatedMultipart,
    UndecodableContent,
)
from whimbrel_multipart.files import BufferedReaderPayload, BytesIOPayload, IOBasePayload, TextIOPayload
from whimbrel_multipart.form import FormData
from whimbrel_multipart.limits import MultipartLimits
from whimbrel_multipart.memory import (
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    StringIOPayload,
    StringPayload,
)
from whimbrel_multipart.parser import EndOfMultipart, MultipartEvent, MultipartParser, PartBegin, PartEnd
from whimbrel_multipart.part_reader import BodyPartReader, BodyPartReaderPayload
from whimbrel_multipart.payload import BodyWriter, HeaderItems, Payload
from whimbrel_multipart.reader import MultipartReader, MultipartResponse, MultipartResponseWrapper
from whimbrel_multipart.registry import (
    PAYLOAD_REGISTRY,
    Order,
    PayloadFactory,
    PayloadRegistry,
    get_payload,
    payload_type,
    register_payload,
)
from whimbrel_multipart.streams import AnyReader, AsyncIterablePayload, ByteReader, StreamReaderPayload
from whimbrel_multipart.writer import MultipartWriter, WrittenPart

__all__ = [
    "PAYLOAD_REGISTRY",
    "AnyReader",
    "AsyncIterablePayload",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BodyChanged",
    "BodyConsumed",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "BodyWriter",
    "BufferedReaderPayload",
    "ByteReader",
    "BytesIOPayload",
    "BytesPayload",
    "EndOfMultipart",
    "FormData",
    "HeaderItems",
    "IOBasePayload",
    "InvalidBoundary",
    "InvalidField",
    "JsonBytesPayload",
    "JsonPayload",
    "LimitExceeded",
    "LocalError",
    "LookupError",
    "MalformedMultipart",
    "MultipartError",
    "MultipartEvent",
    "MultipartLimits",
    "MultipartParser",
    "MultipartReader",
    "MultipartResponse",
    "MultipartResponseWrapper",
    "MultipartWriter",
    "Order",
    "PartBegin",
    "PartEnd",
    "Payload",
    "PayloadFactory",
    "PayloadRegistry",
    "Quoting",
    "RemoteError",
    "StreamReaderPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "TruncatedMultipart",
    "UndecodableContent",
    "WrittenPart",
    "__version__",
    "content_disposition_filename",
    "content_disposition_header",
    "get_payload",
    "parse_content_disposition",
    "payload_type",
    "register_payload",
]
