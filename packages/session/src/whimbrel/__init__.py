"""The session: the asyncio HTTP client that composes the five parts into the documented ClientSession API."""

from importlib import import_module
from typing import TYPE_CHECKING

from whimbrel._credentials import BasicAuth, encode_basic_auth
from whimbrel._version import __version__
from whimbrel.api import request
from whimbrel.client import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientSession
from whimbrel.client_timeout import ClientTimeout
from whimbrel.client_ws import ClientWebSocketResponse
from whimbrel.errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientSSLError,
    ConnectionTimeoutError,
    DNSTimeoutError,
    FingerprintMismatch,
    FirstByteTimeoutError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    LeaseTimeoutError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    PayloadTooLargeError,
    PoolTimeoutError,
    ProxyTimeoutError,
    RedirectClientError,
    RequestTimeoutError,
    SendTimeoutError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerResetError,
    ServerTimeoutError,
    SocketTimeoutError,
    StreamConsumedError,
    TCPTimeoutError,
    TLSTimeoutError,
    UnixClientConnectorError,
    UploadAbortedError,
    WSMessageTypeError,
)
from whimbrel.request_info import RequestInfo
from whimbrel.response import (
    ClientHttpProxyError,
    ClientResponse,
    ClientResponseError,
    ContentDisposition,
    ContentTypeError,
    TooManyRedirects,
    WSServerHandshakeError,
)
from whimbrel.streamer import streamer
from whimbrel_connector import (
    AddrInfoType,
    AsyncResolver,
    BaseConnector,
    DefaultResolver,
    Fingerprint,
    NamedPipeConnector,
    SocketFactoryType,
    StreamReader,
    TCPConnector,
    ThreadedResolver,
    UnixConnector,
    UnverifiedTlsWarning,
)
from whimbrel_cookies import AbstractCookieJar, CookieJar, DummyCookieJar
from whimbrel_http1 import HTTP_1_0, HTTP_1_1, HttpVersion, set_zlib_backend
from whimbrel_multipart import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BadContentDispositionHeader,
    BadContentDispositionParam,
    BodyPartReader,
    BufferedReaderPayload,
    BytesIOPayload,
    BytesPayload,
    FormData,
    IOBasePayload,
    JsonPayload,
    MultipartReader,
    MultipartWriter,
    Payload,
    StringIOPayload,
    StringPayload,
    TextIOPayload,
    content_disposition_filename,
    get_payload,
    parse_content_disposition,
    payload_type,
)
from whimbrel_websocket import ClientWSTimeout, WebSocketError, WSCloseCode, WSMessage, WSMsgType

if TYPE_CHECKING:
    from whimbrel import abc, hdrs, typedefs
    from whimbrel.client_middleware_digest_auth import DigestAuthMiddleware
    from whimbrel.compat import install_as_aiohttp
    from whimbrel.compat.queues import EMPTY_PAYLOAD, DataQueue, EofStream
    from whimbrel.tracing import (
        TraceConfig,
        TraceConnectionCreateEndParams,
        TraceConnectionCreateStartParams,
        TraceConnectionQueuedEndParams,
        TraceConnectionQueuedStartParams,
        TraceConnectionReuseconnParams,
        TraceDnsCacheHitParams,
        TraceDnsCacheMissParams,
        TraceDnsResolveHostEndParams,
        TraceDnsResolveHostStartParams,
        TraceRequestChunkSentParams,
        TraceRequestEndParams,
        TraceRequestExceptionParams,
        TraceRequestHeadersSentParams,
        TraceRequestRedirectParams,
        TraceRequestStartParams,
        TraceResponseChunkReceivedParams,
    )
    from whimbrel.upload_tracker import UploadTracker

HttpVersion10 = HTTP_1_0
HttpVersion11 = HTTP_1_1

__all__ = [
    "EMPTY_PAYLOAD",
    "PAYLOAD_REGISTRY",
    "AbstractCookieJar",
    "AddrInfoType",
    "AsyncIterablePayload",
    "AsyncResolver",
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "BaseConnector",
    "BasicAuth",
    "BodyPartReader",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHandlerType",
    "ClientHttpProxyError",
    "ClientMiddlewareType",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "ConnectionTimeoutError",
    "ContentDisposition",
    "ContentTypeError",
    "CookieJar",
    "DNSTimeoutError",
    "DataQueue",
    "DefaultResolver",
    "DigestAuthMiddleware",
    "DummyCookieJar",
    "EofStream",
    "Fingerprint",
    "FingerprintMismatch",
    "FirstByteTimeoutError",
    "FormData",
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
    "IOBasePayload",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "JsonPayload",
    "LeaseTimeoutError",
    "MultipartReader",
    "MultipartWriter",
    "NamedPipeConnector",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "Payload",
    "PayloadTooLargeError",
    "PoolTimeoutError",
    "ProxyTimeoutError",
    "RedirectClientError",
    "RequestInfo",
    "RequestTimeoutError",
    "SendTimeoutError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerResetError",
    "ServerTimeoutError",
    "SocketFactoryType",
    "SocketTimeoutError",
    "StreamConsumedError",
    "StreamReader",
    "StringIOPayload",
    "StringPayload",
    "TCPConnector",
    "TCPTimeoutError",
    "TLSTimeoutError",
    "TextIOPayload",
    "ThreadedResolver",
    "TooManyRedirects",
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
    "UnixClientConnectorError",
    "UnixConnector",
    "UnverifiedTlsWarning",
    "UploadAbortedError",
    "UploadTracker",
    "WSCloseCode",
    "WSMessage",
    "WSMessageTypeError",
    "WSMsgType",
    "WSServerHandshakeError",
    "WebSocketError",
    "__version__",
    "abc",
    "content_disposition_filename",
    "encode_basic_auth",
    "get_payload",
    "hdrs",
    "install_as_aiohttp",
    "parse_content_disposition",
    "payload_type",
    "request",
    "set_zlib_backend",
    "streamer",
    "typedefs",
]

# What few programs need, and where it is: imported when it is asked for. All of tracing begins alike.
_LATER = {
    "DataQueue": "whimbrel.compat.queues",
    "DigestAuthMiddleware": "whimbrel.client_middleware_digest_auth",
    "EMPTY_PAYLOAD": "whimbrel.compat.queues",
    "EofStream": "whimbrel.compat.queues",
    "Trace": "whimbrel.tracing",
    "UploadTracker": "whimbrel.upload_tracker",
    "abc": "whimbrel.abc",
    "client_exceptions": "whimbrel.client_exceptions",
    "client_middlewares": "whimbrel.client_middlewares",
    "client_request": "whimbrel.client_request",
    "hdrs": "whimbrel.hdrs",
    "install_as_aiohttp": "whimbrel.compat",
    "resolver": "whimbrel.resolver",
    "tracing": "whimbrel.tracing",
    "typedefs": "whimbrel.typedefs",
}


if not TYPE_CHECKING:  # a type checker is to know names from typing errors

    def __getattr__(name: str) -> object:
        home = _LATER.get("Trace" if name.startswith("Trace") else name)
        if home is None:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        module = import_module(home)
        value = globals()[name] = module if home.endswith(f".{name}") else getattr(module, name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
