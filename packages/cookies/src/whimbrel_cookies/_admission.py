"""May this cookie be stored, and as what (RFC 6265bis sections 5.4, 5.5 and 5.7)?

`admit` decides about cookies from a response, `admit_given` about those the caller gives without one. Both
are pure: they see neither the store nor a clock. The one question that needs the store, whether a Secure
cookie would be overlaid, is asked by `overlays`.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._hosts import canonical_host, domain_match, is_ip_address, parent_domains
from whimbrel_cookies._paths import default_path, path_match
from whimbrel_cookies._set_cookie import SetCookie

__all__ = [
    "LONGEST_LIFE_SECONDS",
    "Refusal",
    "Sender",
    "admit",
    "admit_given",
    "breaks_prefix",
    "imitates",
    "overlays",
]

# RFC 6265bis 5.5: no cookie outlives 400 days without being set again.
LONGEST_LIFE_SECONDS = 400 * 86400

_SECURE_PREFIX, _HOST_PREFIX = "__secure-", "__host-"


class Refusal(Enum):
    """Why a cookie was not stored, and the clause that says so."""

    SYNTAX = "the line cannot be parsed (RFC 6265bis 5.6)"
    FOREIGN_DOMAIN = "the Domain attribute does not cover the host (RFC 6265bis 5.7, step 10)"
    PUBLIC_SUFFIX = "the Domain attribute is a public suffix (RFC 6265bis 5.7, step 9)"
    INSECURE_ORIGIN = "Secure from a connection that is not (RFC 6265bis 5.7, step 13)"
    OVERLAYS_SECURE = "it would overlay a Secure cookie (RFC 6265bis 5.7, step 16)"
    PREFIX = "the name's prefix promises more than the attributes hold (RFC 6265bis 5.4)"
    IMITATION = "nameless, it would look like another cookie (RFC 6265bis 5.7, step 23)"


class Sender(NamedTuple):
    """Where a response came from.

    Attributes:
        host: Canonical, not empty.
        path: Of the request.
        secure: Whether the connection was.
        is_public_suffix: What the jar was told about such domains.
    """

    host: str
    path: str
    secure: bool
    is_public_suffix: Callable[[str], bool]


def admit(received: SetCookie, sender: Sender, now: float) -> Cookie | Refusal:
    """Return the cookie to store for a response, or why there is none."""
    domain = _covering_domain(received.domain or "", sender)
    if isinstance(domain, Refusal):
        return domain
    if received.secure and not sender.secure:
        return Refusal.INSECURE_ORIGIN
    if imitates(received.name, received.value):
        return Refusal.IMITATION
    cookie = _cookie(
        received,
        domain=domain or sender.host,
        host_only=not domain,
        path=received.path or default_path(sender.path),
        now=now,
    )
    # A default path will not do for __Host-, even where it is "/": the attribute has to be there.
    if breaks_prefix(cookie) or (received.path is None and _is_host_prefixed(cookie.name)):
        return Refusal.PREFIX
    return cookie


def admit_given(
    given: SetCookie, now: float, *, host_only: bool, is_public_suffix: Callable[[str], bool]
) -> Cookie | Refusal:
    """Return the cookie to store for one that the caller gave without a response.

    Without a domain it is shared: sent to every host. The domain of an address or of a public suffix stands
    for that host alone.

    Args:
        given: The cookie.
        now: In seconds since 1970.
        host_only: Whether its domain, where there is one, stands for that host alone anyway.
        is_public_suffix: What the jar was told about such domains.
    """
    domain = canonical_host(given.domain) if given.domain else ""
    if domain is None:
        return Refusal.FOREIGN_DOMAIN
    if imitates(given.name, given.value):
        return Refusal.IMITATION
    cookie = _cookie(
        with_implied(given),
        domain=domain,
        host_only=bool(domain) and (host_only or _is_nobodys(domain, is_public_suffix)),
        path=given.path or "/",
        now=now,
    )
    return Refusal.PREFIX if domain and breaks_prefix(cookie) else cookie


def with_implied(given: SetCookie) -> SetCookie:
    """Return `given` with what its name's prefix promises, for a cookie that has a name and a value only."""
    if _is_host_prefixed(given.name):
        return replace(given, secure=True, path=given.path or "/")
    if given.name.lower().startswith(_SECURE_PREFIX):
        return replace(given, secure=True)
    return given


def breaks_prefix(cookie: Cookie) -> bool:
    """Tell whether a cookie lacks what the prefix of its name promises (section 5.4)."""
    if _is_host_prefixed(cookie.name):
        return not (cookie.secure and cookie.host_only and cookie.path == "/")
    return cookie.name.lower().startswith(_SECURE_PREFIX) and not cookie.secure


def imitates(name: str, value: str) -> bool:
    """Tell whether a nameless cookie would read as a named one on the wire.

    Section 5.7 refuses values that begin with a prefix; any value with an equals sign reads as a name, too.
    """
    return not name and ("=" in value or value.lower().startswith((_SECURE_PREFIX, _HOST_PREFIX)))


def overlays(cookie: Cookie, stored: Iterable[Cookie]) -> bool:
    """Tell whether a cookie from an insecure origin would overlay one of these Secure ones (step 16).

    Args:
        cookie: The new one, not Secure.
        stored: Secure cookies of the same name.
    """
    # The caller's shared cookies, of no domain, are meant for this host as for all others.
    covering = {"", cookie.domain, *parent_domains(cookie.domain)}
    below = "." + cookie.domain
    return any(
        (old.domain in covering or old.domain.endswith(below)) and path_match(cookie.path, old.path)
        for old in stored
    )


def _covering_domain(domain: str, sender: Sender) -> str | Refusal:
    """Return the domain to store, empty for the host alone (steps 8 to 10)."""
    if not domain:
        return ""
    if domain == sender.host:
        return "" if _is_nobodys(domain, sender.is_public_suffix) else domain
    if not domain.isascii() or not domain_match(sender.host, domain):
        return Refusal.FOREIGN_DOMAIN
    return Refusal.PUBLIC_SUFFIX if _is_nobodys(domain, sender.is_public_suffix) else domain


def _is_nobodys(domain: str, is_public_suffix: Callable[[str], bool]) -> bool:
    # A single label is never anyone's domain, whatever a list of suffixes says.
    return is_ip_address(domain) or "." not in domain or is_public_suffix(domain)


def _is_host_prefixed(name: str) -> bool:
    return name.lower().startswith(_HOST_PREFIX)


def _cookie(received: SetCookie, *, domain: str, host_only: bool, path: str, now: float) -> Cookie:
    return Cookie(
        received.name,
        received.value,
        domain=domain,
        path=path,
        host_only=host_only,
        creation=now,
        expiry=_expiry(received, now),
        secure=received.secure,
        http_only=received.http_only,
        same_site=received.same_site,
        partitioned=received.partitioned,
    )


def _expiry(received: SetCookie, now: float) -> float | None:
    """Return when the cookie ends; Max-Age wins over Expires (step 6)."""
    if received.max_age is not None:
        return now + min(received.max_age, LONGEST_LIFE_SECONDS) if received.max_age > 0 else 0
    if received.expires is not None:
        return min(received.expires, now + LONGEST_LIFE_SECONDS)
    return None
