"""What a `ResponseParser` may overlook, where a server that cannot be mended needs it."""

from __future__ import annotations

from enum import Flag, auto

__all__ = ["STRICT", "Leniency"]


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
