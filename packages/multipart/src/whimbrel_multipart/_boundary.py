"""Choose, check and announce the boundary of a multipart body (RFC 2046 section 5.1.1)."""

import os

from whimbrel_http1 import is_token
from whimbrel_multipart.errors import InvalidBoundary

__all__ = ["boundary_octets", "boundary_parameter", "check_boundary", "new_boundary"]

_LONGEST = 70
_BCHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'()+_,-./:=? ")


def new_boundary() -> str:
    """Return a boundary of 128 random bits from the operating system.

    So many bits that no content holds it by chance, and none can be made to hold it on purpose.
    """
    return os.urandom(16).hex()


def check_boundary(boundary: str) -> bytes:
    """Return the octets of a boundary to be written.

    Raises:
        InvalidBoundary: It is empty, longer than 70 characters, ends in a space, or holds a character
            other than those of RFC 2046.
    """
    octets = boundary_octets(boundary)
    if not _BCHARS.issuperset(boundary):
        raise InvalidBoundary("may hold letters, digits, space and '()+_,-./:=? only", boundary)
    return octets


def boundary_octets(boundary: str) -> bytes:
    """Return the octets of a boundary to be read, which may hold any visible character of ASCII.

    Raises:
        InvalidBoundary: It is empty, longer than 70 characters, ends in a space, or holds something else.
    """
    if not boundary:
        raise InvalidBoundary("must not be empty", boundary)
    if len(boundary) > _LONGEST:
        raise InvalidBoundary(f"must not be longer than {_LONGEST} characters", boundary)
    if not boundary.isascii() or not boundary.isprintable():
        raise InvalidBoundary("must be visible ASCII", boundary)
    if boundary.endswith(" "):
        raise InvalidBoundary("must not end in a space", boundary)
    return boundary.encode("ascii")


def boundary_parameter(boundary: bytes) -> str:
    """Return `boundary` as a parameter value: as it is when it is a token, else in quotes."""
    text = boundary.decode("ascii")
    # No character of a boundary needs a backslash: neither `"` nor `\` is among them.
    return text if is_token(text) else f'"{text}"'
