"""In which order cookies are sent (RFC 6265bis section 5.8.3), how many of them, and which as text."""

from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._store import SHARED

__all__ = ["fitting", "in_sending_order", "is_plain"]


def in_sending_order(cookies: list[Cookie]) -> list[Cookie]:
    """Return them with the longest paths first, and among equals the oldest."""
    return sorted(cookies, key=lambda cookie: (-len(cookie.path), cookie.order))


def fitting(cookies: list[Cookie], limit: int) -> list[Cookie]:
    """Return, in the same order, those that fit into a field value of `limit` bytes.

    What the caller gave for every host always does; only servers can send too much.
    """
    # No character needs more than four bytes: most fields are so short that nothing has to be encoded.
    if sum([len(cookie.pair) for cookie in cookies]) * 4 + 2 * len(cookies) <= limit:
        return cookies
    own = [cookie for cookie in cookies if cookie.domain == SHARED]
    room = limit + 2 - sum(cookie.octets + 2 for cookie in own)
    kept = set(own)
    for cookie in cookies:
        needed = cookie.octets + 2
        if cookie.domain != SHARED and needed <= room:
            room -= needed
            kept.add(cookie)
    return [cookie for cookie in cookies if cookie in kept]


def is_plain(pair: str) -> bool:
    """Tell whether a morsel can carry it on every interpreter: no tab, no bytes that are not UTF-8."""
    if "\t" in pair:
        return False
    return pair.isascii() or not any("\ud800" <= character <= "\udfff" for character in pair)
