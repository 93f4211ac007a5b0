"""From an origin to a live connection: DNS, TCP, UNIX sockets, TLS, proxies, and the pool."""

from importlib import import_module
from typing import TYPE_CHECKING

from aiohappyeyeballs import AddrInfoType, SocketFactoryType

from whimbrel_connector._compiled import COMPILED
from whimbrel_connector._connection import Http1Connection
from whimbrel_connector._dns_cache import CachingResolver
from whimbrel_connector._version import __version__
from whimbrel_connector.address_filter import AddressFilter, public_addresses_only
from whimbrel_connector.alarm_clock import AlarmClock
from whimbrel_connector.birthplace import birthplace
from whimbrel_connector.connector import BaseConnector, Closing
from whimbrel_connector.deadline import Deadline
from whimbrel_connector.errors import (
    AddressNotFound,
    AddressRefused,
    BodyTooLarge,
    CertificateRejected,
    ConnectAttempt,
    ConnectFailed,
    ConnectorClosed,
    ConnectorError,
    ExchangeClosed,
    FingerprintMismatch,
    InvalidProxy,
    ProxyFailed,
    ProxyRefused,
    ServerDisconnected,
    SocksRefused,
    TlsFailed,
    UnaskedUpgrade,
    UnsupportedProxy,
    UnusableTls,
)
from whimbrel_connector.exchange import Exchange
from whimbrel_connector.exchange_options import ExchangeOptions, ParserFactory, WireParser
from whimbrel_connector.fingerprint import Fingerprint
from whimbrel_connector.forgotten import end_forgotten
from whimbrel_connector.named_pipe import NamedPipeConnector
from whimbrel_connector.observer import ConnectObserver
from whimbrel_connector.proxy import Proxy
from whimbrel_connector.request import Body, BodyWriter, Request
from whimbrel_connector.resolver import (
    AbstractResolver,
    AsyncResolver,
    DefaultResolver,
    Resolver,
    ResolveResult,
    StaticResolver,
    ThreadedResolver,
)
from whimbrel_connector.route import Route
from whimbrel_connector.statistics import OriginStatistics, PoolStatistics
from whimbrel_connector.stream import ReadingSource, StreamReader
from whimbrel_connector.tcp import TCPConnector
from whimbrel_connector.timeout_errors import (
    ConnectTimeout,
    DnsTimeout,
    FirstByteTimeout,
    LeaseTimeout,
    PhaseTimeout,
    PoolTimeout,
    ProxyTimeout,
    ReadTimeout,
    SendTimeout,
    TcpTimeout,
    TlsTimeout,
    attempts_before,
)
from whimbrel_connector.timeouts import Timeouts
from whimbrel_connector.tls import ClientCertificate, TlsOption, TlsPolicy, TrustStore, tls_policy
from whimbrel_connector.transports import Transports
from whimbrel_connector.unix import UnixConnector
from whimbrel_connector.unverified import UnverifiedTlsWarning

if TYPE_CHECKING:
    from whimbrel_connector.environment import Explanation, ProxyEnvironment

__all__ = [
    "COMPILED",
    "AbstractResolver",
    "AddrInfoType",
    "AddressFilter",
    "AddressNotFound",
    "AddressRefused",
    "AlarmClock",
    "AsyncResolver",
    "BaseConnector",
    "Body",
    "BodyTooLarge",
    "BodyWriter",
    "CachingResolver",
    "CertificateRejected",
    "ClientCertificate",
    "Closing",
    "ConnectAttempt",
    "ConnectFailed",
    "ConnectObserver",
    "ConnectTimeout",
    "ConnectorClosed",
    "ConnectorError",
    "Deadline",
    "DefaultResolver",
    "DnsTimeout",
    "Exchange",
    "ExchangeClosed",
    "ExchangeOptions",
    "Explanation",
    "Fingerprint",
    "FingerprintMismatch",
    "FirstByteTimeout",
    "Http1Connection",
    "InvalidProxy",
    "LeaseTimeout",
    "NamedPipeConnector",
    "OriginStatistics",
    "ParserFactory",
    "PhaseTimeout",
    "PoolStatistics",
    "PoolTimeout",
    "Proxy",
    "ProxyEnvironment",
    "ProxyFailed",
    "ProxyRefused",
    "ProxyTimeout",
    "ReadTimeout",
    "ReadingSource",
    "Request",
    "ResolveResult",
    "Resolver",
    "Route",
    "SendTimeout",
    "ServerDisconnected",
    "SocketFactoryType",
    "SocksRefused",
    "StaticResolver",
    "StreamReader",
    "TCPConnector",
    "TcpTimeout",
    "ThreadedResolver",
    "Timeouts",
    "TlsFailed",
    "TlsOption",
    "TlsPolicy",
    "TlsTimeout",
    "Transports",
    "TrustStore",
    "UnaskedUpgrade",
    "UnixConnector",
    "UnsupportedProxy",
    "UnusableTls",
    "UnverifiedTlsWarning",
    "WireParser",
    "__version__",
    "attempts_before",
    "birthplace",
    "end_forgotten",
    "public_addresses_only",
    "tls_policy",
]


if not TYPE_CHECKING:  # a type checker is to know names from typing errors

    def __getattr__(name: str) -> object:
        """Import what few programs need when it is first asked for."""
        if name in ("Explanation", "ProxyEnvironment"):
            return getattr(import_module("whimbrel_connector.environment"), name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
