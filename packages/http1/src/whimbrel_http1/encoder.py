"""Write messages (RFC 9112): a head to bytes, then its body framed as the head declares.

A head is joined, encoded once, and read back by the same scanner that reads a peer's heads: what that
does not accept, with exactly the fields that were given, never leaves. So nothing a caller hands in can
add a line, and the framing is what a strict reader will see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from whimbrel_http1._framing import CHUNKED, TUNNEL, UNTIL_CLOSE
from whimbrel_http1._grammar import TARGET_OCTETS, TEXT_OCTETS, is_token
from whimbrel_http1._scanner import FIELDS, REQUEST, RESPONSE, HeadScanner
from whimbrel_http1._typing import TYPE_CHECKING, Final, TypeAlias, final, i64, mypyc_attr
from whimbrel_http1.errors import BodyLengthMismatch, InvalidHead, LocalError, MalformedMessage, ParseError
from whimbrel_http1.events import HTTP_1_0, HTTP_1_1, HttpVersion

if TYPE_CHECKING:
    from typing import Any

__all__ = ["HeaderPairs", "MessageEncoder", "RequestEncoder", "ResponseEncoder", "encode_fields"]

Text: TypeAlias = str | bytes
HeaderPairs: TypeAlias = Iterable[tuple[Text, Text]] | Mapping[str, str] | Mapping[str, bytes]

# Fields that frame or route a message mean nothing after its body (RFC 9110 section 6.5.1).
_NO_TRAILERS: Final = frozenset(
    ("content-length", "transfer-encoding", "host", "trailer", "connection", "content-encoding", "te")
)
_NO_LENGTH: Final = 1 << 63
_LENGTH_LINE: Final = b"\r\ncontent-length:"


# Many may wait: the garbage collector need not look at them.
@mypyc_attr(acyclic=True)
class MessageEncoder:
    """A message whose head is written and whose body is being written; nobody makes it by hand.

    Attributes:
        head: The start line and the fields, as bytes.
        content_length: Bytes of body that follow `head`, None where it does not tell.
        chunked: Whether the body is chunked.
        keep_alive: Whether `head` lets the connection live on.
    """

    def __init__(self, head: bytes, body: i64, *, keep_alive: bool) -> None:
        self.head = head
        self.keep_alive = keep_alive
        self.chunked = body == CHUNKED
        self.content_length: int | None = None if body < 0 else body
        self._body: i64 = body
        self._written: i64 = 0
        self._done = body in (0, TUNNEL)

    @property
    def done(self) -> bool:
        """Whether the message is complete: nothing of its body is left to write."""
        return self._done

    def data(self, data: bytes | bytearray | memoryview) -> bytes:
        """Return `data` framed as the head declares; an empty piece is never written.

        Raises:
            BodyLengthMismatch: With it the body would be longer than declared, or the head declares
                none. Nothing of `data` may be sent.
        """
        piece = data if isinstance(data, bytes) else bytes(memoryview(data))
        size: i64 = len(piece)
        if size == 0:
            return piece
        body = self._body
        written = self._written + size
        if body >= 0 and written > body:
            raise BodyLengthMismatch(body, written)
        if body == TUNNEL or (self._done and body < 0):
            raise BodyLengthMismatch(0, size)
        self._written = written
        if body == CHUNKED:
            return b"%x\r\n%b\r\n" % (size, piece)
        self._done = written == body
        return piece

    def end(self, trailers: HeaderPairs = ()) -> bytes:
        """Return what completes the message: nothing, or the last chunk and the trailers.

        Raises:
            BodyLengthMismatch: The body is shorter than declared; the connection must close.
            InvalidHead: A trailer is not legal, or the body is not chunked and can carry none.
        """
        body = self._body
        if body > self._written:
            raise BodyLengthMismatch(body, self._written)
        if body != CHUNKED:
            if len(_parts_of("", trailers, "trailers")) > 2:
                raise InvalidHead("trailers", "only a chunked body has trailers (RFC 9112 section 7.1.2)")
            self._done = True
            return b""
        if self._done:
            return b""
        section = _encode_trailers(trailers)
        self._done = True
        return b"0\r\n" + section + b"\r\n"


@final
@mypyc_attr(acyclic=True)
class RequestEncoder(MessageEncoder):
    r"""Write one request.

    Args:
        method: A token such as `"GET"`.
        target: The request target, visible ASCII.
        headers: Pairs, or a mapping with `.items()`, of `str` or `bytes`; `str` is written as UTF-8
            (surrogate escapes as the bytes they stand for). An HTTP/1.1 request needs exactly one Host.
        version: `HTTP_1_1` or `HTTP_1_0`.

    Attributes:
        head: The request line and the fields, as bytes.
        content_length: Bytes of body that `head` declares (0 where it declares none), None when chunked.
        chunked: Whether the body is chunked.
        keep_alive: Whether `head` lets the connection live on.

    Raises:
        InvalidHead: A part is not legal; `argument` names it. Nothing was written.

    >>> request = RequestEncoder("PUT", "/nest", {"Host": "shore.example", "Content-Length": "4"})
    >>> request.head + request.data(b"eggs") + request.end()
    b'PUT /nest HTTP/1.1\r\nHost: shore.example\r\nContent-Length: 4\r\n\r\neggs'
    """

    def __init__(
        self, method: str, target: str, headers: HeaderPairs, *, version: HttpVersion = HTTP_1_1
    ) -> None:
        minor = _minor_of(version)
        tail = " HTTP/1.1\r\n" if minor == 1 else " HTTP/1.0\r\n"
        parts = _parts_of(f"{method} {target}{tail}", headers, "headers")
        scanner = HeadScanner(REQUEST, None)
        head = _scanned(parts, scanner)
        # One token, one blank, one target: a blank within either would move these offsets.
        if (
            head is None
            or scanner.method_end != len(method)
            or scanner.target_end != len(method) + 1 + len(target)
        ):
            raise _request_fault(method, target, parts)
        if minor == 1 and scanner.hosts == 0:
            raise InvalidHead("headers", "an HTTP/1.1 request has a Host (RFC 9112 section 3.2)")
        if scanner.coded and (minor == 0 or not scanner.chunked):
            what = (
                "a request is chunked last, and in HTTP/1.1, or has no transfer coding (RFC 9112 section 6.1)"
            )
            raise InvalidHead("headers", what)
        super().__init__(head, scanner.request_body(method), keep_alive=scanner.persists(minor))
        self._around_length: tuple[bytes, bytes] | None = None

    def resized(self, content_length: int) -> MessageEncoder:
        r"""Return the same request with a body of `content_length` bytes, none of which is written.

        What has been checked is not checked again: requests that differ in their bodies alone are written
        for a fraction of the work.

        Raises:
            InvalidHead: This head declares no length, or the length is negative or beyond 2**63 - 1.

        >>> request = RequestEncoder("PUT", "/nest", {"Host": "shore.example", "Content-Length": "4"})
        >>> request.resized(9).head
        b'PUT /nest HTTP/1.1\r\nHost: shore.example\r\nContent-Length: 9\r\n\r\n'
        """
        around = self._around_length
        if around is None:
            around = self._around_length = _around_length(self.head)
        if not 0 <= content_length < _NO_LENGTH:
            what = "a length has no sign and is below 2**63 (RFC 9110 section 8.6)"
            raise InvalidHead("headers", what, str(content_length))
        head = around[0] + b"%d" % content_length + around[1]
        return MessageEncoder(head, content_length, keep_alive=self.keep_alive)


@final
class ResponseEncoder(MessageEncoder):
    """Write one response.

    Args:
        status: 100 to 999.
        reason: The reason phrase, may be empty.
        headers: As for `RequestEncoder`.
        version: `HTTP_1_1` or `HTTP_1_0`.
        request_method: The method that is answered: a response to HEAD has no body, whatever it declares.

    Attributes:
        head: The status line and the fields, as bytes.
        content_length: Bytes of body that follow `head`; None when it is chunked or ends with the connection.
        chunked: Whether the body is chunked.
        keep_alive: Whether `head` lets the connection live on; False for a body that ends with it.

    Raises:
        InvalidHead: A part is not legal; `argument` names it. Nothing was written.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        headers: HeaderPairs,
        *,
        version: HttpVersion = HTTP_1_1,
        request_method: str = "GET",
    ) -> None:
        minor = _minor_of(version)
        if not 100 <= status <= 999:
            raise InvalidHead("status", "a status code has three digits (RFC 9112 section 4)", str(status))
        if status == 101 and minor == 0:
            raise InvalidHead("version", "HTTP/1.0 cannot change to another protocol (RFC 9110 section 7.8)")
        parts = _parts_of(f"HTTP/1.{minor} {status} {reason}\r\n", headers, "headers")
        scanner = HeadScanner(RESPONSE, None)
        head = _scanned(parts, scanner)
        if head is None:
            raise _response_fault(reason, parts)
        if scanner.coded and (minor == 0 or not scanner.chunked or status < 200 or status == 204):
            what = "no transfer coding but chunked, and none in HTTP/1.0, 1xx or 204 (RFC 9112 section 6.1)"
            raise InvalidHead("headers", what)
        body: i64 = scanner.response_body(status, request_method)
        super().__init__(head, body, keep_alive=scanner.persists(minor) and body != UNTIL_CLOSE)


def encode_fields(headers: HeaderPairs) -> bytes:
    r"""Return field lines, each with its CRLF, by the grammar of heads; no empty line follows them.

    Raises:
        InvalidHead: A name is not a token, or a value holds a control character.

    >>> encode_fields([("Content-Type", "text/plain")])
    b'Content-Type: text/plain\r\n'
    """
    return _encoded(_parts_of("", headers, "headers"), "headers")


def _encoded(parts: list[str], argument: str) -> bytes:
    head = _scanned(parts, HeadScanner(FIELDS, None))
    if head is None:
        raise _fields_fault(parts, argument, FIELDS)
    return head[:-2]


def _encode_trailers(trailers: HeaderPairs) -> bytes:
    parts = _parts_of("", trailers, "trailers")
    for name in parts[1:-1:4]:
        if name.lower() in _NO_TRAILERS:
            raise InvalidHead("trailers", "not a field for trailers (RFC 9110 section 6.5.1)", name)
    return _encoded(parts, "trailers")


def _minor_of(version: HttpVersion) -> int:
    if version == HTTP_1_1:
        return 1
    if version == HTTP_1_0:
        return 0
    raise InvalidHead("version", "HTTP/1.0 or HTTP/1.1 (RFC 9112 section 2.3)", str(version))


def _parts_of(start_line: str, headers: HeaderPairs, argument: str) -> list[str]:
    """Return the parts of a section in wire order, four for each field after the start line.

    Their UTF-8 encoding, escapes resolved, is what the caller gave.
    """
    parts = [start_line]
    for pair in _iterable_of(headers):
        if isinstance(pair, tuple) and len(pair) == 2:
            given_name, given_value = pair[0], pair[1]
        else:
            given_name, given_value = pair
        name = given_name if isinstance(given_name, str) else _text_of(given_name, argument)
        if ":" in name:  # the one octet of a bad name that would end a good one
            raise InvalidHead(argument, "a field name is a token (RFC 9110 section 5.1)", name)
        parts.append(name)
        parts.append(": ")
        parts.append(given_value if isinstance(given_value, str) else _text_of(given_value, argument))
        parts.append("\r\n")
    parts.append("\r\n")
    return parts


def _around_length(head: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the digits of Content-Length in a head that has been checked."""
    line = head.lower().find(_LENGTH_LINE)
    if line < 0 or head.startswith(b"CONNECT "):
        raise InvalidHead("headers", "the head declares no length of a body (RFC 9112 section 6.3)")
    return head[: line + len(_LENGTH_LINE)] + b" ", head[head.find(b"\r\n", line + 2) :]


def _iterable_of(headers: HeaderPairs) -> Iterable[Any]:
    # `hasattr` makes no exception where the answer is no, as for the view that `.items()` gave.
    if isinstance(headers, (list, tuple)) or not hasattr(headers, "items"):
        return headers
    pairs: Iterable[Any] = headers.items()
    return pairs


def _text_of(text: object, argument: str) -> str:
    if isinstance(text, bytes):
        return text.decode("utf-8", "surrogateescape")
    raise InvalidHead(argument, "names and values are str or bytes", repr(type(text)))


def _scanned(parts: list[str], scanner: HeadScanner) -> bytes | None:
    """Return the encoded section if the scanner reads it as the very fields it was made of, else None."""
    try:
        head = "".join(parts).encode("utf-8", "surrogateescape")
        end: i64 = scanner.scan(head, 0)
    except (ParseError, UnicodeEncodeError):
        return None
    # A CR LF that came with a name or a value makes a line more, or ends the section early.
    if end != len(head) or scanner.fields * 4 + 2 != len(parts) or len(scanner.block) != len(head):
        return None
    return head


# Which part is at fault is only asked once something is.


def _request_fault(method: str, target: str, parts: list[str]) -> LocalError:
    if not is_token(method):
        return InvalidHead("method", "a method is a token (RFC 9112 section 3.1)", method)
    octets = target.encode("utf-8", "replace")
    if not target.isascii() or not octets or not all(TARGET_OCTETS[octet] for octet in octets):
        return InvalidHead("target", "a request target is visible ASCII (RFC 9112 section 3.2)", target)
    return _fields_fault(parts, "headers", REQUEST)


def _response_fault(reason: str, parts: list[str]) -> LocalError:
    if not _is_text(reason):
        return InvalidHead(
            "reason", "a reason phrase holds no control character (RFC 9112 section 4)", reason
        )
    return _fields_fault(parts, "headers", RESPONSE)


def _fields_fault(parts: list[str], argument: str, kind: i64) -> LocalError:
    for name in parts[1:-1:4]:
        if not is_token(name):
            return InvalidHead(argument, "a field name is a token (RFC 9110 section 5.1)", name)
    for value in parts[3:-1:4]:
        if not _is_text(value):
            return InvalidHead(argument, "a value holds no control character (RFC 9110 section 5.5)", value)
    what = "the fields do not form a head"
    try:  # every line is legal by itself: say what a reader would object to
        HeadScanner(kind, None).scan("".join(parts).encode("utf-8", "surrogateescape"), 0)
    except MalformedMessage as fault:
        what = f"{fault.what} ({fault.rule})"
    return InvalidHead(argument, what)


def _is_text(value: str) -> bool:
    try:
        octets = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return all(TEXT_OCTETS[octet] for octet in octets)
