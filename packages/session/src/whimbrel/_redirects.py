"""Whether and how a redirect is followed (RFC 9110 section 15.4), decided from values alone."""

from dataclasses import replace

from multidict import CIMultiDict
from yarl import URL

from whimbrel._outgoing import Outgoing
from whimbrel._urls import HTTP_SCHEMES, escape_illegal, host_fault
from whimbrel.errors import InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError

__all__ = ["crosses_origin", "is_redirect", "moved", "next_request"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# What tells another origin about the wish but not about the user. A list of what may travel stays
# right when new kinds of secrets appear; a list of what may not does not.
_MAY_TRAVEL = frozenset(
    {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "content-encoding",
        "content-language",
        "content-type",
        "dnt",
        "expect",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "pragma",
        "range",
        "user-agent",
    }
)
_OF_THE_BODY = ("Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "Transfer-Encoding")


def is_redirect(status: int) -> bool:
    """Tell whether a response with this status may send us elsewhere."""
    return status in _REDIRECTS


def next_request(sent: Outgoing, status: int, location: str, *, requote: bool = True) -> Outgoing:
    """Return the request that follows a redirect.

    A 303, and a 301 or 302 after POST, turn it into a GET without body. To another origin go neither
    credentials nor cookies of the request, nor any header that is not known to be harmless.

    Args:
        sent: The request that was redirected.
        status: The status of the response.
        location: The value of its Location header.
        requote: Escape what a URL cannot hold; all else stays byte for byte.

    Raises:
        InvalidUrlRedirectClientError: The location is no URL.
        NonHttpUrlRedirectClientError: It leads elsewhere than to http or https.
    """
    url = _resolve(sent.url, location, requote=requote)
    following = replace(sent, url=url)
    if (status == 303 and sent.method != "HEAD") or (status in (301, 302) and sent.method == "POST"):
        following = _without_body(following)
    if crosses_origin(sent.url, url):
        following = _without_secrets(following)
    return following


def moved(sent: Outgoing, url: URL) -> Outgoing:
    """Return the request as if it had been for `url`, without its secrets if that is another origin."""
    if sent.url == url:
        return sent
    there = replace(sent, url=url)
    return _without_secrets(there) if crosses_origin(sent.url, url) else there


def _resolve(base: URL, location: str, *, requote: bool) -> URL:
    target = _parse(location, requote=requote)
    if not target.scheme:
        target = base.join(target)
    if target.scheme not in HTTP_SCHEMES:
        raise NonHttpUrlRedirectClientError(location)
    fault = host_fault(target)
    if fault is not None:
        raise InvalidUrlRedirectClientError(location, fault)
    if target.raw_user is not None or target.raw_password is not None:
        target = target.with_user(None)  # a server does not tell us who we are
    if not target.raw_fragment and base.raw_fragment:  # RFC 9110 section 10.2.2
        target = target.with_fragment(base.fragment)
    return target


def _parse(location: str, *, requote: bool) -> URL:
    """Read a location as it stands: what is escaped and what is not may be covered by a signature."""
    try:
        if not location.isascii():
            return URL(location)  # a host name may be in it, which has a form of its own
        if requote:
            address, sign, fragment = location.partition("#")
            location = escape_illegal(address) + sign + escape_illegal(fragment)
        url = URL(location, encoded=True)
        if url.port == 0:  # asked now, because only now is a port that is no number noticed
            msg = "port 0 cannot be connected to"
            raise ValueError(msg)
        host = url.raw_host
        if host and host != host.lower():  # letter case says nothing there (RFC 3986 section 3.2.2)
            url = url.with_host(host.lower())
    except ValueError as fault:
        raise InvalidUrlRedirectClientError(location, f"it cannot be followed: {fault}") from fault
    return url


def _without_body(request: Outgoing) -> Outgoing:
    headers = CIMultiDict(request.headers)
    for name in _OF_THE_BODY:
        headers.popall(name, None)
    method = request.method if request.method == "HEAD" else "GET"
    return replace(request, method=method, headers=headers, body=None, expects_continue=False)


def _without_secrets(request: Outgoing) -> Outgoing:
    kept = CIMultiDict(
        (name, value) for name, value in request.headers.items() if name.lower() in _MAY_TRAVEL
    )
    return replace(request, headers=kept, credentials=None, cookies=None)


def crosses_origin(old: URL, new: URL) -> bool:
    """Tell whether the origin changes; from http to https of one host, on default ports, it does not."""
    if old.raw_host == new.raw_host and (old.scheme, new.scheme) == ("http", "https"):
        return not (old.port == 80 and new.port == 443)
    return (old.scheme, old.raw_host, old.port) != (new.scheme, new.raw_host, new.port)
