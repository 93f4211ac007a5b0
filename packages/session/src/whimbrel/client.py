"""`ClientSession`: the parts composed into the API that aiohttp's guide documents.

Here the keywords of callers become values; what happens to a request then stands in `_life`.
"""

import asyncio
import json as json_module
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from multidict import CIMultiDict
from yarl import URL

from whimbrel._bodies import payload_of
from whimbrel._cookies import CookieJarLike
from whimbrel._credentials import BasicAuth, split_credentials
from whimbrel._life import ConnectorLike, RequestLife
from whimbrel._outgoing import Outgoing
from whimbrel._plan import PLAN_KEYWORDS, LooseHeaders, Plan, RaiseForStatus, RequestOptions, reading
from whimbrel._proxies import ProxyRules
from whimbrel._request_context import RequestContext
from whimbrel._traces import Traces
from whimbrel._translation import translate_body_fault
from whimbrel._urls import HTTP_SCHEMES, WS_SCHEMES, Params, StrOrURL, build_url, check_scheme
from whimbrel.client_exceptions import WSServerHandshakeError
from whimbrel.client_middlewares import ClientMiddlewareType
from whimbrel.client_timeout import DEFAULT_TIMEOUT, ClientTimeout, timeout_of, with_earlier_spellings
from whimbrel.client_ws import ClientWebSocketResponse
from whimbrel.response import ClientResponse
from whimbrel.tracing import TraceConfig
from whimbrel_connector import (
    ExchangeOptions,
    Fingerprint,
    Proxy,
    TCPConnector,
    Timeouts,
    TlsPolicy,
    tls_policy,
)
from whimbrel_cookies import CookieJar, LooseCookies
from whimbrel_http1 import Limits
from whimbrel_websocket import ClientWSTimeout, Handshake, HandshakeError

if TYPE_CHECKING:
    from ssl import SSLContext

    from typing_extensions import Self, Unpack

__all__ = ["ClientSession", "ConnectorLike"]

_Dumps = Callable[[Any], "str | bytes"]


class ClientSession:
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
        response_class: The class of responses.
        ws_response_class: The class of WebSockets.
        cookie_jar: A jar of your own; a `CookieJar` by default.
        connector_owner: Whether `close` closes the connector.
        raise_for_status: Whether a status of 400 and above raises, or an async function that decides.
        timeout: A `ClientTimeout`, or seconds for the whole of each request; 300 s in all and 30 s
            for connecting by default; None for no limit.
        read_timeout: Earlier spelling of `ClientTimeout(total=)`.
        conn_timeout: Earlier spelling of `ClientTimeout(connect=)`.
        proxy: URL of the proxy for every request, with credentials or without; its scheme is http, https,
            or, with the extra `whimbrel[socks]`, socks4, socks4a, socks5 or socks5h (a and h: the proxy looks
            names up). Or a `whimbrel_connector.Proxy`, which also says what TLS on the way must satisfy.
        proxy_auth: Credentials for the proxy: Basic, or those of SOCKS.
        proxy_headers: Headers for the proxy alone.
        trust_env: Let the environment name proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, ...).
        auto_decompress: Undo content codings.
        requote_redirect_url: Put redirect targets into canonical form.
        read_bufsize: Buffered bytes of a body below which reading goes on; it stops above twice that.
        max_line_size: Longest status line, in bytes.
        max_field_size: Longest header line, in bytes.
        max_headers: Most header lines.
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
        json_serialize: _Dumps = json_module.dumps,
        response_class: type[ClientResponse] = ClientResponse,
        ws_response_class: type[ClientWebSocketResponse] = ClientWebSocketResponse,
        cookie_jar: CookieJarLike | None = None,
        connector_owner: bool = True,
        raise_for_status: RaiseForStatus = False,
        timeout: ClientTimeout | float | None = DEFAULT_TIMEOUT,
        read_timeout: float | None = None,
        conn_timeout: float | None = None,
        proxy: StrOrURL | Proxy | None = None,
        proxy_auth: BasicAuth | None = None,
        proxy_headers: LooseHeaders | None = None,
        trust_env: bool = False,
        auto_decompress: bool = True,
        requote_redirect_url: bool = True,
        read_bufsize: int = 65536,
        max_line_size: int = 8190,
        max_field_size: int = 8190,
        max_headers: int = 128,
        trace_configs: Iterable[TraceConfig] | None = None,
        middlewares: Sequence[ClientMiddlewareType] = (),
    ) -> None:
        self._closed = True  # until there is something to close
        self._base_url = _base_url_of(base_url)
        self._timeout = with_earlier_spellings(timeout_of(timeout), read_timeout, conn_timeout)
        self._headers: CIMultiDict[str] = CIMultiDict(headers or ())
        self._skip_auto_headers = _lower(skip_auto_headers)
        self._auth = auth
        self._json_serialize = json_serialize
        self._ws_response_class = ws_response_class
        self._cookie_jar: CookieJarLike = CookieJar() if cookie_jar is None else cookie_jar
        self._raise_for_status = raise_for_status
        self._trace_configs = list(trace_configs or ())
        for config in self._trace_configs:
            config.freeze()
        self._middlewares = middlewares
        self._exchange_options = ExchangeOptions(
            limits=Limits(line_bytes=max_line_size, field_bytes=max_field_size, fields=max_headers),
            decode=auto_decompress,
            buffer_bytes=read_bufsize,
            read_seconds=self._timeout.sock_read or None,
            translate=translate_body_fault,
        )
        self._proxies = ProxyRules().over(
            proxy=proxy, auth=proxy_auth, headers=proxy_headers, trust_env=trust_env
        )
        self._usual_plan = self._fold({})
        if cookies:
            self._cookie_jar.update_cookies(cookies, URL())
        self._connector: ConnectorLike = TCPConnector() if connector is None else connector
        self._connector_owner = connector_owner
        self._life = RequestLife(
            self._connector, self._cookie_jar, response_class, requote=requote_redirect_url
        )
        self._closed = False

    # What it is made of.

    @property
    def closed(self) -> bool:
        """Whether the session or its connector was closed."""
        return self._closed or self._connector.closed

    @property
    def connector(self) -> ConnectorLike:
        """Where connections come from."""
        return self._connector

    @property
    def cookie_jar(self) -> CookieJarLike:
        """The jar."""
        return self._cookie_jar

    @property
    def headers(self) -> CIMultiDict[str]:
        """Headers of every request; they may be changed."""
        return self._headers

    @property
    def timeout(self) -> ClientTimeout:
        """The limits of requests that bring none of their own."""
        return self._timeout

    @property
    def auth(self) -> BasicAuth | None:
        """Credentials of every request."""
        return self._auth

    @property
    def trace_configs(self) -> list[TraceConfig]:
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
                in chunks; `expect100` asks for `100 Continue` first. `timeout`, `raise_for_status`,
                `auto_decompress`, `read_bufsize`, `max_line_size`, `max_field_size`, `max_headers`
                and `skip_auto_headers` are as for the session. `ssl` is True, False, a context or a
                `Fingerprint`; `verify_ssl`, `ssl_context` and `fingerprint` are its earlier
                spellings; `server_hostname` is checked in place of the URL's host. `proxy`,
                `proxy_auth`, `proxy_headers` and `trust_env` are as for the session; None says nothing.
                `middlewares` come in place of the session's. `trace_request_ctx` is handed to the
                contexts of its tracers.

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
        ssl: "bool | Fingerprint | SSLContext | None" = None,
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
    ) -> RequestContext[ClientWebSocketResponse]:
        """Open a WebSocket; await the result, or enter it with `async with`.

        Args:
            url: An http, https, ws or wss URL.
            method: The method of the handshake.
            protocols: Subprotocols, in order of preference.
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

        Raises:
            WSServerHandshakeError: The server did not agree.
            ClientError: As for `request`.
        """
        limits = timeout if isinstance(timeout, ClientWSTimeout) else _ws_limits(timeout, receive_timeout)
        options: RequestOptions = {"params": params, "headers": headers, "auth": auth}
        options |= {"ssl": ssl, "verify_ssl": verify_ssl, "ssl_context": ssl_context}
        options |= {"fingerprint": fingerprint, "server_hostname": server_hostname}
        options |= {"proxy": proxy, "proxy_auth": proxy_auth, "proxy_headers": proxy_headers}
        options |= {"trust_env": trust_env}
        shell = _WebSocketOptions(limits, autoclose, autoping, heartbeat, max_msg_size)
        handshake = Handshake(protocols=protocols, compress=compress, origin=origin)
        return RequestContext(self._ws_connect(method, url, handshake, shell, options))

    # The life of a request.

    async def _request(
        self, method: str, url: StrOrURL, **options: "Unpack[RequestOptions]"
    ) -> ClientResponse:
        outgoing = self._outgoing(method, url, options)
        check_scheme(outgoing.url, HTTP_SCHEMES)
        return await self._perform(outgoing, self._plan(options), options.get("trace_request_ctx"))

    def _perform(self, outgoing: Outgoing, plan: Plan, context: object = None) -> Awaitable[ClientResponse]:
        """Make the request, watched by whoever wants to."""
        if not self._trace_configs:
            return self._life.perform(outgoing, plan, self)
        traces = Traces(self, self._trace_configs, context)
        watched = replace(plan, traces=traces, exchange=replace(plan.exchange, observer=traces))
        return traces.watch(outgoing, lambda: self._life.perform(outgoing, watched, self))

    async def _ws_connect(
        self,
        method: str,
        url: StrOrURL,
        handshake: Handshake,
        shell: "_WebSocketOptions",
        options: RequestOptions,
    ) -> ClientWebSocketResponse:
        outgoing = self._outgoing(method, url, options)
        check_scheme(outgoing.url, HTTP_SCHEMES | WS_SCHEMES)
        outgoing.headers.update(handshake.headers)
        outgoing = replace(outgoing, offers_upgrade=True)
        response = await self._perform(outgoing, self._plan(options))
        try:
            agreement = handshake.accept(response.status, response.raw_headers)
        except HandshakeError as fault:
            response.close()
            raise WSServerHandshakeError(
                response.request_info,
                response.history,
                status=response.status,
                message=str(fault),
                headers=response.headers,
            ) from fault
        socket = self._ws_response_class(agreement, response=response, **shell._asdict())
        response.upgrade(socket)
        return socket

    # From keywords to values.

    def _outgoing(self, method: str, url: StrOrURL, options: RequestOptions) -> Outgoing:
        if self.closed:
            msg = "Session is closed"
            raise RuntimeError(msg)
        target, url_credentials = split_credentials(self._build_url(url, options.get("params")))
        headers = self._prepare_headers(options.get("headers"))
        skip = self._skip_auto_headers | _lower(options.get("skip_auto_headers"))
        return Outgoing(
            method.upper(),
            target,
            headers,
            body=payload_of(options.get("data"), options.get("json"), self._json_serialize),
            credentials=options.get("auth") or url_credentials or self._auth,
            cookies=options.get("cookies"),
            chunked=bool(options.get("chunked")),
            expects_continue=options.get("expect100", False),
            skip=skip,
        )

    # Libraries that stand between a session and its user call these two by name, as aiohttp calls them.

    def _build_url(self, url: StrOrURL, params: Params = None) -> URL:
        return build_url(self._base_url, url, params)

    def _prepare_headers(self, given: LooseHeaders | None) -> CIMultiDict[str]:
        """Return the session's headers with the request's in place of those of the same name."""
        merged = CIMultiDict(self._headers)
        if given:
            own: CIMultiDict[str] = CIMultiDict(given)
            for name in own:
                merged.popall(name, None)
            merged.extend(own)
        return merged

    def _plan(self, options: RequestOptions) -> Plan:
        if PLAN_KEYWORDS.isdisjoint(options):
            return self._usual_plan
        return self._fold(options)

    def _fold(self, options: RequestOptions) -> Plan:
        timeout = timeout_of(options.get("timeout", self._timeout))
        tls = tls_policy(
            ssl=options.get("ssl"),
            verify_ssl=options.get("verify_ssl"),
            ssl_context=options.get("ssl_context"),
            fingerprint=options.get("fingerprint"),
        )
        server_hostname = options.get("server_hostname")
        if server_hostname is not None:
            tls = replace(TlsPolicy() if tls is None else tls, server_hostname=server_hostname)
        raise_for_status, middlewares = options.get("raise_for_status"), options.get("middlewares")
        return Plan(
            total_seconds=timeout.total or None,
            timeouts=Timeouts(lease=timeout.connect or None, connect=timeout.sock_connect or None),
            exchange=reading(self._exchange_options, options, timeout),
            proxies=self._proxies.over(
                proxy=options.get("proxy"),
                auth=options.get("proxy_auth"),
                headers=options.get("proxy_headers"),
                trust_env=options.get("trust_env"),
            ),
            tls=tls,
            max_redirects=options.get("max_redirects", 10) if options.get("allow_redirects", True) else None,
            raise_for_status=self._raise_for_status if raise_for_status is None else raise_for_status,
            middlewares=self._middlewares if middlewares is None else middlewares,
        )

    # The end.

    def close(self) -> Coroutine[Any, Any, None]:
        """Close the session and, unless it is another's, its connector; await the result.

        Closing begins at once. When it has been awaited every transport has really closed; that takes
        at most a few seconds.
        """
        if self._closed:
            return _end_of(None)
        self._closed = True
        self._life.rest()
        return _end_of(self._connector.close() if self._connector_owner else None)

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
        if self._closed:
            return
        warnings.warn(f"Unclosed client session {self!r}", ResourceWarning, source=self, stacklevel=2)
        if self._connector_owner:
            self._connector.close()


async def _end_of(closing: Awaitable[object] | None) -> None:
    if closing is not None:
        await closing


class _WebSocketOptions(NamedTuple):
    """What a WebSocket is to obey once it is open."""

    timeout: ClientWSTimeout
    autoclose: bool
    autoping: bool
    heartbeat: float | None
    max_msg_size: int


def _ws_limits(close_seconds: float | None, receive_seconds: float | None) -> ClientWSTimeout:
    if close_seconds is None:
        return ClientWSTimeout(ws_receive=receive_seconds)
    return ClientWSTimeout(ws_receive=receive_seconds, ws_close=close_seconds)


def _base_url_of(given: StrOrURL | None) -> URL | None:
    if given is None:
        return None
    url = URL(given)
    if not url.absolute or not url.path.endswith("/"):
        msg = "base_url must be absolute and its path must end with '/'"
        raise ValueError(msg)
    return url


def _lower(names: Iterable[str] | None) -> frozenset[str]:
    return frozenset(name.lower() for name in names) if names else frozenset()
