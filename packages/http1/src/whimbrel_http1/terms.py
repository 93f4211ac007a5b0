"""The terms that parsers and their callers use: versions, limits, leniencies, and where a parser stands."""

from __future__ import annotations

from collections import namedtuple
from enum import Enum, Flag, auto

from whimbrel_http1._typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import NamedTuple, NoReturn

    class HttpVersion(NamedTuple):
        """A version of HTTP; parsers report `HTTP_1_0` or `HTTP_1_1` and nothing else."""

        major: int
        minor: int

else:  # the same without the import
    HttpVersion = namedtuple("HttpVersion", ("major", "minor"))  # noqa: PYI024 -- the other is above
    HttpVersion.__doc__ = "A version of HTTP; parsers report `HTTP_1_0` or `HTTP_1_1` and nothing else."

__all__ = [
    "DEFAULT_LIMITS",
    "HTTP_1_0",
    "HTTP_1_1",
    "STRICT",
    "Awaiting",
    "HttpVersion",
    "Leniency",
    "Limits",
]

HTTP_1_0: Final = HttpVersion(1, 0)
HTTP_1_1: Final = HttpVersion(1, 1)


class Awaiting(Enum):
    """What a parser must see next."""

    START_LINE = "the first byte of a message"
    HEAD = "the rest of a head"
    BODY = "the rest of a body whose length is known"
    CHUNKS = "the rest of a chunked body, or its trailers"
    CLOSE = "the end of the connection, which ends the body"
    DECISION = "whether the upgrade that was asked for is accepted"
    NOTHING = "nothing: the connection ended, changed its protocol, must close, or failed"


class Leniency(Flag):
    """Faults that are let pass when asked to; combine them with `|`.

    Each widens what is accepted from one kind of server, and with it what two readers of the same
    bytes may disagree about: give it to the connections that need it, not to all. Requests have none,
    because what a proxy overlooks in a request is how others' requests are smuggled.

    Attributes:
        STRICT: Nothing is overlooked; the default.
        BARE_LF: A line of a head or of trailers may end with LF alone (RFC 9112 section 2.2). CGI
            scripts, small Java servers and the firmware of devices send such heads. Chunk lines keep CR LF.
        FOLDED_LINES: A field line that begins with a blank continues the one before; one more blank takes
            the place of the line end (RFC 9112 section 5.2). nginx sends a value of several lines in its
            `add_header` so, and applications that pass a certificate on in a header.
        REPEATED_CONTENT_LENGTH: Content-Length may be said again in a field of its own, with the same value
            (RFC 9112 section 6.3). NanoHTTPD on Android and the web server of ESP8266 boards do it.
        BLANK_AFTER_CHUNK_SIZE: Blanks may stand between the size of a chunk and the end of its line
            (RFC 9112 section 7.1 has none there). Servers that reserve room for the size before they know
            it fill up with blanks; RFC 2616 let them.
    """

    STRICT = 0
    BARE_LF = auto()
    FOLDED_LINES = auto()
    REPEATED_CONTENT_LENGTH = auto()
    BLANK_AFTER_CHUNK_SIZE = auto()


STRICT = Leniency.STRICT  # to ask an enumeration for a member costs more than to make a parser


class Limits:
    """Bounds on what a peer may send; each counts across reads. A value: it is compared, and never changed.

    `None` means no bound. A number is the most that is accepted, so 0 accepts nothing of the kind.
    What exceeds a bound is refused with `MessageTooLarge`, which names it.

    Args:
        line_bytes: The start line, without its CRLF.
        field_bytes: One field line of a head or of trailers, without its CRLF.
        fields: Field lines of one head.
        head_bytes: One head, from its start line (and blank lines before it) to the empty line.
        chunk_line_bytes: One chunk size line with its extensions, without its CRLF.
        chunk_extension_bytes: Chunk extensions of one body, beyond as many bytes as it has data:
            they may cost no more than what they come with.
        trailer_fields: Field lines after a chunked body.
        trailers_bytes: The whole trailer section.
        interim_responses: 1xx responses (but 101) before one final response.
        held_bytes: What a `RequestParser` keeps while it waits for a decision about an upgrade.

    Raises:
        ValueError: A bound is below 0.

    >>> Limits(fields=10).replace(field_bytes=100) == Limits(fields=10, field_bytes=100)
    True
    """

    # Not a dataclass: importing that module costs more time than importing this package.
    __slots__ = (
        "chunk_extension_bytes",
        "chunk_line_bytes",
        "field_bytes",
        "fields",
        "head_bytes",
        "held_bytes",
        "interim_responses",
        "line_bytes",
        "trailer_fields",
        "trailers_bytes",
    )
    line_bytes: int | None
    field_bytes: int | None
    fields: int | None
    head_bytes: int | None
    chunk_line_bytes: int | None
    chunk_extension_bytes: int | None
    trailer_fields: int | None
    trailers_bytes: int | None
    interim_responses: int | None
    held_bytes: int | None

    def __init__(
        self,
        *,
        line_bytes: int | None = 8190,
        field_bytes: int | None = 8190,
        fields: int | None = 128,
        head_bytes: int | None = 65536,
        chunk_line_bytes: int | None = 4096,
        chunk_extension_bytes: int | None = 16384,
        trailer_fields: int | None = 64,
        trailers_bytes: int | None = 16384,
        interim_responses: int | None = 16,
        held_bytes: int | None = 65536,
    ) -> None:
        given = locals()
        for name in self.__slots__:
            bound = given[name]
            if bound is not None and bound < 0:
                raise ValueError(f"{name} must be None or at least 0, not {bound}")
            object.__setattr__(self, name, bound)

    def replace(self, **bounds: int | None) -> Limits:
        """Return limits like these but for the bounds given by name.

        Raises:
            TypeError: There is no bound of such a name.
            ValueError: A bound is below 0.
        """
        return Limits(**{**self._bounds(), **bounds})

    __replace__ = replace  # copy.replace, from Python 3.13

    def _bounds(self) -> dict[str, int | None]:
        return {name: getattr(self, name) for name in self.__slots__}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Limits are never changed; replace({name}=...) makes others")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Limits are never changed: {name} stays")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Limits):
            return NotImplemented
        return self._bounds() == other._bounds()

    def __hash__(self) -> int:
        return hash(tuple(self._bounds().values()))

    def __repr__(self) -> str:
        return f"Limits({', '.join(f'{name}={bound}' for name, bound in self._bounds().items())})"

    def __getstate__(self) -> dict[str, int | None]:
        return self._bounds()

    def __setstate__(self, bounds: dict[str, int | None]) -> None:
        for name, bound in bounds.items():
            object.__setattr__(self, name, bound)


DEFAULT_LIMITS: Final = Limits()
