r"""The quoting of `http.cookies` (RFC 2109), for jars that ask for it and for `Morsel.value`.

Characters that may not stand alone become `\ooo`, quotes and backslashes `\"` and `\\`, the whole in quotes.
RFC 6265bis knows no quoting, so nothing here ever touches what a server sent.
"""

import re

__all__ = ["quote_value", "unquote_value"]

_BARE = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~:]+").fullmatch
_ESCAPED = re.compile(r"""["\\,;\x00-\x1f\x7f-\xff]""").sub
_ESCAPE = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))", re.DOTALL).sub


def quote_value(value: str) -> str:
    r"""Return `value` quoted where it holds more than token characters.

    >>> quote_value("curlew"), quote_value("a;b")
    ('curlew', '"a\\073b"')
    """
    return value if _BARE(value) else f'"{_ESCAPED(_escape, value)}"'


def unquote_value(coded: str) -> str:
    """Return what `coded` means; text that is not in quotes means itself.

    >>> unquote_value(quote_value('say "kek"'))
    'say "kek"'
    """
    if len(coded) < 2 or coded[0] != '"' or coded[-1] != '"':
        return coded
    inner = coded[1:-1]
    return _ESCAPE(_unescape, inner) if "\\" in inner else inner


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return "\\" + character if character in '"\\' else f"\\{ord(character):03o}"


def _unescape(found: re.Match[str]) -> str:
    octal, character = found[1], found[2]
    return chr(int(octal, 8)) if octal else character
