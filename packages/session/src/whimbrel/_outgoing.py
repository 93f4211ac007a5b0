"""A request on its way: what the caller asked, and the head it becomes.

`Outgoing` is what the rules of a request's life pass on and rewrite; `Head` is what they send.
`complete_headers` adds what the caller left to us, and nothing that the caller has said.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel._credentials import BasicAuth
from whimbrel._urls import host_field
from whimbrel._version import __version__
from whimbrel.request_info import RequestInfo
from whimbrel_connector import Request
from whimbrel_cookies import LooseCookies
from whimbrel_http1 import HTTP_1_0, HTTP_1_1, HttpVersion, supported_codings
from whimbrel_multipart import Payload

__all__ = ["Head", "Outgoing", "complete_headers", "describe_body"]

_MOST_HEADS = 8
_METHODS_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"})
_USER_AGENT = f"Python/{sys.version_info[0]}.{sys.version_info[1]} whimbrel/{__version__}"


@dataclass(slots=True)
class Outgoing:
    """What is asked; once made nobody changes it.

    Attributes:
        method: The method, upper case.
        url: The whole URL, without user information.
        headers: What the session and the caller say; automatic headers are not among them.
        body: What is sent, or None.
        credentials: Basic credentials for this origin, or None.
        cookies: Cookies of this request alone, besides those of the jar.
        chunked: Send the body chunked even if its size is known.
        expects_continue: Ask for `100 Continue` before sending the body.
        offers_upgrade: The headers offer another protocol.
        skip: Names, in lower case, of automatic headers to leave out.
        version: The HTTP version.
        closes: The connection is used for this request alone, and the server is told so.
    """

    method: str
    url: URL
    headers: CIMultiDict[str]
    body: Payload | None = None
    credentials: BasicAuth | None = None
    cookies: LooseCookies | None = None
    chunked: bool = False
    expects_continue: bool = False
    offers_upgrade: bool = False
    skip: frozenset[str] = frozenset()
    version: HttpVersion = HTTP_1_1
    closes: bool = False
    # The heads of this request and of those that differ from it in their bodies alone.
    _heads: "dict[object, Head]" = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_body(self, body: Payload) -> "Outgoing":
        """Return the same with this body; what is known of one such request is known of the next."""
        other = Outgoing(
            self.method,
            self.url,
            self.headers,
            body,
            self.credentials,
            self.cookies,
            self.chunked,
            self.expects_continue,
            self.offers_upgrade,
            self.skip,
            self.version,
            self.closes,
        )
        other._heads = self._heads
        return other

    def head(self, cookie_header: str) -> "Head":
        """Return the head it becomes with this Cookie, the one that is known where that is the same.

        Raises:
            ValueError: As for `complete_headers`.
        """
        body = self.body
        if body is None:
            return self._heads.get(cookie_header) or self._first_head(cookie_header, cookie_header, None)
        size = body.size
        key = cookie_header, *body.headers.items()
        known = None if size is None else self._heads.get(key)
        if known is not None and size is not None:
            return known if size == known.length else known.resized(size)
        if size is None or self.chunked or _is_framed(self.headers):
            return Head.of(self, complete_headers(self, cookie_header))
        return self._first_head(key, cookie_header, size)

    def _first_head(self, key: object, cookie_header: str, length: int | None) -> "Head":
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
        head = self._heads[key] = Head.of(self, complete_headers(self, cookie_header), length)
        return head


class Head:
    """The head of a request; nobody changes it.

    Attributes:
        headers: All headers, in wire order.
        info: What the response and its errors remember of the request.
        length: The bytes of the body, where Content-Length is ours.
        model: The first head of its kind, which differs in `length` alone; None for that one itself.
        direct: Of such a first head, once it is made: what goes to the origin any number of times, each with
            a body of its own.
    """

    __slots__ = ("direct", "headers", "info", "length", "model")

    def __init__(
        self, headers: CIMultiDict[str], info: RequestInfo, length: int | None, model: "Head | None" = None
    ) -> None:
        self.headers = headers
        self.info = info
        self.length = length
        self.model = model
        self.direct: Request | None = None

    @classmethod
    def of(cls, request: Outgoing, headers: CIMultiDict[str], length: int | None = None) -> "Head":
        """Return the head of `request` with these headers."""
        url = request.url
        bare_url = url.with_fragment(None) if url.raw_fragment else url
        return cls(headers, RequestInfo(bare_url, request.method, CIMultiDictProxy(headers), url), length)

    def resized(self, length: int) -> "Head":
        """Return the head of the same request with a body of another length."""
        headers = self.headers.copy()
        headers["Content-Length"] = str(length)
        info = self.info
        return Head(
            headers,
            RequestInfo(info.url, info.method, CIMultiDictProxy(headers), info.real_url),
            length,
            self.model or self,
        )


def complete_headers(request: Outgoing, cookie_header: str) -> CIMultiDict[str]:
    """Return the headers of `request` in wire order, with those that are automatic.

    Args:
        request: What is asked.
        cookie_header: What the jar and the request want sent as Cookie, or "".

    Raises:
        ValueError: `chunked` together with framing of the caller's, or in HTTP/1.0.
    """
    given = request.headers
    headers: CIMultiDict[str] = CIMultiDict()
    if "Host" not in given:
        headers["Host"] = host_field(request.url)
    headers.extend(given)
    for name, value in _automatic():
        if name not in given and name.lower() not in request.skip:
            headers[name] = value
    if cookie_header:
        theirs = headers.popall("Cookie", [])
        headers["Cookie"] = "; ".join([*theirs, cookie_header])
    if request.credentials is not None and "Authorization" not in given:
        headers["Authorization"] = request.credentials.encode()
    is_kept_unasked = request.version != HTTP_1_0  # RFC 9112 section 9.3
    if request.closes is is_kept_unasked and "Connection" not in given:
        headers["Connection"] = "close" if request.closes else "keep-alive"
    if request.expects_continue and "Expect" not in given:
        headers["Expect"] = "100-continue"
    describe_body(request, headers)
    return headers


def describe_body(request: Outgoing, headers: CIMultiDict[str]) -> None:
    """Add the type of the body and its framing (RFC 9112 section 6).

    Raises:
        ValueError: As `complete_headers`.
    """
    body = request.body
    if body is None:
        if request.method not in _METHODS_WITHOUT_BODY and not _is_framed(headers):
            headers["Content-Length"] = "0"
        return
    for name, value in body.headers.items():
        if name not in headers and name.lower() not in request.skip:
            headers[name] = value
    if request.chunked:
        _chunk(headers)
    elif not _is_framed(headers):
        if body.size is None:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(body.size)
    if request.version == HTTP_1_0 and "Transfer-Encoding" in headers:
        msg = "HTTP/1.0 has no chunked transfer coding: the body needs a known size (RFC 9112 section 6.1)"
        raise ValueError(msg)


def _chunk(headers: CIMultiDict[str]) -> None:
    """Say that the body comes in chunks, as the caller has asked."""
    if "Content-Length" in headers:
        msg = "chunked can not be set if Content-Length header is set"
        raise ValueError(msg)
    if "chunked" in headers.get("Transfer-Encoding", "").lower():
        msg = 'chunked can not be set if "Transfer-Encoding: chunked" header is set'
        raise ValueError(msg)
    headers["Transfer-Encoding"] = "chunked"


def _is_framed(headers: CIMultiDict[str]) -> bool:
    return "Content-Length" in headers or "Transfer-Encoding" in headers


@lru_cache(maxsize=1)
def _automatic() -> tuple[tuple[str, str], ...]:
    codings: Iterable[str] = supported_codings()
    return (("Accept", "*/*"), ("Accept-Encoding", ", ".join(codings)), ("User-Agent", _USER_AGENT))
