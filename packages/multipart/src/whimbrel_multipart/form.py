"""Build the body of a form: urlencoded, or multipart/form-data as soon as it holds a file (RFC 7578).

A form may be used any number of times. Each use sends the same fields from their start, or raises
`BodyConsumed` when one of them cannot be read twice; it never sends an empty body in its place.
"""

import mimetypes
import re
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from whimbrel_multipart._boundary import check_boundary
from whimbrel_multipart._codings import part_encoders
from whimbrel_multipart._header_text import check_text, check_token
from whimbrel_multipart.disposition import Quoting, content_disposition_header
from whimbrel_multipart.errors import LookupError  # noqa: A004 - aiohttp's documented name
from whimbrel_multipart.files import FILE_TYPES, file_name
from whimbrel_multipart.memory import BytesPayload
from whimbrel_multipart.payload import Payload
from whimbrel_multipart.registry import get_payload
from whimbrel_multipart.streams import AnyReader
from whimbrel_multipart.writer import MultipartWriter

__all__ = ["FormData"]

_FORM_TYPE = "application/x-www-form-urlencoded"
_NO_OPTIONS = (None, None, None)
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]*")  # RFC 3986 section 2.3


class _Field(NamedTuple):
    """One field as it was added."""

    name: str
    value: Any
    filename: str | None
    content_type: str | None
    transfer_encoding: str | None


class FormData:
    """The fields of a form, in the order in which they were added.

    Args:
        fields: A mapping, a sequence of `(name, value)` pairs, a multidict, or an open file.
        quote_fields: How names and file names are written: True as browsers do (`Quoting.WHATWG`),
            False with backslashes (`Quoting.BACKSLASH`), or a `Quoting`.
        charset: The character set of the fields; UTF-8 by default.
        default_to_multipart: Use multipart/form-data even without a file.
        boundary: The boundary of the multipart form; by default a new one of 128 random bits each time.

    Raises:
        TypeError: A field is none of these.
        InvalidField: A name or the charset may not stand in a header.
        InvalidBoundary: The boundary cannot be used.
    """

    def __init__(
        self,
        fields: Iterable[Any] = (),
        quote_fields: bool | Quoting = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
        boundary: str | None = None,
    ) -> None:
        if charset is not None:
            check_token("charset", charset)
        if boundary is not None:
            check_boundary(boundary)
        if not isinstance(quote_fields, Quoting):
            quote_fields = Quoting.WHATWG if quote_fields else Quoting.BACKSLASH
        self._quoting = quote_fields
        self._charset = charset
        self._boundary = boundary
        self._is_multipart = default_to_multipart
        self._fields: list[_Field] = []
        self._payloads: list[Payload] = []
        if isinstance(fields, Mapping):
            fields = list(fields.items())
        elif not isinstance(fields, (list, tuple)):
            fields = (fields,)
        self.add_fields(*fields)

    @property
    def is_multipart(self) -> bool:
        """Whether the form will be sent as multipart/form-data."""
        return self._is_multipart

    def add_field(
        self,
        name: str,
        value: Any,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add one field.

        A file, bytes, or any of the three options make the form multipart. Bytes are a file, named after
        the field when there is no `filename`.

        Args:
            name: The name of the field.
            value: Text, bytes, a file, a payload, or any value that the payload registry knows.
            content_type: The media type of the value; for a file, guessed from its name by default.
            filename: The name of the file; for a file, the last part of its path by default.
            content_transfer_encoding: "base64" or "quoted-printable" to have the value so encoded. Few
                receivers expect it (RFC 7578 section 4.7).

        Raises:
            TypeError: An option is not a `str`.
            InvalidField: Something in it may not stand in a header.
        """
        options = content_type, filename, content_transfer_encoding
        if options != _NO_OPTIONS or not isinstance(name, str):
            _check_options(name, content_type, filename, content_transfer_encoding)
            self._is_multipart = self._is_multipart or options != _NO_OPTIONS
        if isinstance(value, str):
            pass
        elif isinstance(value, FILE_TYPES):
            self._is_multipart = True
            filename = filename if filename is not None else file_name(value, name)
        elif isinstance(value, (bytes, bytearray, memoryview)) and content_transfer_encoding is None:
            self._is_multipart = True
            filename = filename if filename is not None else name
        elif isinstance(value, (Payload, AsyncIterable, AnyReader)):
            self._is_multipart = True
        field = _Field(name, value, filename, content_type, content_transfer_encoding)
        if self._is_multipart:
            # Refuse now what could not be sent later; urlencoded names may hold anything.
            self._disposition_of(field)
        self._fields.append(field)

    def _disposition_of(self, field: _Field) -> str:
        params = {"name": field.name}
        if field.filename is not None:
            params["filename"] = field.filename
        return content_disposition_header("form-data", params, quoting=self._quoting)

    def add_fields(self, *fields: Any) -> None:
        """Add several fields, each an open file, a `(name, value)` pair, or a mapping of them.

        Raises:
            TypeError: One of them is none of these.
        """
        for field in fields:
            if isinstance(field, (list, tuple)) and len(field) == 2:
                self.add_field(field[0], field[1])
            elif isinstance(field, FILE_TYPES):
                self.add_field(file_name(field, "unknown") or "unknown", field)
            elif isinstance(field, Mapping):
                for name, value in field.items():
                    self.add_field(name, value)
            else:
                msg = (
                    "a field must be a file, a mapping or a (name, value) pair; use add_field() for more, "
                    f"got {field!r:.100}"
                )
                raise TypeError(msg)

    def __call__(self) -> Payload:
        """Return the body: a `MultipartWriter`, or a `BytesPayload` with the urlencoded fields.

        Raises:
            TypeError: There is no payload for the value of a field.
            BodyConsumed: The form was sent before, and a field of it cannot be read twice.
        """
        if not self._is_multipart:
            return self._urlencoded()
        for payload in self._payloads:
            payload.rewind()
        for field in self._fields[len(self._payloads) :]:
            self._payloads.append(self._payload_of(field))
        writer = MultipartWriter("form-data", self._boundary)
        for payload in self._payloads:
            writer.append_payload(payload)
        return writer

    def _urlencoded(self) -> BytesPayload:
        charset = self._charset or "utf-8"
        pairs = [_urlencoded_pair(field.name, field.value, charset) for field in self._fields]
        content = "&".join(filter(None, pairs))  # an empty list gives no pair
        content_type = _FORM_TYPE if charset == "utf-8" else f"{_FORM_TYPE}; charset={charset}"
        return BytesPayload(content.encode("ascii"), content_type=content_type)

    def _payload_of(self, field: _Field) -> Payload:
        options: dict[str, Any] = {}
        if field.content_type is not None:
            options["content_type"] = field.content_type
        if self._charset is not None:
            options["encoding"] = self._charset
        if isinstance(field.value, FILE_TYPES) and field.filename and mimetypes.guess_type(field.filename)[0]:
            # The name under which a file is sent tells its type before the path it came from does.
            options["filename"] = field.filename
        try:
            payload = get_payload(field.value, **options)
        except LookupError as exc:
            what = f"field {field.name!r:.100} of type {type(field.value).__name__}"
            msg = f"Can not serialize {what}: give text, bytes, a file or a payload"
            raise TypeError(msg) from exc
        headers = payload.headers
        if field.content_type is not None:
            headers["Content-Type"] = field.content_type
        if field.transfer_encoding is not None:
            headers["Content-Transfer-Encoding"] = field.transfer_encoding
        headers["Content-Disposition"] = self._disposition_of(field)
        headers.popall("Content-Length", None)
        return payload


def _check_options(name: str, content_type: str | None, filename: str | None, coding: str | None) -> None:
    options: tuple[tuple[str, object], ...] = (
        ("name", name),
        ("content_type", content_type),
        ("filename", filename),
        ("content_transfer_encoding", coding),
    )
    for argument, given in options:
        if given is not None and not isinstance(given, str):
            msg = f"{argument} must be an instance of str. Got: {given!r:.100}"
            raise TypeError(msg)
    if content_type is not None:
        check_text("content_type", content_type)
    if coding is not None:
        part_encoders("", coding)


def _urlencoded_pair(name: str, value: object, charset: str) -> str:
    if charset == "utf-8" and isinstance(value, str):
        return f"{_quoted(name)}={_quoted(value)}"
    return urlencode([(name, value)], doseq=True, encoding=charset)


def _quoted(text: str) -> str:
    # Most text of forms has nothing to escape; to find that out costs a tenth of quoting it.
    return text if _UNRESERVED.fullmatch(text) else quote_plus(text)
