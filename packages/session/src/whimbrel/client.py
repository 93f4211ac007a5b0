"""`ClientSession`: the parts composed into the API that aiohttp's guide documents.

Here the keywords of callers become values; what happens to a request then stands in `_life`. What a session
takes and what names the session in its turn are one circle, and stand here together: `ClientRequest`, the
types of middlewares, and `RequestOptions`.
"""

import asyncio
import json as json_module
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict
from yarl import URL

from whimbrel._body_rules import DEFAULT_MAX_BODY_BYTES, body_rules_of, utf8
from whimbrel._cookies import CookieJarLike
from whimbrel._credentials import BasicAuth
from whimbrel._defaults import Defaults, Dumps, base_url_of, lower
from whimbrel._head_limits import head_limits
from whimbrel._hop_request import HopRequest
from whimbrel._life import ConnectorLike, Passage, RequestLife, Send
from whimbrel._middleware_chain import Handler, Middleware, pass_through
from whimbrel._outgoing import Outgoing
from whimbrel._plan import LooseHeaders, PlainOptions, Plan, RaiseForStatus, usual_reading
from whimbrel._proxies import ProxyRules
from whimbrel._request_context import RequestContext
from whimbrel._session_facts import SessionFacts
from whimbrel._urls import Params, StrOrURL, build_url, schemes_of
from whimbrel._ws_opening import WebSocketOptions, open_websocket, subprotocols, ws_limits
from whimbrel.client_timeout import DEFAULT_TIMEOUT, ClientTimeout, timeout_of, with_earlier_spellings
from whimbrel.client_ws import ClientWebSocketResponse
from whimbrel.response import CharsetResolver, ClientResponse
from whimbrel_connector import ParserFactory, Proxy, TCPConnector, TlsOption, birthplace, end_forgotten
from whimbrel_cookies import CookieJar, LooseCookies
from whimbrel_http1 import HTTP_1_1, HttpVersion, ResponseParser
from whimbrel_websocket import ClientWSTimeout, Handshake

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Self, Unpack

    from whimbrel._trace_events import TraceSignals

__all__ = [
    "ClientHandlerType",
    "ClientMiddlewareType",
    "ClientRequest",
    "ClientSession",
    "ConnectorLike",
    "RequestOptions",
]

_SESSION_CLOSED = "Session is closed"


class ClientRequest(HopRequest["ClientSession"]):
    """One hop of a request, complete but not yet sent; `HopRequest` says what it takes and what it shows."""


ClientHandlerType = Handler[ClientRequest]
ClientMiddlewareType = Middleware[ClientRequest]


class RequestOptions(PlainOptions, total=False):
    """The keywords that every request method takes; `ClientSession.request` says what each means."""

    middlewares: Sequence[ClientMiddlewareType] | None


class ClientSession(SessionFacts):
    """A client: connections, cookies and defaults that many requests share.

    It can be made before an event loop runs. Use one for an application, and close it in the end,
    best by `async with`.

    Args:
        base_url: What relative URLs are relative to; its path ends with a slash.
        connector: Where connections come from; a `TCPConnector` by default. The session closes it.
        loop: Accepted for compatibility and not used: the loop of the first use is taken.
        cookies: Cookies for every host.
        headers: Headers of every request.
        skip_auto_headers: Automatic headers to leave out, such as User-Agent.
        auth: Basic credentials for every request.
        json_serialize: What turns `json=` into text or bytes.
        json_serialize_bytes: What turns it into bytes, in place of `json_serialize`.
        request_class: The class of requests, as middlewares see them.
        response_class: The class of responses.
        ws_response_class: The class of WebSockets.
        cookie_jar: A jar of your own; a `CookieJar` by default.
        version: The HTTP version of requests: `HttpVersion11`, or `HttpVersion10`, which has no chunks.
        connector_owner: Whether `close` closes the connector.
        raise_for_status: Whether a status of 400 and above raises, or an async function that decides.
        timeout: A `ClientTimeout`, or seconds for the whole of each request; 300 s in all and 30 s
            for connecting by default; None for no limit.
        read_timeout: Earlier spelling of `ClientTimeout(total=)`; None for no limit.
        conn_timeout: Earlier spelling of `ClientTimeout(connect=)`.
        proxy: URL of the proxy for every request, with credentials or without; its scheme is http, https,
            or, with the extra `whimbrel[socks]`, socks4, socks4a, socks5 or socks5h (a and h: the proxy looks
            names up). Or a `whimbrel_connector.Proxy`, which also says what TLS on the way must satisfy.
        proxy_auth: Credentials for the proxy: Basic, or those of SOCKS.
        proxy_headers: Headers for the proxy alone.
        trust_env: Let the environment name proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, ...), and let the
            user's netrc file, which NETRC may name, give the credentials of hosts and proxies that come
            without any. Redirects to other hosts get none.
        auto_decompress: Undo content codings.
        requote_redirect_url: Put redirect targets into canonical form.
        ssl_shutdown_timeout: Accepted for compatibility: closing is always bounded.
        read_bufsize: Buffered bytes of a body below which reading goes on; it stops above twice that.
        max_line_size: Longest status line, in bytes.
        max_field_size: Longest header line, in bytes. A whole head may have 64 KiB, and as many times more as
            this and `max_headers` are above their defaults.
        max_headers: Most header lines.
        parser: Makes the parser of each response, in place of our own.
        max_body_size: Most bytes, content coding undone, that `read`, `text` and `json` of a response
            hold in memory: more raises PayloadTooLargeError. 1 GiB by default; None for no limit.
        fallback_charset_resolver: Given a response and its body, says the charset of text where the
            Content-Type does not; UTF-8 by default.
        trace_configs: Who is told of the life of each request; they are frozen.
        middlewares: What each hop of each request passes through, the first outermost.
    """

    def __init__(
        self,
        base_url: StrOrURL | None = None,
        *,
        connector: ConnectorLike | None = None,
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002  documented by aiohttp
        cookies: LooseCookies | None = None,
        headers: LooseHeaders | None = None,
        skip_auto_headers: Iterable[str] | None = None,
        auth: BasicAuth | None = None,
        json_serialize: Dumps = json_module.dumps,
        json_serialize_bytes: Dumps | None = None,
        request_class: type[ClientRequest] = ClientRequest,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: type[ClientWebSocketResponse] = ClientWebSocketResponse,
        cookie_jar: CookieJarLike | None = None,
        version: HttpVersion = HTTP_1_1,
        connector_owner: bool = True,
        raise_for_status: RaiseForStatus = False,
        timeout: ClientTimeout | float | None = DEFAULT_TIMEOUT,
        read_timeout: float | None = DEFAULT_TIMEOUT.total,
        conn_timeout: float | None = None,
        proxy: StrOrURL | Proxy | None = None,
        proxy_auth: BasicAuth | None = None,
        proxy_headers: LooseHeaders | None = None,
        trust_env: bool = False,
        auto_decompress: bool = True,
        requote_redirect_url: bool = True,
        ssl_shutdown_timeout: float | None = None,  # noqa: ARG002  documented by aiohttp
        read_bufsize: int = 65536,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        parser: ParserFactory = ResponseParser,
        max_body_size: int | None = DEFAULT_MAX_BODY_BYTES,
        fallback_charset_resolver: CharsetResolver = utf8,
        trace_configs: "Iterable[TraceSignals[ClientSession]] | None" = None,
        middlewares: Sequence[ClientMiddlewareType] = (),
    ) -> None:
        limits = with_earlier_spellings(timeout_of(timeout), read_timeout, conn_timeout)
        sizes = head_limits(max_line_size, max_field_size, max_headers)
        self._made_at = birthplace(self)
        self._json_serialize = json_serialize
        self._skip_auto_headers = frozenset(skip_auto_headers or ())
        self._request_class = request_class
        self._response_class = response_class
        self._ws_response_class = ws_response_class
        self._middlewares = middlewares
        self._defaults = Defaults(
            base_url=base_url_of(base_url),
            headers=CIMultiDict(headers or ()),
            skip=lower(self._skip_auto_headers),
            auth=auth,
            dumps=json_serialize_bytes or json_serialize,
            version=HttpVersion(*version),
            timeout=limits,
            exchange=usual_reading(parser, sizes, limits, decode=auto_decompress, buffer_bytes=read_bufsize),
            body_rules=body_rules_of(max_body_size, fallback_charset_resolver),
            proxies=ProxyRules().over(
                proxy=proxy, auth=proxy_auth, headers=proxy_headers, trust_env=trust_env
            ),
            raise_for_status=raise_for_status,
            schemes=schemes_of(TCPConnector if connector is None else connector),
            closes=getattr(connector, "force_close", False),
        )
        self._trace_configs = _frozen(trace_configs)
        jar = CookieJar() if cookie_jar is None else cookie_jar
        if cookies:
            jar.update_cookies(cookies, URL())
        self._connector_owner = connector_owner
        connector = TCPConnector() if connector is None else connector
        self._life = RequestLife(connector, jar, response_class, requote=requote_redirect_url)
        self._connector = connector  # last: from here on there is something to close

    @property
    def trace_configs(self) -> "list[TraceSignals[ClientSession]]":
        """Who is told of the life of each request."""
        return self._trace_configs

    # Requests.

    def request(
        self, method: str, url: StrOrURL, **options: "Unpack[RequestOptions]"
    ) -> RequestContext[ClientResponse]:
        """Make a request; await the result, or enter it with `async with`.

        Args:
            method: The method.
            url: The URL, relative to the base URL if there is one.
            **options: `params` is added to the query. `data` is the body: bytes, str, a mapping or
                pairs for a form, a `FormData`, a file, an asynchronous iterable, a payload. `json`
                is a body to serialise. `headers`, `cookies` and `auth` come besides the session's.
                `allow_redirects` and `max_redirects` (10) rule redirects. `chunked` sends the body
                in chunks; `compress` sends it compressed, and chunked: by deflate if True, or by the coding
                named; `expect100` asks for `100 Continue` first. `timeout`, `raise_for_status`,
                `auto_decompress`, `read_bufsize`, `max_line_size`, `max_field_size`, `max_headers`,
                `max_body_size` and `skip_auto_headers` are as for the session. `read_until_eof=False`
                takes a body of unstated length for none. `ssl` is True, False, a context, a
                `Fingerprint` or a `whimbrel_connector.TlsPolicy`; `verify_ssl`, `ssl_context` and
                `fingerprint` are its earlier spellings; `server_hostname` is checked in place of the
                URL's host. `proxy`, `proxy_auth`, `proxy_headers` and `trust_env` are as for the
                session; None says nothing, and a `proxy` of "" that there is none. `middlewares` come in
                place of the session's. `trace_request_ctx` is handed to the contexts of its tracers.

        Raises:
            ClientError: Whatever went wrong; its subclasses tell what.
            ValueError: The options contradict each other.
            RuntimeError: The session is closed.
        """
        return RequestContext(self._request(method, url, **options))

    def get(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a GET request; see `request`."""
        return RequestContext(self._request("GET", url, **options))

    def options(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make an OPTIONS request; see `request`."""
        return RequestContext(self._request("OPTIONS", url, **options))

    def head(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a HEAD request, without following redirects by default; see `request`."""
        options.setdefault("allow_redirects", False)
        return RequestContext(self._request("HEAD", url, **options))

    def post(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a POST request; see `request`."""
        return RequestContext(self._request("POST", url, **options))

    def put(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a PUT request; see `request`."""
        return RequestContext(self._request("PUT", url, **options))

    def patch(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a PATCH request; see `request`."""
        return RequestContext(self._request("PATCH", url, **options))

    def delete(self, url: StrOrURL, **options: "Unpack[RequestOptions]") -> RequestContext[ClientResponse]:
        """Make a DELETE request; see `request`."""
        return RequestContext(self._request("DELETE", url, **options))

    def ws_connect(
        self,
        url: StrOrURL,
        *,
        method: str = "GET",
        protocols: Iterable[str] = (),
        timeout: ClientWSTimeout | float | None = None,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        auth: BasicAuth | None = None,
        origin: str | None = None,
        params: Params = None,
        headers: LooseHeaders | None = None,
        ssl: TlsOption | None = None,
        verify_ssl: bool | None = None,
        ssl_context: "SSLContext | None" = None,
        fingerprint: bytes | str | None = None,
        server_hostname: str | None = None,
        proxy: StrOrURL | Proxy | None = None,
        proxy_auth: BasicAuth | None = None,
        proxy_headers: LooseHeaders | None = None,
        trust_env: bool | None = None,
        compress: int = 0,
        max_msg_size: int = 4 * 1024 * 1024,
        decode_text: bool = True,
    ) -> RequestContext[ClientWebSocketResponse]:
        """Open a WebSocket; await the result, or enter it with `async with`.

        Args:
            url: An http, https, ws or wss URL.
            method: The method of the handshake.
            protocols: Subprotocols, in order of preference; else those of a Sec-WebSocket-Protocol header.
            timeout: A `ClientWSTimeout`, or the seconds that closing may take.
            receive_timeout: Seconds that `receive` waits; None for ever.
            autoclose: Answer the peer's close frame at once.
            autoping: Answer pings at once, and hide pings and pongs from `receive`.
            heartbeat: Seconds of silence after which the peer is pinged; None never pings.
            auth: Basic credentials.
            origin: The Origin header.
            params: Added to the query.
            headers: Headers besides the session's.
            ssl: As for `request`.
            verify_ssl: As for `request`.
            ssl_context: As for `request`.
            fingerprint: As for `request`.
            server_hostname: As for `request`.
            proxy: As for `request`.
            proxy_auth: As for `request`.
            proxy_headers: As for `request`.
            trust_env: As for `request`.
            compress: 0 for none, 9 to 15 for compression with the largest window in bits.
            max_msg_size: The largest message accepted, in bytes; 0 for any size.
            decode_text: False delivers text messages as bytes, checked to be UTF-8 but not decoded.

        Raises:
            WSServerHandshakeError: The server did not agree.
            ClientError: As for `request`.
        """
        limits = ws_limits(timeout, receive_timeout)
        options: RequestOptions = {"params": params, "headers": headers, "auth": auth}
        options |= {"ssl": ssl, "verify_ssl": verify_ssl, "ssl_context": ssl_context}
        options |= {"fingerprint": fingerprint, "server_hostname": server_hostname}
        options |= {"proxy": proxy, "proxy_auth": proxy_auth, "proxy_headers": proxy_headers}
        options |= {"trust_env": trust_env}
        shell = WebSocketOptions(limits, autoclose, autoping, heartbeat, max_msg_size, decode_text)
        asked = subprotocols(protocols, self._defaults.merge_headers(headers))
        handshake = Handshake(protocols=asked, compress=compress, origin=origin)
        return RequestContext(self._ws_connect(method, url, handshake, shell, options))

    # The life of a request.

    async def _request(
        self, method: str, str_or_url: StrOrURL, **options: "Unpack[RequestOptions]"
    ) -> ClientResponse:
        connector = self._connector
        if connector is None or connector.closed:
            raise RuntimeError(_SESSION_CLOSED)
        plan = self._defaults.plan(options)
        # Tracers may change what is asked: theirs is made anew.
        if self._trace_configs:
            outgoing = self._defaults.outgoing(method, str_or_url, options)
        else:
            outgoing = self._defaults.asked(method, str_or_url, options)
        if plan.uploads is None:
            return await self._perform(outgoing, plan, options)
        plan.uploads.bind()
        try:
            return await self._perform(outgoing, plan, options)
        finally:
            plan.uploads.finish()

    def _perform(self, outgoing: Outgoing, plan: Plan, options: RequestOptions) -> Awaitable[ClientResponse]:
        """Make the request, watched by whoever wants to, and by way of its middlewares."""
        connector = self._connector
        if connector is not self._life.connector and connector is not None:  # a program has put it in
            self._life.connect_by(connector)
        passage, middlewares = None, options.get("middlewares")
        if middlewares is None:
            middlewares = self._middlewares
        if middlewares or self._request_class is not ClientRequest:
            passage = self._passage(middlewares)
        if not self._trace_configs:
            return self._life.perform(outgoing, plan, passage)
        from whimbrel._traces import Traces  # noqa: PLC0415  few programs trace

        traces = Traces(self, self._trace_configs, options.get("trace_request_ctx"))
        watched = replace(plan, traces=traces, exchange=replace(plan.exchange, observer=traces))
        return traces.watch(outgoing, lambda: self._life.perform(outgoing, watched, passage))

    def _passage(self, middlewares: Sequence[ClientMiddlewareType]) -> Passage:
        """Return what each hop of a request passes through: as a `ClientRequest`, through `middlewares`."""

        def passage(
            outgoing: Outgoing, headers: CIMultiDict[str], plan: Plan, send: Send
        ) -> Awaitable[ClientResponse]:
            request = self._request_class.for_hop(outgoing, headers, plan, self, self._response_class)
            return pass_through(middlewares, request, lambda changed: send(*changed.begin(plan)))

        return passage

    async def _ws_connect(
        self,
        method: str,
        url: StrOrURL,
        handshake: Handshake,
        shell: WebSocketOptions,
        options: RequestOptions,
    ) -> ClientWebSocketResponse:
        if self.closed:
            raise RuntimeError(_SESSION_CLOSED)
        plan = self._defaults.plan(options)
        outgoing = self._defaults.outgoing(method, url, options, is_websocket=True)
        outgoing.headers.update(handshake.headers)
        response = await self._perform(replace(outgoing, offers_upgrade=True), plan, options)
        return open_websocket(response, handshake, shell, self._ws_response_class)

    # Libraries that stand between a session and its user call these two by name, as aiohttp calls them.

    def _build_url(self, url: StrOrURL, params: Params = None) -> URL:
        return build_url(self._defaults.base_url, url, params)

    def _prepare_headers(self, given: LooseHeaders | None) -> CIMultiDict[str]:
        return self._defaults.merge_headers(given)

    # The end.

    def close(self) -> Coroutine[Any, Any, None]:
        """Close the session and, unless it is another's, its connector; await the result.

        Closing begins at once, or, where the loop of the connections runs in another thread, when the result
        is awaited there. When it has been awaited every transport has really closed; that takes at most
        a few seconds.
        """
        connector, self._connector = self._connector, None
        close = connector.close if connector is not None and self._connector_owner else None
        if getattr(connector, "is_elsewhere", False):
            return _end_there(self._life, close)
        self._life.rest()
        return _end_of(None if close is None else close())

    def detach(self) -> None:
        """Close the session and leave its connector as it is."""
        self._connector = None

    def __enter__(self) -> None:
        msg = "Use async with instead"
        raise TypeError(msg)

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: `__enter__` has raised."""

    async def __aenter__(self) -> "Self":
        """Return the session itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session."""
        await self.close()

    def __del__(self) -> None:
        """Warn about a session that was forgotten, and close what it holds."""
        connector = self._connector
        if connector is None or connector.closed:
            return
        what = f"Unclosed client session {self!r}, made at {self._made_at}"
        loop = getattr(connector, "_loop", None)  # where it has been used, and is no stranger's
        end_forgotten(self, what, "client_session", loop, connector.close if self._connector_owner else None)


def _frozen(configs: "Iterable[TraceSignals[ClientSession]] | None") -> "list[TraceSignals[ClientSession]]":
    frozen = list(configs or ())
    for config in frozen:
        config.freeze()
    return frozen


async def _end_of(closing: Awaitable[object] | None) -> None:
    if closing is not None:
        await closing


async def _end_there(life: RequestLife, close: Callable[[], Awaitable[object]] | None) -> None:
    life.rest()
    await _end_of(None if close is None else close())
