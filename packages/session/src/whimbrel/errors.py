"""What can go wrong before there is a response, or with its body: by the names that aiohttp documents.

`ClientError` is the root; the errors that show a response stand beside it, in `response`. The translation
from the parts' own errors stands in `_translation`.
"""

import asyncio
import ssl
from typing import TYPE_CHECKING, NamedTuple

from whimbrel_connector import ConnectAttempt
from whimbrel_connector import FingerprintMismatch as Mismatch

if TYPE_CHECKING:
    from typing_extensions import Self
    from yarl import URL

    from whimbrel._credentials import BasicAuth
    from whimbrel_connector import Fingerprint, TlsPolicy

__all__ = [
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientSSLError",
    "ConnectionKey",
    "ConnectionTimeoutError",
    "DNSTimeoutError",
    "FingerprintMismatch",
    "FirstByteTimeoutError",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "LeaseTimeoutError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "PayloadTooLargeError",
    "PoolTimeoutError",
    "ProxyTimeoutError",
    "RedirectClientError",
    "RequestTimeoutError",
    "SendTimeoutError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerResetError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "StreamConsumedError",
    "TCPTimeoutError",
    "TLSTimeoutError",
    "UnixClientConnectorError",
    "UploadAbortedError",
    "WSMessageTypeError",
]


class ConnectionKey(NamedTuple):
    """Where a connection was to go.

    Attributes:
        host: The host name or address.
        port: The port, or None for a socket path.
        is_ssl: Whether TLS was wanted.
        ssl: What the request said of TLS; True where it left that to the session's connector.
        proxy: The proxy, or None.
        proxy_auth: Credentials for it, or None.
        proxy_headers_hash: Accepted for compatibility; whimbrel hashes none.
    """

    host: str
    port: int | None
    is_ssl: bool
    ssl: "ssl.SSLContext | bool | Fingerprint" = True
    proxy: "URL | None" = None
    proxy_auth: "BasicAuth | None" = None
    proxy_headers_hash: int | None = None


def ssl_of(tls: "TlsPolicy | None") -> "ssl.SSLContext | bool | Fingerprint":
    """Return what `ssl=` would have to be for `tls`, the policy of a request."""
    if tls is None:
        return True
    return tls.context or tls.fingerprint or tls.verify is not False


class ClientError(Exception):
    """The root of the client's errors."""


class ClientConnectionError(ClientError):
    """Something went wrong with a connection."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The connection was lost while writing."""


class ClientOSError(ClientConnectionError, OSError):
    """The system refused an operation on a connection."""


class ClientConnectorError(ClientOSError):
    """No connection could be made.

    Attributes:
        os_error: What the system, or the TLS library, said.
        host: The host.
        port: The port, or None.
        ssl: What the request said of TLS; True where it left that to the session's connector.
    """

    def __init__(self, connection_key: ConnectionKey, os_error: OSError) -> None:
        self._conn_key = connection_key
        self._os_error = os_error
        super().__init__(os_error.errno, os_error.strerror)
        self.args = (connection_key, os_error)

    @property
    def os_error(self) -> OSError:
        """What the system, or the TLS library, said."""
        return self._os_error

    @property
    def host(self) -> str:
        """The host."""
        return self._conn_key.host

    @property
    def port(self) -> int | None:
        """The port, or None for a socket path."""
        return self._conn_key.port

    @property
    def ssl(self) -> "ssl.SSLContext | bool | Fingerprint":
        """What the request said of TLS; True where it left that to the session's connector."""
        return self._conn_key.ssl

    def __str__(self) -> str:
        return f"Cannot connect to host {self.host}:{self.port} {self._why()}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts; a context cannot be pickled, and True stands in its place."""
        key = self._conn_key
        if isinstance(key.ssl, ssl.SSLContext):
            key = key._replace(ssl=True)
        arguments = tuple(key if isinstance(each, ConnectionKey) else each for each in self.args)
        return type(self), arguments, dict(vars(self), _conn_key=key)

    def _why(self) -> str:
        tls = "default" if self.ssl is True else self.ssl
        fault = self._os_error
        # Some say nothing but what they are, such as that of a peer that leaves in the handshake.
        return f"ssl:{tls} [{fault.strerror or str(fault) or type(fault).__name__}]"


class ClientConnectorDNSError(ClientConnectorError):
    """The host name has no address."""


class ClientProxyConnectionError(ClientConnectorError):
    """No connection to the proxy could be made."""


class UnixClientConnectorError(ClientConnectorError):
    """No connection to the UNIX socket could be made.

    Attributes:
        path: Path of the socket.
    """

    def __init__(self, path: str, connection_key: ConnectionKey, os_error: OSError) -> None:
        super().__init__(connection_key, os_error)
        self.path = path
        self.args = (path, connection_key, os_error)

    def __str__(self) -> str:
        return f"Cannot connect to unix socket {self.path} {self._why()}"


class ClientSSLError(ClientConnectorError):
    """TLS could not be agreed on."""


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed."""


class ClientConnectorCertificateError(ClientConnectorSSLError, ssl.CertificateError):
    """The server's certificate was rejected.

    Attributes:
        certificate_error: What the TLS library found wrong with it.
        trusted: Whom it had to come from, in words: a store and its paths, or "the context given".
    """

    trusted: str = ""

    def __init__(self, connection_key: ConnectionKey, certificate_error: Exception) -> None:
        fault = (
            certificate_error if isinstance(certificate_error, OSError) else OSError(str(certificate_error))
        )
        super().__init__(connection_key, fault)
        self.certificate_error = certificate_error
        self.args = (connection_key, certificate_error)

    @property
    def ssl(self) -> bool:
        """Whether TLS was wanted."""
        return self._conn_key.is_ssl

    def _why(self) -> str:
        fault = self.certificate_error
        trusted = f"; trusted is {self.trusted}" if self.trusted else ""
        return f"ssl:{self.ssl} [{type(fault).__name__}: {fault.args}]{trusted}"


class ServerConnectionError(ClientConnectionError):
    """The server ended or spoilt the connection."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed the connection before it had answered.

    Attributes:
        message: What is known about it.
    """

    def __init__(self, message: str | None = None) -> None:
        self.message = "Server disconnected" if message is None else message
        super().__init__(self.message)


class ServerResetError(ClientOSError, ServerDisconnectedError):
    """The server, or the system, broke the connection before there was an answer.

    Attributes:
        message: What is known about it.
        errno: What the system calls it.
    """

    def __init__(self, errno: int | None, message: str) -> None:
        ClientOSError.__init__(self, errno, message)
        self.message = message


class ServerTimeoutError(ServerConnectionError, asyncio.TimeoutError):
    """Something took longer than its limit; the subclass tells what.

    Attributes:
        phase: What took too long, in one word or two; None for an error that was made elsewhere.
        limit: The seconds that were allowed, or None.
        elapsed: The seconds that had passed when it was given up, or None.
        attempts: Where addresses were being tried, each that had failed, been refused, or not answered yet.
    """

    phase: str | None = None
    limit: float | None = None
    elapsed: float | None = None
    attempts: tuple[ConnectAttempt, ...] = ()

    @classmethod
    def after(
        cls, message: str, *, limit: float, elapsed: float, attempts: tuple[ConnectAttempt, ...] = ()
    ) -> "Self":
        """Return an error with these facts."""
        error = cls(message)
        error.limit, error.elapsed = limit, elapsed
        if attempts:
            error.attempts = attempts
        return error


class ConnectionTimeoutError(ServerTimeoutError):
    """Connecting took longer than `ClientTimeout.sock_connect`; the subclasses are of other limits."""

    phase = "connect"


class LeaseTimeoutError(ConnectionTimeoutError):
    """Waiting for the pool and connecting together took longer than `ClientTimeout.connect`."""

    phase = "lease"


class PoolTimeoutError(ConnectionTimeoutError):
    """Waiting for the pool took longer than `ClientTimeout.pool`."""

    phase = "pool"


class DNSTimeoutError(ConnectionTimeoutError):
    """The address lookup took longer than `ClientTimeout.dns`."""

    phase = "dns"


class TCPTimeoutError(ConnectionTimeoutError):
    """The TCP connection took longer than `ClientTimeout.tcp`."""

    phase = "tcp"


class TLSTimeoutError(ConnectionTimeoutError):
    """The TLS handshake took longer than `ClientTimeout.tls`."""

    phase = "tls"


class ProxyTimeoutError(ConnectionTimeoutError):
    """Getting through the proxy took longer than `ClientTimeout.proxy`."""

    phase = "proxy"


class SocketTimeoutError(ServerTimeoutError):
    """The server was silent for longer than `ClientTimeout.sock_read`; the subclasses are of other limits."""

    phase = "read"


class FirstByteTimeoutError(SocketTimeoutError):
    """The head of the response was not there after `ClientTimeout.first_byte`."""

    phase = "first byte"


class SendTimeoutError(SocketTimeoutError):
    """The server took nothing of the request for `ClientTimeout.send`."""

    phase = "send"


class RequestTimeoutError(ServerTimeoutError):
    """The whole request, redirects and body included, took longer than `ClientTimeout.total`."""

    phase = "total"

    def __str__(self) -> str:
        said = super().__str__()
        return f"{said} ({'; '.join(map(str, self.attempts))})" if self.attempts else said


class ServerFingerprintMismatch(ServerConnectionError, Mismatch):
    """The certificate's digest is not the pinned one.

    Attributes:
        expected: The pin, as the caller gave it.
        got: The digest that was found, in the same form.
        host: The host.
        port: The port.
    """


FingerprintMismatch = ServerFingerprintMismatch


class ClientPayloadError(ClientError):
    """The body cannot be read to its end, or cannot be sent again."""


class UploadAbortedError(ClientError):
    """The request's body was not sent to its end."""


class PayloadTooLargeError(ClientPayloadError):
    """The body is longer than `max_body_size` lets `read`, `text` and `json` hold in memory.

    Attributes:
        limit_bytes: The limit.
    """

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return (
            f"The body is longer than max_body_size, {self.limit_bytes} bytes: "
            "read it in pieces from content, or raise the limit"
        )


class StreamConsumedError(ClientError, RuntimeError):
    """The whole body was asked for after a part of it had been taken from `content`."""


class InvalidURL(ClientError, ValueError):
    """The URL cannot be used for a request.

    Attributes:
        url: The URL.
        description: Why, or None.
    """

    def __init__(self, url: "str | URL", description: str | None = None) -> None:
        super().__init__(url, description)
        self.url, self.description = url, description

    def __str__(self) -> str:
        return f"{self.url}" if self.description is None else f"{self.url} - {self.description}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class InvalidUrlClientError(InvalidURL):
    """The URL given to a request is invalid."""


class RedirectClientError(ClientError):
    """A redirect cannot be followed."""


class NonHttpUrlClientError(InvalidURL):
    """The URL given to a request has another scheme than http, https, ws or wss."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """A redirect leads to an invalid URL."""


class NonHttpUrlRedirectClientError(NonHttpUrlClientError, RedirectClientError):
    """A redirect leads to another scheme than http or https."""


class WSMessageTypeError(TypeError):
    """A WebSocket message has another type than the one asked for."""
