"""The octets that HTTP/1.1 text is made of, and lists of elements (RFC 9110 section 5).

Tables of 256 entries and small functions over `bytes`; no other module decides what an octet means.
"""

from __future__ import annotations

import types

from whimbrel_http1._typing import TYPE_CHECKING, Final, cast, i64, overload

if TYPE_CHECKING:
    import re

__all__ = [
    "BY_SEARCH",
    "HEX_VALUES",
    "NOT_HEX",
    "TARGET_OCTETS",
    "TEXT",
    "TEXT_OCTETS",
    "TOKEN",
    "TOKEN_OCTETS",
    "is_host",
    "is_token",
    "name_is",
    "pattern",
    "skip_blanks",
    "split_list",
    "table",
    "target_end",
    "text_end",
    "token_end",
    "trim",
    "unquote",
]

NOT_HEX: Final = 255
_HT: Final = 0x09
_SP: Final = 0x20
_PERCENT: Final = 0x25
_ZERO: Final = 0x30
_NINE: Final = 0x39
_COLON: Final = 0x3A
_OPEN: Final = 0x5B
_DELETE: Final = 0x7F
_HEX: Final = b"0123456789abcdefABCDEF"

# RFC 9110 section 5.6.2.
TOKEN: Final = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# RFC 9110 section 5.5: field-vchar, blanks and obs-text; no other control character.
TEXT: Final = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
# RFC 3986 section 3.2.2: a registered name, percent escapes aside.
_NAME: Final = b"-._~!$&'()*+,;=0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# RFC 9112 section 3.2: a request target holds no blank, no control character and nothing but ASCII.
_TARGET: Final = bytes(range(0x21, 0x7F))


def table(members: bytes) -> bytes:
    """Return 256 octets: for each one whether it is of `members`."""
    return bytes(octet in members for octet in range(256))


def pattern(form: bytes, *classes: bytes) -> re.Pattern[bytes]:
    """Compile `form`, in which each `%b` stands for the octets of the next class."""
    if not BY_SEARCH:
        return cast("re.Pattern[bytes]", None)  # nobody will search
    import re  # noqa: PLC0415 -- compiled, it is not needed

    return re.compile(form % tuple(re.escape(members) for members in classes))


# Compiled, a loop over a table is fastest; interpreted, so is a search by one class made of the same
# octets, which cannot backtrack.
BY_SEARCH: Final = isinstance(table, types.FunctionType)
TOKEN_OCTETS: Final = table(TOKEN)
TEXT_OCTETS: Final = table(TEXT)
TARGET_OCTETS: Final = table(_TARGET)
_TOKEN_RUN: Final = pattern(b"[%b]*", TOKEN)
_TEXT_RUN: Final = pattern(b"[%b]*", TEXT)
_TARGET_RUN: Final = pattern(b"[%b]*", _TARGET)
# The value of each hexadecimal digit, NOT_HEX for every other octet.
HEX_VALUES: Final = bytes(
    _HEX.index(bytes([octet]).lower()) if octet in _HEX else NOT_HEX for octet in range(256)
)
_NAME_RUN: Final = pattern(b"[%b]*", _NAME)
_NAME_OCTETS: Final = table(_NAME)
_LOWER: Final = bytes(range(256)).lower()


def token_end(data: bytes, start: i64, end: i64) -> i64:
    """Return the offset after the token octets that begin at `start`, at most `end`."""
    if BY_SEARCH:
        return _end_of_run(_TOKEN_RUN, data, start, end)
    table = TOKEN_OCTETS
    position: i64 = start
    while position < end and table[data[position]] != 0:
        position += 1
    return position


def text_end(data: bytes, start: i64, end: i64) -> i64:
    """Return the offset after the field text that begins at `start`, at most `end`."""
    if BY_SEARCH:
        return _end_of_run(_TEXT_RUN, data, start, end)
    position: i64 = start
    while position < end:
        octet: i64 = data[position]  # compared and not looked up: most of a head is read here
        if (octet < _SP and octet != _HT) or octet == _DELETE:
            break
        position += 1
    return position


def target_end(data: bytes, start: i64, end: i64) -> i64:
    """Return the offset after the request target that begins at `start`, at most `end`."""
    if BY_SEARCH:
        return _end_of_run(_TARGET_RUN, data, start, end)
    table = TARGET_OCTETS
    position: i64 = start
    while position < end and table[data[position]] != 0:
        position += 1
    return position


def _end_of_run(run: re.Pattern[bytes], data: bytes, start: i64, end: i64) -> i64:
    found = run.match(data, start, end) if start < end else None
    return start if found is None else found.end()


def skip_blanks(data: bytes, position: i64, end: i64) -> i64:
    """Return the offset after the blanks that begin at `position`, at most `end`."""
    while position < end and (data[position] == _SP or data[position] == _HT):
        position += 1
    return position


def trim(data: bytes, first: i64, end: i64) -> i64:
    """Return the end of `data[first:end]` without the blanks at its end."""
    while end > first and (data[end - 1] == _SP or data[end - 1] == _HT):
        end -= 1
    return end


def is_host(data: bytes, start: i64, end: i64) -> bool:
    """Tell whether `data[start:end]` is a host, maybe empty, and perhaps a port (RFC 9110 section 7.2).

    An address in brackets is checked for its octets, not for its sense; it may have a zone (RFC 6874).
    """
    if start < end and data[start] == _OPEN:
        position: i64 = data.find(b"]", start, end) + 1
        if position == 0 or not _is_literal(data[start + 1 : position - 1]):
            return False
    else:
        position = _registered_name_end(data, start, end)
    if position < end and data[position] == _COLON:
        position += 1
        while position < end and _ZERO <= data[position] <= _NINE:
            position += 1
    return position == end


def _is_literal(text: bytes) -> bool:
    """Tell whether `text` may stand in brackets (RFC 3986 section 3.2.2)."""
    if text[:1] in (b"v", b"V"):
        version, _, rest = text[1:].partition(b".")
        return _all_of(version, _HEX) and _all_of(rest, _NAME + b":")
    address, zone_mark, zone = text.partition(b"%25")
    return (
        address.count(b":") > 1 and _all_of(address, _HEX + b":.") and (not zone_mark or _all_of(zone, _NAME))
    )


def _all_of(text: bytes, members: bytes) -> bool:
    return len(text) > 0 and len(text.strip(members)) == 0


def _registered_name_end(data: bytes, position: i64, end: i64) -> i64:
    while True:
        if BY_SEARCH:
            position = _end_of_run(_NAME_RUN, data, position, end)
        else:
            table = _NAME_OCTETS
            while position < end and table[data[position]] != 0:
                position += 1
        if end - position < 3 or data[position] != _PERCENT:
            return position
        if HEX_VALUES[data[position + 1]] == NOT_HEX or HEX_VALUES[data[position + 2]] == NOT_HEX:
            return position
        position += 3


def name_is(data: bytes, start: i64, end: i64, lowered: bytes) -> bool:
    """Tell whether `data[start:end]` is the name `lowered`, whatever its letter case."""
    length: i64 = len(lowered)
    if end - start != length:
        return False
    if BY_SEARCH:
        return data[start:end].lower() == lowered
    table = _LOWER
    index: i64 = 0
    while index < length:
        octet: i64 = data[start + index]
        wanted: i64 = lowered[index]
        if octet != wanted and table[octet] != wanted:
            return False
        index += 1
    return True


def is_token(text: str | bytes) -> bool:
    """Tell whether `text` is a token: a method, a field name (RFC 9110 section 5.6.2)."""
    if isinstance(text, str):
        if not text.isascii():
            return False
        octets = text.encode("ascii")
    else:
        octets = text
    size: i64 = len(octets)
    return size > 0 and token_end(octets, 0, size) == size


@overload
def split_list(value: str, separator: str = ",") -> list[str]: ...


@overload
def split_list(value: bytes, separator: str = ",") -> list[bytes]: ...


def split_list(value: str | bytes, separator: str = ",") -> list[str] | list[bytes]:
    """Split a list into its elements, minding quoted strings (RFC 9110 section 5.6.1).

    Args:
        value: A field value; the elements come back in its type.
        separator: `","` between elements, `";"` between the parameters of one.

    Returns:
        The elements without outer blanks; empty ones are left out. A quote that is never closed
        reaches to the end.

    >>> split_list('gzip, foo;bar="a,b", ,')
    ['gzip', 'foo;bar="a,b"']
    """
    if isinstance(value, bytes):
        return [part.encode("latin-1") for part in _split_text(value.decode("latin-1"), separator)]
    return _split_text(value, separator)


def _split_text(text: str, separator: str) -> list[str]:
    parts: list[str] = []
    start = 0
    quoted = False
    escaped = False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character == separator:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [trimmed for part in parts if (trimmed := part.strip(" \t"))]


def unquote(value: str) -> str:
    r"""Return the text of a quoted string, or `value` itself when it is not quoted (RFC 9110 section 5.6.4).

    >>> unquote('"a \\"shore\\""')
    'a "shore"'
    """
    if len(value) < 2 or not value.startswith('"') or not value.endswith('"'):
        return value
    characters: list[str] = []
    escaped = False
    for character in value[1:-1]:
        if character == "\\" and not escaped:
            escaped = True
            continue
        characters.append(character)
        escaped = False
    return "".join(characters)
