"""How long is a body, and does its connection live on (RFC 9112 sections 6 and 9)?

Each field line is noticed when it is complete, so a contradiction is refused before the head ends.
"""

from __future__ import annotations

from whimbrel_http1._grammar import is_host, is_token, name_is, skip_blanks, split_list, trim
from whimbrel_http1._typing import Final, i64
from whimbrel_http1.errors import MalformedMessage, ParseError

__all__ = [
    "CHUNKED",
    "INTERIM",
    "NOTED_NAMES",
    "TUNNEL",
    "UNTIL_CLOSE",
    "FramingNotes",
]

# What follows a head, if it is no number of bytes.
CHUNKED: Final = -1
UNTIL_CLOSE: Final = -2
TUNNEL: Final = -3
INTERIM: Final = -4

# The fields that `notice` knows; all others say nothing that matters here.
NOTED_NAMES: Final = (
    b"connection",
    b"content-length",
    b"expect",
    b"host",
    b"proxy-connection",
    b"set-cookie",
    b"transfer-encoding",
    b"upgrade",
)
_C: Final = 0x63
_E: Final = 0x65
_H: Final = 0x68
_P: Final = 0x70
_S: Final = 0x73
_T: Final = 0x74
_U: Final = 0x75
_COMMA: Final = 0x2C
_ZERO: Final = 0x30
_NINE: Final = 0x39
# 2**63 - 1, but for its last digit, and that.
_MAX_TENTH: Final = 922337203685477580
_MAX_DIGIT: Final = 7


class FramingNotes:
    """The notes on one head after another, taken by a scanner, which has them as its own.

    Args:
        one_host: Refuse a second Host, and one that names no host, as a request must.

    Attributes:
        may_repeat_length: Let the same Content-Length be said again.
        content_length: The value of Content-Length, -1 without one.
        codings: The transfer codings in wire order, lower case; None without a Transfer-Encoding.
        close, keep_alive, upgrade_option: The connection options of these names.
        upgrade_field: Whether an Upgrade names a protocol.
        expect_continue: Whether Expect says 100-continue.
        hosts: How many Host fields there are.
        secret: Whether there is a Set-Cookie.
    """

    def __init__(self, *, one_host: bool) -> None:
        self._one_host = one_host
        self.may_repeat_length = False
        self._place: i64 = 0  # where in the message the line being noticed ends
        self.forget()

    def forget(self) -> None:
        """Forget the last head."""
        self.content_length: i64 = -1
        self.codings: list[bytes] | None = None
        self.close = False
        self.keep_alive = False
        self.upgrade_option = False
        self.upgrade_field = False
        self.expect_continue = False
        self.hosts: i64 = 0
        self.secret = False

    def adopt(self, other: FramingNotes) -> bool:
        """Add what `other` has noted, as if its lines were noticed here.

        Returns:
            False, and nothing is added, where that might be a fault: let them be noticed then.
        """
        if other._decides:
            if self._decides:
                return False
            self.content_length = other.content_length
            self.codings = None if other.codings is None else other.codings.copy()
            self.hosts = other.hosts
        self.close = self.close or other.close
        self.keep_alive = self.keep_alive or other.keep_alive
        self.upgrade_option = self.upgrade_option or other.upgrade_option
        self.upgrade_field = self.upgrade_field or other.upgrade_field
        self.expect_continue = self.expect_continue or other.expect_continue
        return True

    @property
    def _decides(self) -> bool:
        """Whether there is a line beside which another might be a fault."""
        return self.content_length >= 0 or self.codings is not None or self.hosts > 0

    def persists(self, minor: i64) -> bool:
        """Tell whether version and Connection let the connection live on (RFC 9112 section 9.3)."""
        return not self.close and (minor == 1 or self.keep_alive)

    def request_body(self, method: str) -> i64:
        """Return the bytes of a request's body, or what else follows; it never ends with the connection."""
        if method == "CONNECT":
            return TUNNEL
        return CHUNKED if self.chunked else max(0, self.content_length)

    def response_body(self, status: i64, request_method: str) -> i64:
        """Return the bytes of a response's body, or what else follows (RFC 9112 section 6.3)."""
        if status == 101 or (200 <= status < 300 and request_method == "CONNECT"):
            return TUNNEL
        if status < 200 or status in (204, 304) or request_method == "HEAD":
            return 0
        if self.chunked:
            return CHUNKED
        if self.coded or self.content_length < 0:
            return UNTIL_CLOSE
        return self.content_length

    @property
    def length(self) -> int | None:
        """The value of Content-Length, None without one."""
        return None if self.content_length < 0 else self.content_length

    @property
    def coded(self) -> bool:
        """Whether there is a Transfer-Encoding."""
        return self.codings is not None

    @property
    def chunked(self) -> bool:
        """Whether the last transfer coding is chunked."""
        codings = self.codings
        return codings is not None and len(codings) > 0 and codings[-1] == b"chunked"

    def notice(self, data: bytes, start: i64, colon: i64, end: i64, place: i64) -> None:
        """Take note of the field line `data[start:end]`, if it is one that matters.

        Its bytes are checked already; with it and its CR LF, `place` bytes of the message are read.

        Raises:
            MalformedMessage: What the fields say so far is no framing.
        """
        self._place = place
        # Most lines are none of these, and most names differ in their first letter.
        letter: i64 = data[start] | 0x20
        if letter == _C:
            if name_is(data, start, colon, b"content-length"):
                self._notice_length(data, start, colon + 1, end)
            elif name_is(data, start, colon, b"connection"):
                self._notice_connection(data, colon + 1, end)
        elif letter == _T:
            if name_is(data, start, colon, b"transfer-encoding"):
                self._notice_codings(data, start, colon + 1, end)
        elif letter == _P:
            if name_is(data, start, colon, b"proxy-connection"):
                # Not a standard field; a peer that says "close" in it does close.
                kept = self.keep_alive
                self._notice_connection(data, colon + 1, end)
                self.keep_alive = kept
        elif letter == _S:
            self.secret = self.secret or name_is(data, start, colon, b"set-cookie")
        elif letter in (_E, _H, _U):
            self._notice_short(data, start, colon, end)

    def _notice_short(self, data: bytes, start: i64, colon: i64, end: i64) -> None:
        if name_is(data, start, colon, b"host"):
            self._notice_host(data, start, colon, end)
        elif name_is(data, start, colon, b"upgrade"):
            self.upgrade_field = self.upgrade_field or len(data[colon + 1 : end].strip(b", \t")) > 0
        elif name_is(data, start, colon, b"expect"):
            value = data[colon + 1 : end].strip(b" \t").lower()
            self.expect_continue = self.expect_continue or value == b"100-continue"

    def _notice_length(self, data: bytes, start: i64, position: i64, end: i64) -> None:
        """Read a Content-Length: one number, said once (RFC 9112 section 6.3, item 5)."""
        known: i64 = self.content_length
        if known >= 0 and not self.may_repeat_length:
            # The same number again might pass; a list that others read differently must not, and no
            # sound sender says it twice.
            raise self._line_fault("there is more than one Content-Length", data, start, end)
        position = skip_blanks(data, position, end)
        digits: i64 = position
        value: i64 = 0
        while position < end and _ZERO <= data[position] <= _NINE:
            digit: i64 = data[position] - _ZERO
            if value >= _MAX_TENTH and (value > _MAX_TENTH or digit > _MAX_DIGIT):
                raise self._line_fault("Content-Length is out of range", data, start, end)
            value = value * 10 + digit
            position += 1
        if position == digits or skip_blanks(data, position, end) < end:
            raise self._line_fault("Content-Length is one number in decimal digits", data, start, end)
        if known >= 0 and value != known:
            raise self._line_fault("Content-Length is said twice, and not the same", data, start, end)
        self.content_length = value
        if self.codings is not None:
            raise self._both_framings(data, start, end)

    def _notice_codings(self, data: bytes, start: i64, position: i64, end: i64) -> None:
        """Read a Transfer-Encoding (RFC 9112 section 6.1)."""
        codings = self.codings
        if codings is None:
            codings = self.codings = []
        if self.content_length >= 0:
            raise self._both_framings(data, start, end)
        for element in split_list(data[position:end].lower()):
            name = element.partition(b";")[0].rstrip(b" \t")
            if not is_token(name):
                raise self._line_fault("a transfer coding is a token", data, start, end)
            if name == b"chunked":
                if name != element:
                    raise self._line_fault("chunked has no parameters", data, start, end)
                if name in codings:
                    raise self._line_fault("chunked is applied once", data, start, end)
            codings.append(name)

    def _notice_connection(self, data: bytes, position: i64, end: i64) -> None:
        """Look for the connection options that matter here (RFC 9110 section 7.6.1)."""
        while position < end:
            position = skip_blanks(data, position, end)
            first: i64 = position
            while position < end and data[position] != _COMMA:
                position += 1
            last: i64 = trim(data, first, position)
            if name_is(data, first, last, b"keep-alive"):
                self.keep_alive = True
            elif name_is(data, first, last, b"close"):
                self.close = True
            elif name_is(data, first, last, b"upgrade"):
                self.upgrade_option = True
            position += 1

    def _notice_host(self, data: bytes, start: i64, colon: i64, end: i64) -> None:
        self.hosts += 1
        if not self._one_host:
            return
        what = "a request has one Host"
        if self.hosts == 1:
            first = skip_blanks(data, colon + 1, end)
            if is_host(data, first, trim(data, first, end)):
                return
            what = "a Host is a name or an address, and perhaps a port"
        raise self._line_fault(what, data, start, end, "RFC 9112 section 3.2")

    def _line_fault(
        self, what: str, data: bytes, start: i64, end: i64, rule: str = "RFC 9112 section 6"
    ) -> ParseError:
        return MalformedMessage(what, self._place, rule, data[start:end])

    def _both_framings(self, data: bytes, start: i64, end: i64) -> ParseError:
        # Both framings at once is how messages are smuggled: never guess which one the peer meant.
        what = "Content-Length and Transfer-Encoding exclude each other"
        return self._line_fault(what, data, start, end, "RFC 9112 section 6.3")
