"""What can go wrong between an origin and its answer.

Every error here is a `ConnectorError` and carries its facts as attributes; those of time stand in
`timeout_errors`. A response that breaks the rules of HTTP raises the parser's own
`whimbrel_http1.ParseError`.
"""

from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "AddressNotFound",
    "AddressRefused",
    "BodyTooLarge",
    "CertificateRejected",
    "ConnectAttempt",
    "ConnectFailed",
    "ConnectorClosed",
    "ConnectorError",
    "ExchangeClosed",
    "FingerprintMismatch",
    "InvalidProxy",
    "ProxyFailed",
    "ProxyRefused",
    "ServerDisconnected",
    "SocksRefused",
    "TlsFailed",
    "UnaskedUpgrade",
    "UnsupportedProxy",
    "UnusableTls",
]


class ConnectorError(Exception):
    """The root of this package's errors."""


class ConnectorClosed(ConnectorError, RuntimeError):
    """The connector was closed before, or while, a connection was asked of it."""

    def __init__(self) -> None:
        super().__init__("the connector is closed")

    def __reduce__(self) -> tuple[type["ConnectorClosed"], tuple[()]]:
        """Pickle without arguments, as it was made."""
        return type(self), ()


class ConnectAttempt(NamedTuple):
    """One address that no connection was made to.

    Attributes:
        address: The address, an IPv6 address with its zone where it has one.
        port: The port.
        what: Why not, in words.
        errno: The system's number for it, or None.
    """

    address: str
    port: int
    what: str
    errno: int | None = None

    def __str__(self) -> str:
        return f"{self.address}: {self.what}"


class ConnectFailed(ConnectorError, OSError):
    """No connection to the host could be made.

    Attributes:
        host: The host name, address or socket path that was asked for.
        port: The port, or None for a socket path.
        what: What happened, in words.
        errno: The system's number for it, or None; with several attempts, the one they have in common.
        attempts: Each address that was tried or refused, in the order in which that ended.
    """

    attempt = "connect to"

    def __init__(
        self,
        host: str,
        port: int | None,
        what: str,
        errno: int | None = None,
        *,
        attempts: Sequence[ConnectAttempt] = (),
    ) -> None:
        super().__init__(errno, what)  # what an OSError expects
        self.host, self.port, self.what, self.errno = host, port, what, errno
        self.attempts = tuple(attempts)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts."""
        return type(self), (self.host, self.port, self.what, self.errno), vars(self)

    def __str__(self) -> str:
        # An abstract UNIX socket has a NUL in front, for which everybody writes @.
        place = self.host.replace("\0", "@") if self.port is None else f"{self.host}:{self.port}"
        return f"cannot {self.attempt} {place}: {self.what}"


class AddressNotFound(ConnectFailed):
    """The resolver knows no address for the host."""

    attempt = "resolve"


class AddressRefused(ConnectFailed):
    """The connector's address filter allows none of the host's addresses.

    Attributes:
        attempts: The addresses, each with the filter's reason.
    """

    def __init__(self, host: str, port: int, attempts: Sequence[ConnectAttempt]) -> None:
        what = "the address filter allows no address of it: " + "; ".join(map(str, attempts))
        super().__init__(host, port, what, attempts=attempts)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts; the sentence follows from them."""
        return type(self), (self.host, self.port, self.attempts)


class TlsFailed(ConnectFailed):
    """The TLS handshake failed."""

    attempt = "agree on TLS with"


class CertificateRejected(TlsFailed):
    """The server's certificate is not trusted, has expired, or names another host.

    Attributes:
        trusted: Whom it had to come from, in words: a store and its paths, or "the context given".
    """

    def __init__(
        self, host: str, port: int | None, what: str, errno: int | None = None, trusted: str = ""
    ) -> None:
        super().__init__(host, port, what, errno)
        self.trusted = trusted

    def __str__(self) -> str:
        return f"{super().__str__()}; trusted is {self.trusted}" if self.trusted else super().__str__()


class UnusableTls(ConnectorError, ValueError):
    """TLS cannot be set up as the policy or the environment says.

    Attributes:
        part: What cannot be used: "trust", "the client certificate" or "SSLKEYLOGFILE".
        what: Why, in words.
    """

    def __init__(self, part: str, what: str) -> None:
        super().__init__(part, what)
        self.part, self.what = part, what

    def __str__(self) -> str:
        return f"{self.part} cannot be used: {self.what}"


class ProxyFailed(ConnectFailed):
    """The proxy cannot be reached, or breaks off before it has made a tunnel, or does not speak as it should.

    Attributes:
        is_tls: Whether the way to the proxy is, or was to be, secured.
    """

    attempt = "go through the proxy"

    def __init__(
        self,
        host: str,
        port: int | None,
        what: str,
        errno: int | None = None,
        *,
        attempts: Sequence[ConnectAttempt] = (),
        is_tls: bool = False,
    ) -> None:
        super().__init__(host, port, what, errno, attempts=attempts)
        self.is_tls = is_tls


class SocksRefused(ProxyFailed):
    """The SOCKS proxy does not connect to the origin.

    Attributes:
        reason: What its answer means.
        origin: Host and port that it was asked for.
        reply: The code of its answer (RFC 1928 section 6, or 91 to 93 of version 4).
    """

    def __init__(self, host: str, port: int | None, reason: str, origin: str, reply: int) -> None:
        super().__init__(host, port, f"does not connect to {origin}: {reason}")
        self.reason, self.origin, self.reply = reason, origin, reply

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts."""
        return type(self), (self.host, self.port, self.reason, self.origin, self.reply)

    def __str__(self) -> str:
        return f"the proxy {self.host}:{self.port} {self.what} (reply {self.reply})"


class ProxyRefused(ConnectorError):
    """The proxy answered CONNECT with another status than 2xx (RFC 9110 section 9.3.6).

    Attributes:
        host: The proxy's host.
        port: Its port.
        status: The status, 407 where it wants credentials.
        reason: The reason phrase.
        headers: Name and value pairs of its answer.
        body: At most the first 4096 bytes of the body, as they came.
    """

    def __init__(
        self,
        host: str,
        port: int,
        status: int,
        reason: str,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        body: bytes = b"",
    ) -> None:
        super().__init__(host, port, status, reason, headers, body)
        self.host, self.port, self.status, self.reason = host, port, status, reason
        self.headers, self.body = headers, body

    def __str__(self) -> str:
        return f"the proxy {self.host}:{self.port} refused the tunnel: {self.status} {self.reason[:100]!a}"


_OTHER_SCHEME = "its URL begins with none of http, https, socks4, socks4a, socks5, socks5h"


class UnsupportedProxy(ConnectorError, ValueError):
    """The proxy cannot be used here.

    Attributes:
        scheme: The scheme of its URL.
        what: Why, in words.
    """

    def __init__(self, scheme: str, what: str | None = None) -> None:
        super().__init__(scheme, what)
        self.scheme = scheme
        self.what = _OTHER_SCHEME if what is None else what

    def __str__(self) -> str:
        return f"the {self.scheme or 'given'} proxy cannot be used: {self.what}"


class InvalidProxy(ConnectorError, ValueError):
    """A variable of the environment that decides about a URL names no usable proxy.

    Attributes:
        variable: The variable's name, as it is spelled there.
        value: Its first 100 characters, credentials masked.
        what: What is wrong with it.
    """

    def __init__(self, variable: str, value: str, what: str) -> None:
        super().__init__(variable, value, what)
        self.variable, self.value, self.what = variable, value, what

    def __str__(self) -> str:
        return f"{self.variable} names no usable proxy: {self.what} in {self.value!a}"


class FingerprintMismatch(ConnectorError):
    """The certificate's digest is not the pinned one.

    Attributes:
        expected: The pin, as the caller gave it.
        got: The digest of the certificate that was shown, in the same form.
        host: The host of the connection.
        port: Its port.
    """

    def __init__(self, expected: bytes | str, got: bytes | str, host: str, port: int) -> None:
        super().__init__(expected, got, host, port)
        self.expected, self.got, self.host, self.port = expected, got, host, port

    def __str__(self) -> str:
        return (
            f"{self.host}:{self.port} shows a certificate with the fingerprint {_digits(self.got)}, "
            f"not {_digits(self.expected)}"
        )


def _digits(fingerprint: bytes | str) -> str:
    """Return the hexadecimal digits of a digest that is bytes, or digits already."""
    if isinstance(fingerprint, str):
        return fingerprint
    return fingerprint.hex() if len(fingerprint) <= 32 else fingerprint.decode("latin-1")


class ServerDisconnected(ConnectorError, ConnectionError):
    """The peer closed the connection before a whole response head had come.

    Attributes:
        host: The host of the connection.
        port: Its port, or None for a socket path.
        reused: Whether an earlier exchange had used the connection: the peer may just have tired of it.
        received_bytes: How much of a response had come.
    """

    def __init__(self, host: str, port: int | None, *, reused: bool, received_bytes: int) -> None:
        super().__init__()  # an OSError would take them for a number and a file name
        self.host, self.port, self.reused, self.received_bytes = host, port, reused, received_bytes

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle through a function: two of the arguments are keyword-only."""
        return _disconnected, (self.host, self.port, self.reused, self.received_bytes)

    def __str__(self) -> str:
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        kind = "a reused connection" if self.reused else "the connection"
        return f"{place} closed {kind} after {self.received_bytes} bytes of a response"


def _disconnected(host: str, port: int | None, reused: bool, received_bytes: int) -> ServerDisconnected:
    return ServerDisconnected(host, port, reused=reused, received_bytes=received_bytes)


class ExchangeClosed(ConnectorError, ConnectionError):
    """The exchange was closed on this side while somebody still waited for it."""


class BodyTooLarge(ConnectorError):
    """There is more of a body than its reader wants to hold at once.

    Attributes:
        limit_bytes: The most that was wanted.
    """

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"the body is larger than {self.limit_bytes} bytes"


class UnaskedUpgrade(ConnectorError):
    """The server switched protocols though the request had not offered it (RFC 9110 section 15.2.2).

    Attributes:
        host: The host of the connection.
        port: Its port.
    """

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.host, self.port = host, port

    def __str__(self) -> str:
        return f"{self.host}:{self.port} switched protocols unasked (RFC 9110 section 15.2.2)"
