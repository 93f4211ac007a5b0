"""Write a multipart body (RFC 2046 section 5.1): delimiters, part headers and contents, in order.

The size is known whenever that of every part is, and a small body whose parts are in memory is one piece.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from whimbrel_multipart._boundary import boundary_parameter, check_boundary, new_boundary
from whimbrel_multipart._codings import CodingWriter, part_encoders
from whimbrel_multipart._header_text import check_token
from whimbrel_multipart.errors import InvalidBoundary, InvalidField, LookupError  # noqa: A004 - aiohttp's name
from whimbrel_multipart.memory import JsonPayload, StringPayload
from whimbrel_multipart.payload import BodyWriter, Collector, HeaderItems, Payload
from whimbrel_multipart.registry import get_payload

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MultipartWriter", "WrittenPart"]

_JOINED_BYTES = 1_048_576
_BATCH_BYTES = 65_536


class WrittenPart(NamedTuple):
    """One part to be written.

    Attributes:
        payload: Its headers and content.
        encoding: The content coding that will be applied, or None.
        te_encoding: The transfer coding that will be applied, or None.
    """

    payload: Payload
    encoding: str | None
    te_encoding: str | None


class MultipartWriter(Payload):
    """A body of several parts, each a payload with its own headers.

    Args:
        subtype: What follows "multipart/". In a "form-data" body every part has a name, and none is
            compressed (RFC 7578 section 4.8).
        boundary: Up to 70 characters that occur at no line start of any part. By default 128 random
            bits, which occur nowhere.

    Raises:
        InvalidBoundary: The boundary cannot be used.
        InvalidField: The subtype is not a token.
    """

    def __init__(self, subtype: str = "mixed", boundary: str | None = None) -> None:
        check_token("subtype", subtype)
        self._chosen = boundary is not None
        self._boundary = check_boundary(new_boundary() if boundary is None else boundary)
        super().__init__(
            None, content_type=f"multipart/{subtype}; boundary={boundary_parameter(self._boundary)}"
        )
        self._is_form = subtype == "form-data"
        self._parts: list[WrittenPart] = []
        self._opening = b"--" + self._boundary + b"\r\n"
        self._closing = b"--" + self._boundary + b"--\r\n"

    def __enter__(self) -> "Self":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: the `with` statement only groups the parts to the eye."""

    def __iter__(self) -> Iterator[WrittenPart]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __bool__(self) -> bool:
        # A writer without parts is a body all the same.
        return True

    @property
    def boundary(self) -> str:
        """The boundary, without the dashes before it."""
        return self._boundary.decode("ascii")

    def append(self, obj: Any, headers: HeaderItems | None = None) -> Payload:
        """Add a part made of `obj` by the payload registry; return its payload.

        Args:
            obj: A payload, another `MultipartWriter`, or any value that the registry knows.
            headers: Headers of the part.

        Raises:
            TypeError: The registry knows no payload for it.
        """
        if isinstance(obj, Payload):
            if headers:
                obj.headers.update(headers)
            return self.append_payload(obj)
        try:
            payload = get_payload(obj, headers=headers)
        except LookupError as exc:
            msg = f"Cannot create payload from {obj!r:.100}"
            raise TypeError(msg) from exc
        return self.append_payload(payload)

    def append_payload(self, payload: Payload) -> Payload:
        """Add a part; return its payload.

        A Content-Encoding (gzip, deflate) or Content-Transfer-Encoding (base64, quoted-printable) among
        its headers is applied to the content while it is written.

        Raises:
            InvalidField: A header asks for what cannot be done, or may not stand in a form.
            InvalidBoundary: The boundary chosen stands in the content.
        """
        headers = payload.headers
        if self._is_form:
            for name in ("Content-Encoding", "Content-Length"):
                if name in headers:
                    raise InvalidField(name, "may not stand in a form (RFC 7578 section 4.8)", headers[name])
            if "Content-Disposition" not in headers:
                payload.set_content_disposition("form-data", name=f"section-{len(self._parts)}")
        encoding, te_encoding = part_encoders(
            headers.get("Content-Encoding", ""), headers.get("Content-Transfer-Encoding", "")
        )
        self._check_content(payload)
        self._parts.append(WrittenPart(payload, encoding, te_encoding))
        return payload

    def _check_content(self, payload: Payload) -> None:
        """Refuse a part in which a reader would see the boundary (RFC 2046 section 5.1.2)."""
        if payload is self:
            raise InvalidBoundary("cannot delimit a body within itself", self.boundary)
        if isinstance(payload, MultipartWriter) and payload._boundary.startswith(self._boundary):  # noqa: SLF001 - same class
            raise InvalidBoundary("begins the boundary of an inner body", self.boundary)
        if self._chosen:
            content = payload.in_memory()
            if content is not None and b"\r\n--" + self._boundary in b"\r\n" + content:
                raise InvalidBoundary("stands in the content of a part", self.boundary)

    def append_json(self, obj: object, headers: HeaderItems | None = None) -> Payload:
        """Add a part with `obj` as JSON; return its payload."""
        return self.append_payload(JsonPayload(obj, headers=headers))

    def append_form(
        self, obj: Sequence[tuple[str, Any]] | Mapping[str, Any], headers: HeaderItems | None = None
    ) -> Payload:
        """Add a part with `obj` urlencoded; return its payload.

        Raises:
            TypeError: `obj` is neither a mapping nor a sequence of pairs.
        """
        pairs = list(obj.items()) if isinstance(obj, Mapping) else obj
        content = urlencode(pairs, doseq=True)
        form_type = "application/x-www-form-urlencoded"
        return self.append_payload(StringPayload(content, headers=headers, content_type=form_type))

    @property
    def size(self) -> int | None:
        """The bytes of the whole body, or None when the size of some part is not known."""
        total = len(self._closing)
        for part in self._parts:
            size = part.payload.size
            if size is None or part.encoding is not None or part.te_encoding is not None:
                return None
            total += len(self._head_of(part)) + size + 2
        return total

    def _head_of(self, part: WrittenPart) -> bytes:
        return self._opening + part.payload.binary_headers + b"\r\n"

    def in_memory(self) -> bytes | None:
        """Return the whole body when all parts are in memory, uncoded, and make up no more than 1 MiB."""
        pieces: list[bytes] = []
        total = 0
        for part in self._parts:
            content = part.payload.in_memory()
            if content is None or part.encoding is not None or part.te_encoding is not None:
                return None
            total += len(content)
            if total > _JOINED_BYTES:
                return None
            pieces += (self._head_of(part), content, b"\r\n")
        pieces.append(self._closing)
        return b"".join(pieces)

    @property
    def autoclose(self) -> bool:
        """Whether no part holds anything that would have to be closed."""
        return all(part.payload.autoclose for part in self._parts)

    @property
    def consumed(self) -> bool:
        """Whether a part was sent and cannot be sent again."""
        return any(part.payload.consumed for part in self._parts)

    def rewind(self) -> None:
        """Make every part ready to be sent again.

        Raises:
            BodyConsumed: One of them cannot be repeated.
        """
        for part in self._parts:
            part.payload.rewind()

    async def write(self, writer: BodyWriter, close_boundary: bool = True) -> None:
        """Send the parts; what is small goes out together.

        Args:
            writer: Where they go.
            close_boundary: Whether the closing delimiter follows; without it, more can be written
                behind by other means.
        """
        batch = _Batch(writer)
        for part in self._parts:
            batch.add(self._head_of(part))
            plain = part.encoding is None and part.te_encoding is None
            content = part.payload.in_memory() if plain else None
            if content is not None and len(content) <= _BATCH_BYTES:
                batch.add(content)
            else:
                await batch.flush()
                await _write_content(writer, part)
            batch.add(b"\r\n")
            if batch.size > _BATCH_BYTES:
                await batch.flush()
        if close_boundary:
            batch.add(self._closing)
        await batch.flush()

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the whole body; it can be sent afterwards all the same.

        Raises:
            BodyConsumed: A part was sent already and cannot be repeated.
        """
        pieces: list[bytes] = []
        for part in self._parts:
            content = await part.payload.as_bytes(encoding, errors)
            pieces += (self._head_of(part), await _encoded(content, part), b"\r\n")
        pieces.append(self._closing)
        return b"".join(pieces)

    async def close(self) -> None:
        """Close every part."""
        for part in self._parts:
            await part.payload.close()


class _Batch:
    """Small pieces on their way into one write."""

    def __init__(self, writer: BodyWriter) -> None:
        self.size = 0
        self._writer = writer
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)

    async def flush(self) -> None:
        if self.size:
            whole = b"".join(self._pieces)
            self._pieces, self.size = [], 0
            await self._writer.write(whole)


async def _write_content(writer: BodyWriter, part: WrittenPart) -> None:
    if part.encoding is None and part.te_encoding is None:
        await part.payload.write(writer)
        return
    coding = CodingWriter(writer, part.encoding, part.te_encoding)
    await part.payload.write(coding)
    await coding.finish()


async def _encoded(content: bytes, part: WrittenPart) -> bytes:
    if part.encoding is None and part.te_encoding is None:
        return content
    collector = Collector()
    coding = CodingWriter(collector, part.encoding, part.te_encoding)
    await coding.write(content)
    await coding.finish()
    return collector.joined()
