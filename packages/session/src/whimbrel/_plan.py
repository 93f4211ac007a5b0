"""What a request is to obey, folded once from the session's settings and the caller's keywords."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from multidict import CIMultiDict

from whimbrel._bodies import Data
from whimbrel._body_rules import DEFAULT_BODY_RULES, BodyRules
from whimbrel._credentials import BasicAuth
from whimbrel._head_limits import longer_heads
from whimbrel._outgoing import Outgoing
from whimbrel._proxies import ProxyRules
from whimbrel._translation import translate_body_fault
from whimbrel._urls import Params, StrOrURL
from whimbrel.client_timeout import ClientTimeout
from whimbrel.response import BodyWatcher, ClientResponse
from whimbrel_connector import (
    Body,
    Exchange,
    ExchangeOptions,
    ParserFactory,
    Proxy,
    Timeouts,
    TlsOption,
    TlsPolicy,
)
from whimbrel_cookies import LooseCookies
from whimbrel_http1 import Limits

if TYPE_CHECKING:
    from ssl import SSLContext

    from whimbrel.upload_tracker import UploadTracker

__all__ = [
    "PLAN_KEYWORDS",
    "LooseHeaders",
    "PlainOptions",
    "Plan",
    "RaiseForStatus",
    "RequestWatcher",
    "reading",
    "usual_reading",
]

LooseHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
RaiseForStatus = bool | Callable[[ClientResponse], Awaitable[None]]


class PlainOptions(TypedDict, total=False):
    """The keywords that every request method takes, but for `middlewares`: those know the session."""

    params: Params
    data: Data
    json: Any
    cookies: LooseCookies | None
    headers: LooseHeaders | None
    skip_auto_headers: Iterable[str] | None
    auth: BasicAuth | None
    allow_redirects: bool
    max_redirects: int
    compress: str | bool | None
    chunked: bool | None
    expect100: bool
    raise_for_status: RaiseForStatus | None
    timeout: ClientTimeout | float | None
    ssl: TlsOption | None
    verify_ssl: bool | None
    ssl_context: "SSLContext | None"
    fingerprint: bytes | str | None
    server_hostname: str | None
    proxy: StrOrURL | Proxy | None
    proxy_auth: BasicAuth | None
    proxy_headers: LooseHeaders | None
    trust_env: bool | None
    auto_decompress: bool | None
    read_bufsize: int | None
    max_line_size: int | None
    max_field_size: int | None
    max_headers: int | None
    max_body_size: int | None
    read_until_eof: bool
    trace_request_ctx: object
    upload_tracker: "UploadTracker | None"


# What a request may say of how it is made; the others say what is asked.
PLAN_KEYWORDS = frozenset(
    {
        "allow_redirects",
        "auto_decompress",
        "fingerprint",
        "max_body_size",
        "max_field_size",
        "max_headers",
        "max_line_size",
        "max_redirects",
        "proxy",
        "proxy_auth",
        "proxy_headers",
        "raise_for_status",
        "read_bufsize",
        "read_until_eof",
        "server_hostname",
        "ssl",
        "ssl_context",
        "timeout",
        "trust_env",
        "upload_tracker",
        "verify_ssl",
    }
)


class RequestWatcher(BodyWatcher, Protocol):
    """Who is told what becomes of a request: its tracers."""

    def now_at(self, request: Outgoing) -> None:
        """Learn that this is what a redirect makes of it."""

    async def redirected(self, request: Outgoing, response: ClientResponse) -> None:
        """Learn that `response` will be followed."""

    async def sending(
        self, exchange: Exchange, request: Outgoing, headers: CIMultiDict[str], body: bytes | Body
    ) -> None:
        """Learn what `exchange` is about to send; close it where that raises."""

    def seen(self, request: Outgoing, body: bytes | Body) -> bytes | Body:
        """Return `body`, or one in its place that tells of itself as it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a request is to obey.

    Attributes:
        total_seconds: The limit of the whole request, or None.
        timeouts: The limits up to the connection.
        exchange: How the response is read.
        proxies: What decides about the proxy.
        body_rules: What a whole body obeys.
        tls: What TLS must satisfy; None: what the connector says.
        max_redirects: How many redirects are followed; None follows none.
        raise_for_status: Whether a status of 400 and above raises, or what decides.
        traces: Who watches, or None.
        uploads: Who follows the body, or None.
        is_plain: Whether nobody watches and no proxy comes into question.
    """

    total_seconds: float | None
    timeouts: Timeouts
    exchange: ExchangeOptions
    proxies: ProxyRules
    body_rules: BodyRules[ClientResponse] = DEFAULT_BODY_RULES
    tls: TlsPolicy | None = None
    max_redirects: int | None = 10
    raise_for_status: RaiseForStatus = False
    traces: RequestWatcher | None = None
    uploads: "UploadTracker | None" = None
    is_plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note once, for every request that obeys this, whether there is anything to decide."""
        is_plain = self.traces is None and self.uploads is None and not self.proxies.may_apply
        object.__setattr__(self, "is_plain", is_plain)

    def beyond_its_origin(self) -> "Plan":
        """Return what holds at another origin: the request's certificate is not shown there."""
        if self.tls is None or self.tls.client_certificate is None:
            return self
        return replace(self, tls=replace(self.tls, client_certificate=None))


def usual_reading(
    parser: ParserFactory, limits: Limits, timeout: ClientTimeout, *, decode: bool, buffer_bytes: int
) -> ExchangeOptions:
    """Return how the responses of a session are read."""
    return ExchangeOptions(
        parser=parser,
        limits=limits,
        decode=decode,
        buffer_bytes=buffer_bytes,
        translate=translate_body_fault,
        **timeout.within_exchange,
    )


def reading(usual: ExchangeOptions, options: PlainOptions, timeout: ClientTimeout) -> ExchangeOptions:
    """Return how the response is read: the `usual` way, unless the request has its own."""
    own: dict[str, Any] = {**timeout.within_exchange}
    limits = {
        "line_bytes": options.get("max_line_size"),
        "field_bytes": options.get("max_field_size"),
        "fields": options.get("max_headers"),
    }
    given = {name: value for name, value in limits.items() if value is not None}
    if given:
        own["limits"] = longer_heads(usual.limits.replace(**given))
    if (decode := options.get("auto_decompress")) is not None:
        own["decode"] = decode
    if (buffer_bytes := options.get("read_bufsize")) is not None:
        own["buffer_bytes"] = buffer_bytes
    changed = any(getattr(usual, name) != value for name, value in own.items())
    return replace(usual, **own) if changed else usual
