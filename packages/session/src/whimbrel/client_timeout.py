"""`ClientTimeout`: how long a request and its phases may take."""

from dataclasses import dataclass, field, fields, replace
from typing import ClassVar, NamedTuple, TypedDict

from whimbrel_connector import Timeouts

__all__ = ["DEFAULT_TIMEOUT", "ClientTimeout", "ExchangeLimits", "timeout_of", "with_earlier_spellings"]


class ExchangeLimits(TypedDict):
    """The limits of an exchange, by their names in `ExchangeOptions`."""

    send_seconds: float | None
    first_byte_seconds: float | None
    read_seconds: float | None


class _Attribute(NamedTuple):
    name: str
    alias: str
    init: bool = True


@dataclass(frozen=True)
class ClientTimeout:
    """Limits in seconds; None or 0 means no limit.

    Attributes:
        total: The whole request: connecting, redirects, sending, and reading the body.
        connect: Waiting for the pool and connecting, together.
        sock_read: Silence between two arrivals of response bytes.
        sock_connect: Connecting alone: address lookup, TCP and TLS.
        ceil_threshold: Accepted for compatibility and not used: limits are not rounded.
        pool: Waiting for a place in the pool alone.
        dns: The address lookup alone.
        tcp: The TCP connection alone.
        tls: Each TLS handshake, with the origin or with the proxy.
        proxy: Reaching the proxy, until it has made a tunnel where one is needed.
        send: Sending that stands still because the server takes nothing.
        first_byte: Silence between a request that was sent and the head of its response; None: as
            `sock_read` says.
    """

    total: float | None = None
    connect: float | None = None
    sock_read: float | None = None
    sock_connect: float | None = None
    ceil_threshold: float = 5
    pool: float | None = field(default=None, kw_only=True)
    dns: float | None = field(default=None, kw_only=True)
    tcp: float | None = field(default=None, kw_only=True)
    tls: float | None = field(default=None, kw_only=True)
    proxy: float | None = field(default=None, kw_only=True)
    send: float | None = field(default=None, kw_only=True)
    first_byte: float | None = field(default=None, kw_only=True)

    __attrs_attrs__: ClassVar[tuple[_Attribute, ...]]

    @property
    def before_exchange(self) -> Timeouts:
        """The limits of what comes before the exchange."""
        return Timeouts(
            lease=self.connect or None,
            pool=self.pool or None,
            connect=self.sock_connect or None,
            dns=self.dns or None,
            tcp=self.tcp or None,
            tls=self.tls or None,
            proxy=self.proxy or None,
        )

    @property
    def within_exchange(self) -> ExchangeLimits:
        """The limits of the exchange, by their names in `ExchangeOptions`."""
        return {
            "send_seconds": self.send or None,
            "first_byte_seconds": self.first_byte or None,
            "read_seconds": self.sock_read or None,
        }


# It is a class of attrs in aiohttp, and programs change it by `attr.evolve`, which goes by this.
ClientTimeout.__attrs_attrs__ = tuple(_Attribute(each.name, each.name) for each in fields(ClientTimeout))

DEFAULT_TIMEOUT = ClientTimeout(total=300.0, sock_connect=30.0)


def timeout_of(given: object) -> ClientTimeout:
    """Return the limits that `given` means: a `ClientTimeout`, total seconds, or None or 0 for none.

    Raises:
        TypeError: It is none of these.
        ValueError: It is negative.
    """
    if isinstance(given, ClientTimeout):
        return given
    if given is None:
        return ClientTimeout()
    if not isinstance(given, (int, float)) or isinstance(given, bool):
        msg = f"timeout is a ClientTimeout, seconds, or None, not {given!r}"
        raise TypeError(msg)
    if given < 0:
        msg = f"timeout is at least 0 seconds, not {given!r}"
        raise ValueError(msg)
    return ClientTimeout(total=float(given) or None)


def with_earlier_spellings(
    timeout: ClientTimeout, read_timeout: float | None, conn_timeout: float | None
) -> ClientTimeout:
    """Return the limits with what aiohttp 2 called `read_timeout` and `conn_timeout` in their place.

    Raises:
        ValueError: One of them comes besides a `ClientTimeout` of the caller's.
    """
    if read_timeout == DEFAULT_TIMEOUT.total and conn_timeout is None:  # as where nothing is said
        return timeout
    if timeout is not DEFAULT_TIMEOUT:
        msg = "read_timeout and conn_timeout conflict with timeout, use ClientTimeout(total=, connect=)"
        raise ValueError(msg)
    return replace(
        timeout,
        total=read_timeout,
        connect=timeout.connect if conn_timeout is None else conn_timeout,
    )
