"""Parse one Set-Cookie line (RFC 6265bis section 5.6), step by step, on bytes.

What comes out is what the server said. Whether it may be stored is decided elsewhere, by `admit`.
"""

import re
from dataclasses import dataclass
from typing import Literal

from whimbrel_cookies._dates import parse_cookie_date
from whimbrel_cookies._grammar import ATTRIBUTE_OCTETS, BLANKS, CONTROL, NAME_VALUE_OCTETS

__all__ = ["SameSite", "SetCookie", "parse_max_age", "parse_same_site", "parse_set_cookie"]

SameSite = Literal["Strict", "Lax", "None"]

_SAME_SITE: dict[bytes, SameSite] = {b"strict": "Strict", b"lax": "Lax", b"none": "None"}
_MAX_AGE = re.compile(rb"-?[0-9]+").fullmatch


@dataclass(frozen=True)
class SetCookie:
    """What one Set-Cookie line says.

    Texts are the line's bytes read as UTF-8; bytes that are not UTF-8 are kept as surrogate escapes
    (`text.encode("utf-8", "surrogateescape")` gives them back).

    Attributes:
        name: The name, empty for a nameless cookie.
        value: The value, verbatim: quotes and percent signs are part of it.
        domain: The Domain attribute in lower case without one leading dot, or None.
        path: The Path attribute; empty where it asks for the default path; None where it is missing.
        expires: The last valid Expires, in seconds since 1970, or None.
        max_age: The last valid Max-Age, in seconds, perhaps negative, or None.
        secure: Whether Secure was given.
        http_only: Whether HttpOnly was given.
        same_site: The last SameSite if it was one of the three known words, else None.
        partitioned: Whether Partitioned was given.
    """

    name: str
    value: str
    domain: str | None = None
    path: str | None = None
    expires: int | None = None
    max_age: int | None = None
    secure: bool = False
    http_only: bool = False
    same_site: SameSite | None = None
    partitioned: bool = False


def parse_set_cookie(line: bytes | str) -> SetCookie | None:
    """Parse the value of one Set-Cookie field (RFC 6265bis section 5.6).

    Args:
        line: The field value as received. Text is taken as UTF-8 with surrogate escapes.

    Returns:
        What the line says; None where the section says to ignore it entirely: a control character, name and
        value longer than 4096 bytes together, or neither a name nor a value.

    >>> parse_set_cookie(b"sid=31d4; Path=/; Secure; Shoe-Size=41")
    SetCookie(name='sid', value='31d4', domain=None, path='/', expires=None, max_age=None, secure=True, \
http_only=False, same_site=None, partitioned=False)
    """
    if isinstance(line, str):
        try:
            line = line.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
    if CONTROL(line):
        return None
    pair, _, attributes = line.partition(b";")
    name, equals, value = pair.partition(b"=")
    if not equals:
        name, value = b"", pair
    name, value = name.strip(BLANKS), value.strip(BLANKS)
    if len(name) + len(value) > NAME_VALUE_OCTETS or not (name or value):
        return None
    found = _Attributes()
    if attributes:
        for attribute in attributes.split(b";"):
            found.take(attribute)
    return found.give(_text(name), _text(value))


def parse_max_age(value: bytes) -> int | None:
    """Return the seconds of a Max-Age attribute, or None where it is to be ignored (section 5.6.2)."""
    return int(value) if _MAX_AGE(value) else None


def parse_same_site(value: bytes) -> SameSite | None:
    """Return the enforcement a SameSite attribute asks for, or None for an unknown word (section 5.6.7)."""
    return _SAME_SITE.get(value.lower())


class _Attributes:
    """The attributes seen so far; of each kind the last one counts (section 5.7)."""

    def __init__(self) -> None:
        self.domain: str | None = None
        self.path: str | None = None
        self.expires: int | None = None
        self.max_age: int | None = None
        self.same_site: SameSite | None = None
        self.flags: set[bytes] = set()

    def take(self, attribute: bytes) -> None:
        name, _, value = attribute.partition(b"=")
        value = value.strip(BLANKS)
        if len(value) > ATTRIBUTE_OCTETS:
            return
        match name.strip(BLANKS).lower():
            case b"expires":
                seconds = parse_cookie_date(value)
                self.expires = self.expires if seconds is None else seconds
            case b"max-age":
                age = parse_max_age(value)
                self.max_age = self.max_age if age is None else age
            case b"domain":
                self.domain = _text(value.removeprefix(b".").lower())
            case b"path":
                self.path = _text(value) if value.startswith(b"/") else ""
            case b"samesite":
                self.same_site = parse_same_site(value)
            case flag:
                self.flags.add(flag)

    def give(self, name: str, value: str) -> SetCookie:
        return SetCookie(
            name,
            value,
            self.domain,
            self.path,
            self.expires,
            self.max_age,
            b"secure" in self.flags,
            b"httponly" in self.flags,
            self.same_site,
            b"partitioned" in self.flags,
        )


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
