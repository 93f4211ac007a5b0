"""From the errors of the parts to the documented ones: one table, in one place."""

import errno

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from whimbrel.errors import (
    ClientConnectionError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ConnectionKey,
    ConnectionTimeoutError,
    DNSTimeoutError,
    FirstByteTimeoutError,
    InvalidUrlClientError,
    LeaseTimeoutError,
    PoolTimeoutError,
    ProxyTimeoutError,
    SendTimeoutError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerResetError,
    ServerTimeoutError,
    SocketTimeoutError,
    TCPTimeoutError,
    TLSTimeoutError,
    UnixClientConnectorError,
    ssl_of,
)
from whimbrel.request_info import RequestInfo
from whimbrel.response import ClientHttpProxyError, ClientResponseError
from whimbrel_connector import (
    AddressNotFound,
    CertificateRejected,
    ConnectFailed,
    ConnectorClosed,
    ConnectTimeout,
    DnsTimeout,
    ExchangeClosed,
    FingerprintMismatch,
    FirstByteTimeout,
    InvalidProxy,
    LeaseTimeout,
    PhaseTimeout,
    PoolTimeout,
    ProxyFailed,
    ProxyRefused,
    ProxyTimeout,
    ReadTimeout,
    SendTimeout,
    ServerDisconnected,
    TcpTimeout,
    TlsFailed,
    TlsPolicy,
    TlsTimeout,
    UnaskedUpgrade,
    UnsupportedProxy,
    UnusableTls,
)
from whimbrel_http1 import BodyLengthMismatch, Http1Error, MessageTooLarge, ParseError

__all__ = ["translate_body_fault", "translate_fault"]

_CONNECT_ERRORS: tuple[tuple[type[ConnectFailed], type[ClientConnectorError]], ...] = (
    (ProxyFailed, ClientProxyConnectionError),
    (AddressNotFound, ClientConnectorDNSError),
    (CertificateRejected, ClientConnectorCertificateError),
    (TlsFailed, ClientConnectorSSLError),
    (ConnectFailed, ClientConnectorError),
)

_TIMEOUTS: dict[type[PhaseTimeout], type[ServerTimeoutError]] = {
    LeaseTimeout: LeaseTimeoutError,
    PoolTimeout: PoolTimeoutError,
    ConnectTimeout: ConnectionTimeoutError,
    DnsTimeout: DNSTimeoutError,
    TcpTimeout: TCPTimeoutError,
    TlsTimeout: TLSTimeoutError,
    ProxyTimeout: ProxyTimeoutError,
    SendTimeout: SendTimeoutError,
    FirstByteTimeout: FirstByteTimeoutError,
    ReadTimeout: SocketTimeoutError,
}
_STALLED: dict[type[ServerTimeoutError], str] = {
    SendTimeoutError: "Timeout on sending data to socket",
    FirstByteTimeoutError: "Timeout on reading data from socket",
    SocketTimeoutError: "Timeout on reading data from socket",
}

# The limits of `Limits` that a session has arguments for: what each bounds, and the argument.
_LIMITS: dict[str, tuple[str, str]] = {
    "line_bytes": ("its status line is longer than {} bytes", "max_line_size"),
    "field_bytes": ("one of its header lines is longer than {} bytes", "max_field_size"),
    "fields": ("it has more than {} header lines", "max_headers"),
    "head_bytes": ("its head is longer than {} bytes", "max_field_size, max_headers"),
}


def translate_fault(fault: Exception, request_info: RequestInfo, tls: TlsPolicy | None = None) -> Exception:
    """Return the documented error for one raised on the way to a response; others come back as they are.

    Args:
        fault: What was raised.
        request_info: What was asked.
        tls: What the request said of TLS.
    """
    match fault:
        case ProxyFailed() | ProxyRefused() | InvalidProxy() | UnsupportedProxy():
            return _proxy_error(fault, request_info)
        case ConnectFailed():
            return _origin_error(fault, request_info.url, tls)
        case FingerprintMismatch() | UnusableTls():
            return _tls_error(fault, request_info)
        case ParseError():
            return ClientResponseError(request_info, (), status=400, message=_refusal_of_head(fault))
        case BodyLengthMismatch():
            return ClientPayloadError(f"The request's body does not fit its Content-Length: {fault}")
        case _:
            return _connection_error(fault, f" to host {request_info.url}") or fault


def _refusal_of_head(fault: ParseError) -> str:
    """Say what is wrong, and by which argument of a session or request what is too large may be larger."""
    if not isinstance(fault, MessageTooLarge) or fault.limit not in _LIMITS:
        return str(fault)
    what, argument = _LIMITS[fault.limit]
    return f"the response was refused: {what.format(fault.value)} ({argument})"


def translate_body_fault(fault: BaseException) -> BaseException:
    """Return the documented error for one that ended a body."""
    match fault:
        case Http1Error() | ServerDisconnected():
            error: BaseException = ClientPayloadError(f"Response payload is not completed: {fault}")
            error.__cause__ = fault
            return error
        case Exception():
            known = _connection_error(fault)
            if known is None:
                return fault
            known.__cause__ = fault
            return known
        case _:
            return fault


def _connection_error(fault: Exception, where: str = "") -> ClientError | None:
    error: ClientError | None = None
    match fault:
        case PhaseTimeout():
            error = _timeout_error(fault, where)
        case ServerDisconnected():
            message, cause = f"Server disconnected: {fault}", fault.__cause__
            error = ServerDisconnectedError(message)
            if isinstance(cause, OSError):
                error = ServerResetError(cause.errno, message)
        case ConnectorClosed() | ExchangeClosed() | UnaskedUpgrade():
            error = ClientConnectionError(f"{fault}: the request{where} is over" if where else str(fault))
        case ConnectionError() if not isinstance(fault, ClientError):
            error = ClientOSError(fault.errno, fault.strerror)
        case _:
            pass
    return error


def _timeout_error(fault: PhaseTimeout, where: str) -> ServerTimeoutError:
    kind = _TIMEOUTS.get(type(fault), ServerTimeoutError)
    what = _STALLED.get(kind, f"Connection timeout{where}")
    return kind.after(f"{what}: {fault}", limit=fault.limit, elapsed=fault.elapsed, attempts=fault.attempts)


def _proxy_error(
    fault: ProxyFailed | ProxyRefused | InvalidProxy | UnsupportedProxy, asked: RequestInfo
) -> ClientError:
    match fault:
        case ProxyFailed():
            return _connect_error(fault, is_ssl=fault.is_tls)
        case ProxyRefused():
            return _refusal(fault, asked)
        case InvalidProxy():
            return InvalidUrlClientError(fault.value, str(fault))
        case UnsupportedProxy():
            return InvalidUrlClientError(f"{fault.scheme}:", str(fault))


def _refusal(fault: ProxyRefused, asked: RequestInfo) -> ClientHttpProxyError:
    """Return the error of a tunnel that was refused; what the origin was to be told is no part of it."""
    place = asked.url
    headers = CIMultiDictProxy(CIMultiDict({"Host": f"{place.host_subcomponent}:{place.port}"}))
    error = ClientHttpProxyError(
        RequestInfo(place, "CONNECT", headers, asked.real_url),
        (),
        status=fault.status,
        message=fault.reason,
        headers=CIMultiDictProxy(
            CIMultiDict(
                (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
                for name, value in fault.headers
            )
        ),
    )
    error.body = fault.body
    return error


def _origin_error(fault: ConnectFailed, url: URL, tls: TlsPolicy | None) -> ClientConnectorError:
    is_ssl = url.scheme in ("https", "wss")
    if fault.port is not None:
        return _connect_error(fault, is_ssl=is_ssl, tls=tls)
    key = ConnectionKey(url.raw_host or "", url.port, is_ssl, ssl_of(tls))
    return UnixClientConnectorError(fault.host, key, _cause_of(fault))


def _connect_error(
    fault: ConnectFailed, *, is_ssl: bool, tls: TlsPolicy | None = None
) -> ClientConnectorError:
    key = ConnectionKey(fault.host, fault.port, is_ssl, ssl_of(tls))
    kind = next(documented for ours, documented in _CONNECT_ERRORS if isinstance(fault, ours))
    error = kind(key, _cause_of(fault))
    if isinstance(fault, CertificateRejected) and isinstance(error, ClientConnectorCertificateError):
        error.trusted = fault.trusted
    return error


def _cause_of(fault: ConnectFailed) -> OSError:
    return fault.__cause__ if isinstance(fault.__cause__, OSError) else fault


def _tls_error(fault: FingerprintMismatch | UnusableTls, asked: RequestInfo) -> ClientError:
    if isinstance(fault, FingerprintMismatch):
        return ServerFingerprintMismatch(fault.expected, fault.got, fault.host, fault.port)
    key = ConnectionKey(asked.url.raw_host or "", asked.url.port, is_ssl=True)
    return ClientConnectorSSLError(key, OSError(errno.EINVAL, str(fault)))
