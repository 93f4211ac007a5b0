"""A request in the hands of its middlewares, to be looked at and changed.

It stands here without the session that it shows: `client` makes it the `ClientRequest` of a `ClientSession`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel._bodies import Data, payload_of, rewind
from whimbrel._compression import CompressedPayload, coding_of, compressed
from whimbrel._credentials import BasicAuth, credentials_of, split_credentials
from whimbrel._hop_way import HopWay, plan_for, way_of
from whimbrel._outgoing import Head, Outgoing, complete_headers, describe_body
from whimbrel._redirects import crosses_origin
from whimbrel._urls import HTTP_SCHEMES, WS_SCHEMES, Params, build_url, check_scheme, host_field
from whimbrel.errors import ConnectionKey
from whimbrel.request_info import RequestInfo
from whimbrel_connector import Fingerprint
from whimbrel_cookies import LooseCookies, merge_cookie_header
from whimbrel_http1 import HTTP_1_1, HttpVersion
from whimbrel_multipart import Payload

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Self

    from whimbrel._plan import Plan
    from whimbrel.response import ClientResponse

__all__ = ["HopRequest"]

_Session = TypeVar("_Session")

_FRAMING = ("Content-Length", "Transfer-Encoding")
_SECRETS = ("Authorization", "Cookie", "Proxy-Authorization")


class HopRequest(Generic[_Session]):
    """One hop of a request, complete but not yet sent, of sessions of one class.

    Sessions make it; who tests a middleware may make one too, with the keywords of
    `ClientSession.request`. Whatever is changed is checked again when it is sent, before a connection
    is taken.

    Args:
        method: The method.
        url: The URL.
        params: Added to the query.
        headers: Headers.
        skip_auto_headers: Automatic headers to leave out.
        data: The body.
        cookies: Cookies.
        auth: Basic credentials.
        version: The HTTP version.
        compress: The content coding of the body; True for deflate.
        chunked: Send the body in chunks.
        expect100: Ask for `100 Continue` first.
        loop: Accepted for compatibility and not used.
        response_class: The class of the response.
        proxy: The proxy.
        proxy_auth: Credentials for it.
        timer: Accepted for compatibility and not used.
        session: The session.
        ssl: What TLS must satisfy.
        proxy_headers: Headers for the proxy.
        traces: Accepted for compatibility and not used.
        trust_env: Accepted for compatibility and not used: the session asks the environment.
        server_hostname: What is checked in place of the URL's host.

    Attributes:
        method: The method.
        original_url: The URL as it was when the first middleware got the request, with its fragment.
        headers: All headers, the automatic ones too, in wire order.
        response_class: The class of the response; None: the session's.
        version: The HTTP version.
        ssl: True, False, a context or a `Fingerprint`. Whatever is set takes the place of all that
            request and session said of TLS.
        server_hostname: What is checked in place of the URL's host.
        proxy: The proxy, or None. One that is set, None too, takes the place of the environment's.
        proxy_auth: Credentials for the proxy, or None.
        proxy_headers: Headers for the proxy, or None.
        compress: The content coding of the body, or None; another body will have it too.
    """

    # Each request has its own; mocks that are made after the class look here.
    method: str = ""
    version: HttpVersion = HTTP_1_1
    ssl: "SSLContext | bool | Fingerprint" = True

    def __init__(
        self,
        method: str,
        url: URL,
        *,
        params: Params = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        data: Data = None,
        cookies: LooseCookies | None = None,
        auth: BasicAuth | None = None,
        version: HttpVersion = HTTP_1_1,
        compress: str | bool | None = None,
        chunked: bool | None = None,
        expect100: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  of aiohttp, as `timer` and `traces`
        response_class: "type[ClientResponse] | None" = None,
        proxy: URL | None = None,
        proxy_auth: BasicAuth | None = None,
        timer: object = None,  # noqa: ARG002
        session: _Session | None = None,
        ssl: "SSLContext | bool | Fingerprint" = True,
        proxy_headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        traces: object = None,  # noqa: ARG002
        trust_env: bool = False,  # noqa: ARG002
        server_hostname: str | None = None,
    ) -> None:
        target, of_url = split_credentials(build_url(None, url, params))
        given: CIMultiDict[str] = CIMultiDict(headers or ())
        self.compress = coding_of(compress)
        self._outgoing = Outgoing(
            method.upper(),
            target,
            given,
            body=compressed(payload_of(data), self.compress, given),
            credentials=credentials_of(auth, of_url, given),
            chunked=bool(chunked),
            expects_continue=expect100,
            skip=frozenset(name.lower() for name in skip_auto_headers or ()),
            version=version,
        )
        self.headers = complete_headers(self._outgoing, merge_cookie_header("", cookies) if cookies else "")
        self.method = self._outgoing.method
        self.original_url = target
        self.version = version
        self.response_class = response_class
        self._session = session
        self.ssl, self.server_hostname = ssl, server_hostname
        self.proxy, self.proxy_auth = proxy, proxy_auth
        self.proxy_headers = None if proxy_headers is None else CIMultiDict(proxy_headers)
        self._plan: Plan | None = None
        self._planned_way = HopWay()
        self._is_sent = False

    @classmethod
    def for_hop(
        cls,
        outgoing: Outgoing,
        headers: CIMultiDict[str],
        plan: "Plan",
        session: _Session,
        response_class: "type[ClientResponse]",
    ) -> "Self":
        """Return the request for one hop of a session's.

        Args:
            outgoing: What is asked.
            headers: All headers.
            plan: What the request is to obey.
            session: The session.
            response_class: The class of the response.
        """
        way = way_of(plan, outgoing.url)
        request = cls(
            outgoing.method,
            outgoing.url,
            headers=headers,
            skip_auto_headers=outgoing.skip,
            data=outgoing.body,
            version=outgoing.version,
            response_class=response_class,
            session=session,
            **way._asdict(),
        )
        request._outgoing, request._plan, request._planned_way = outgoing, plan, way
        if isinstance(outgoing.body, CompressedPayload):
            request.compress = outgoing.body.coding
        return request

    @property
    def session(self) -> _Session:
        """The session.

        Requests made on it go through its middlewares again, unless they are made with `middlewares=()`.

        Raises:
            RuntimeError: The request was made without one.
        """
        if self._session is None:
            msg = "this request was made without a session"
            raise RuntimeError(msg)
        return self._session

    @property
    def url(self) -> URL:
        """The URL; it has no user information and no fragment.

        A new one takes the Host header along. On its way to another origin the request loses
        Authorization and Cookie; set them afterwards if they are meant for it.
        """
        url = self._outgoing.url
        return url.with_fragment(None) if url.raw_fragment else url

    @url.setter
    def url(self, url: URL) -> None:
        before = self._outgoing.url
        allowed = HTTP_SCHEMES | {before.scheme}
        check_scheme(url, allowed | WS_SCHEMES if self._outgoing.offers_upgrade else allowed)
        url = url.with_user(None)
        if self.headers.get("Host") == host_field(before):
            self.headers["Host"] = host_field(url)
        if crosses_origin(before, url):
            for name in _SECRETS:
                self.headers.popall(name, None)
        self._outgoing = replace(self._outgoing, url=url)

    @property
    def host(self) -> str:
        """The host of the URL."""
        return self.url.host or ""

    @property
    def port(self) -> int | None:
        """The port of the URL, or the usual one of its scheme."""
        return self.url.port

    def is_ssl(self) -> bool:
        """Tell whether it goes over TLS."""
        return self.url.scheme in ("https", "wss")

    @property
    def connection_key(self) -> ConnectionKey:
        """What tells connections apart that can serve it."""
        return ConnectionKey(
            self.url.raw_host or "", self.port, self.is_ssl(), self.ssl, self.proxy, self.proxy_auth
        )

    @property
    def body(self) -> Payload | bytes:
        """What is sent; b"" for nothing. `update_body` changes it, and closes the former one."""
        return self._outgoing.body or b""

    @body.setter
    def body(self, body: Data) -> None:
        self._replace_body(body)

    @property
    def chunked(self) -> bool:
        """Whether the body goes out in chunks."""
        return self.headers.get("Transfer-Encoding", "").lower() == "chunked"

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names, in lower case, of automatic headers that were left out."""
        return self._outgoing.skip

    @property
    def request_info(self) -> RequestInfo:
        """What is asked, as it stands now."""
        headers = CIMultiDictProxy(CIMultiDict(self.headers))
        return RequestInfo(self.url, self.method, headers, self._outgoing.url)

    async def update_body(self, body: Data) -> None:
        """Send another body, or None for none; its type and framing take the place of the former ones.

        Args:
            body: Whatever `data=` takes.

        Raises:
            TypeError: Nothing knows how to send it.
        """
        former = self._outgoing.body
        self._replace_body(body)
        if former is not None and former is not self._outgoing.body:
            await former.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.url}>"

    def begin(self, plan: "Plan") -> "tuple[Outgoing, Head, Plan]":
        """Return what is to be sent now, and how, with a head that later changes do not reach.

        Args:
            plan: What a request obeys that no session has made.

        Raises:
            ClientPayloadError: It was sent before, and its body cannot be repeated.
            ValueError: The proxy cannot be used.
        """
        if self._is_sent:
            rewind(self._outgoing.body)
        self._is_sent = True
        expects = self.headers.get("Expect", "").lower() == "100-continue"
        request = replace(self._outgoing, method=self.method, version=self.version, expects_continue=expects)
        plan = plan_for(self._plan or plan, self._planned_way, self._way)
        return request, Head.of(request, CIMultiDict(self.headers)), plan

    @property
    def _way(self) -> HopWay:
        return HopWay(self.ssl, self.server_hostname, self.proxy, self.proxy_auth, self.proxy_headers)

    def _replace_body(self, body: Data) -> None:
        payload = compressed(payload_of(body), self.compress, CIMultiDict())
        former = self._outgoing.body
        if former is not None:
            for name, value in former.headers.items():
                if self.headers.get(name) == value:
                    del self.headers[name]
        for name in _FRAMING:
            self.headers.popall(name, None)
        self._outgoing = replace(self._outgoing, method=self.method, body=payload)
        self._is_sent = False
        describe_body(self._outgoing, self.headers)
