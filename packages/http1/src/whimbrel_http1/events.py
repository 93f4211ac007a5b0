"""What a parser reports: heads, pieces of body as plain `bytes`, ends, and a change of protocol.

Events are values: compare them, print them, and do not change them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

from whimbrel_http1._lines import find_fields, index_fields, split_fields
from whimbrel_http1._typing import TYPE_CHECKING, Final, TypeAlias, final, i64
from whimbrel_http1.terms import HTTP_1_0, HTTP_1_1, HttpVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from whimbrel_http1._lines import KnownRuns
    from whimbrel_http1._scanner import HeadScanner

__all__ = [
    "HTTP_1_0",
    "HTTP_1_1",
    "EndOfMessage",
    "Event",
    "Headers",
    "HttpVersion",
    "RawHeaders",
    "RequestHead",
    "ResponseHead",
    "Upgraded",
]

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]


_MANY_NAMES: Final = 16
# How constructors take facts: four by their places, the rest by name.
_KEYWORDS: Final = (*[""] * 4, "content_length=", "chunked=", "keep_alive=", "upgrade=", "expect_continue=")


class Headers(Mapping[str, str]):
    """Field values by name, decoded when this is made; whoever needs one field asks the head for it.

    Values are read as UTF-8; bytes that are not are escaped as surrogates, so nothing is lost. A
    field that came more than once stands for its first value: `get_all` has them all. Iterating
    gives each name once, in lower case, in wire order.

    >>> headers = Headers(((b"Vary", b"Accept"), (b"vary", b"Cookie")))
    >>> headers["VARY"], headers.get_all("vary"), list(headers)
    ('Accept', ['Accept', 'Cookie'], ['vary'])
    """

    __slots__ = ("_first", "_raw")

    def __init__(self, raw_headers: tuple[tuple[bytes, bytes], ...]) -> None:
        self._raw = raw_headers
        self._first: dict[str, str] = index_fields(raw_headers)

    def __getitem__(self, name: str) -> str:
        return self._first[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._first

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def get_all(self, name: str) -> list[str]:
        """Return the values of all fields called `name`, in wire order."""
        lowered = name.lower().encode("utf-8", "surrogateescape")
        return [
            value.decode("utf-8", "surrogateescape")
            for candidate, value in self._raw
            if candidate.lower() == lowered
        ]

    def __repr__(self) -> str:
        return f"Headers({self._raw!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return Headers, (self._raw,)


class _Value:
    """What is equal where it says the same, and can be built again from that."""

    @abstractmethod
    def _facts(self) -> tuple[object, ...]: ...

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Value) or type(other) is not type(self):
            return NotImplemented
        return self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

    def __repr__(self) -> str:
        facts = [f"{name}{fact!r}" for name, fact in zip(_KEYWORDS, self._facts(), strict=False)]
        return f"{type(self).__name__}({', '.join(facts)})"

    def __reduce__(self) -> tuple[object, ...]:  # compiled, nothing is copied or pickled by itself
        return _made, (type(self), self._facts())


def _made(kind: Callable[..., object], facts: tuple[object, ...]) -> object:
    named = {keyword[:-1]: fact for keyword, fact in zip(_KEYWORDS[4:], facts[4:], strict=False)}
    return kind(*facts[:4], **named)


class _Head(_Value):
    """What heads of both kinds have in common."""

    def __init__(
        self,
        version: HttpVersion,
        raw_headers: RawHeaders,
        content_length: int | None,
        chunked: bool,
        keep_alive: bool,
    ) -> None:
        self.version = version
        self.content_length = content_length
        self.chunked = chunked
        self.keep_alive = keep_alive
        self._headers: RawHeaders | None = raw_headers
        self._text: Headers | None = None
        self._found: dict[bytes, tuple[bytes, ...]] | None = None
        self.size: i64 = 0
        self.body: i64 = 0
        self._request_method = ""
        self._block = b""
        self._fields_start: i64 = 0
        self._pairs: list[tuple[bytes, bytes]] | None = None

    # What only parsers have a use for.

    def stand_for(self, scanner: HeadScanner, body: i64, request_method: str) -> None:
        """Cut the fields from what `scanner` has read, when they are asked for.

        What follows is a `body`, as `_framing` says, in answer to `request_method`.
        """
        self._block = scanner.block
        self.size = len(scanner.block)
        self._fields_start = scanner.fields_start
        self._pairs = scanner.pairs
        self._headers = None
        self.body = body
        self._request_method = request_method

    def lead(self, scanner: HeadScanner, known: KnownRuns | None) -> None:
        """Let `scanner` go on as if it had read this head."""
        scanner.follow(self._block, self._fields_start, known)

    def comes_again(self, data: bytes, position: i64, request_method: str) -> bool:
        """Tell whether the same bytes stand at `data[position]` and mean the same."""
        end: i64 = position + self.size
        return data[position:end] == self._block and self._request_method == request_method

    @property
    def was_asked(self) -> bool:
        """Whether somebody wanted all the fields."""
        return self._headers is not None

    @property
    def raw_headers(self) -> RawHeaders:
        """Names and values in wire order and letter case; built when first asked for."""
        headers = self._headers
        if headers is None:
            pairs = self._pairs
            if pairs is None:
                headers = split_fields(self._block, self._fields_start)
            else:
                headers = tuple(pairs)
                self._pairs = None
            self._headers = headers
        return headers

    @property
    def headers(self) -> Headers:
        """The fields as text, by name in any letter case; decoded when first asked for."""
        text = self._text
        if text is None:
            text = self._text = Headers(self.raw_headers)
        return text

    def get(self, name: bytes) -> bytes | None:
        """Return the value of the first field called `name` in any letter case, None without one."""
        values = self._values_of(name)
        return values[0] if values else None

    def get_all(self, name: bytes) -> list[bytes]:
        """Return the values of all fields called `name` in any letter case, in wire order."""
        return list(self._values_of(name))

    def _values_of(self, name: bytes) -> tuple[bytes, ...]:
        found = self._found
        if found is None:
            found = self._found = {}
        values = found.get(name)
        if values is None:
            headers = self._headers
            if headers is None:
                values = tuple(find_fields(self._block, self._fields_start, name))
            else:
                lowered = name.lower()
                values = tuple([value for candidate, value in headers if candidate.lower() == lowered])
            # A head that comes again is the same head, and is asked the same.
            if len(found) < _MANY_NAMES:
                found[name] = values
        return values

    def _facts(self) -> tuple[object, ...]:
        return (self.version, self.raw_headers, self.content_length, self.chunked, self.keep_alive)


@final
class ResponseHead(_Head):
    """A status line and its fields (RFC 9112 section 4).

    Attributes:
        status: The status code, 100 to 999.
        reason: The reason phrase; bytes that are not UTF-8 are escaped as surrogates.
        version: `HTTP_1_0` or `HTTP_1_1`.
        raw_headers: `((name, value), ...)` in wire order and letter case, values without outer blanks.
        content_length: What Content-Length says, None without one. A response to HEAD, a 204 and a 304
            may say something and have no body.
        chunked: Whether the last transfer coding is chunked.
        keep_alive: Whether version, Connection and framing let the connection serve another exchange.
        interim: Whether another head follows in answer to the same request: 1xx but 101.
    """

    def __init__(
        self,
        status: int,
        reason: str = "",
        version: HttpVersion = HTTP_1_1,
        raw_headers: RawHeaders = (),
        *,
        content_length: int | None = None,
        chunked: bool = False,
        keep_alive: bool = True,
    ) -> None:
        super().__init__(version, raw_headers, content_length, chunked, keep_alive)
        self.status = status
        self._reason = reason

    @property
    def reason(self) -> str:
        """The reason phrase, often empty; says nothing a program should rely on."""
        if self._fields_start > 15:  # a deferred head with a phrase: "HTTP/1.1 200 " and CR LF are 15
            return self._block[13 : self._fields_start - 2].decode("utf-8", "surrogateescape")
        return self._reason

    @property
    def interim(self) -> bool:
        """Whether the final response is still to come (RFC 9110 section 15.2)."""
        return self.status < 200 and self.status != 101

    def _facts(self) -> tuple[object, ...]:
        return (self.status, self.reason, *super()._facts())


@final
class RequestHead(_Head):
    """A request line and its fields (RFC 9112 section 3).

    Attributes:
        method: A token; letter case matters.
        target: Visible ASCII, as received; its form (RFC 9112 section 3.2) is for the caller to judge.
        version: `HTTP_1_0` or `HTTP_1_1`.
        raw_headers: `((name, value), ...)` in wire order and letter case, values without outer blanks.
        content_length: What Content-Length says, None without one.
        chunked: Whether the body is chunked.
        keep_alive: Whether version and Connection let the connection serve another exchange.
        upgrade: Whether another protocol is asked for: `Connection: upgrade` and Upgrade, in HTTP/1.1.
        expect_continue: Whether the client waits for 100 (Continue) before its body.
    """

    def __init__(
        self,
        method: str,
        target: str,
        version: HttpVersion = HTTP_1_1,
        raw_headers: RawHeaders = (),
        *,
        content_length: int | None = None,
        chunked: bool = False,
        keep_alive: bool = True,
        upgrade: bool = False,
        expect_continue: bool = False,
    ) -> None:
        super().__init__(version, raw_headers, content_length, chunked, keep_alive)
        self.method = method
        self.target = target
        self.upgrade = upgrade
        self.expect_continue = expect_continue

    def _facts(self) -> tuple[object, ...]:
        return (self.method, self.target, *super()._facts(), self.upgrade, self.expect_continue)


@final
class EndOfMessage(_Value):
    """The message is complete.

    Attributes:
        trailers: The fields after a chunked body, `((name, value), ...)`; they are not merged into the head.
    """

    def __init__(self, trailers: RawHeaders = ()) -> None:
        self.trailers = trailers

    def _facts(self) -> tuple[object, ...]:
        return (self.trailers,)


@final
class Upgraded(_Value):
    """From here on the connection belongs to another protocol.

    Attributes:
        surplus: Its first bytes, which came with the head; handed over once.
    """

    def __init__(self, surplus: bytes = b"") -> None:
        self.surplus = surplus

    def _facts(self) -> tuple[object, ...]:
        return (self.surplus,)


Event: TypeAlias = ResponseHead | RequestHead | bytes | EndOfMessage | Upgraded


def body_piece(data: bytes, start: i64, end: i64) -> bytes:
    """Return `data[start:end]` without a copy where that is all of `data`."""
    if start == 0 and end == len(data):
        return data
    return data[start:end]
