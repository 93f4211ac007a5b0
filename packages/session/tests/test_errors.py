"""The documented errors: ancestry, attributes, words, pickling; and the table that leads to them."""

import asyncio
import pickle
import ssl

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import whimbrel
from whimbrel import RequestInfo
from whimbrel._translation import translate_body_fault, translate_fault
from whimbrel.client_exceptions import ConnectionKey
from whimbrel_connector import (
    AddressNotFound,
    CertificateRejected,
    ConnectFailed,
    ConnectorClosed,
    ConnectTimeout,
    DnsTimeout,
    Fingerprint,
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
    UnsupportedProxy,
    UnusableTls,
)
from whimbrel_http1 import MalformedMessage, TruncatedMessage

INFO = RequestInfo(URL("https://shore.example/"), "GET", CIMultiDictProxy(CIMultiDict({"A": "b"})))
KEY = ConnectionKey("shore.example", 443, is_ssl=True)
PIN = Fingerprint(bytes(32))
CONTEXT = ssl.create_default_context()

ANCESTRY = [
    (whimbrel.ClientConnectorError, (whimbrel.ClientOSError, OSError)),
    (whimbrel.ClientConnectorDNSError, (whimbrel.ClientConnectorError,)),
    (whimbrel.ClientSSLError, (whimbrel.ClientConnectorError,)),
    (whimbrel.ClientConnectorSSLError, (whimbrel.ClientSSLError, ssl.SSLError)),
    (whimbrel.ClientConnectorCertificateError, (whimbrel.ClientConnectorSSLError, ssl.CertificateError)),
    (whimbrel.ServerTimeoutError, (whimbrel.ServerConnectionError, asyncio.TimeoutError)),
    (whimbrel.RequestTimeoutError, (whimbrel.ServerTimeoutError,)),
    (whimbrel.InvalidURL, (whimbrel.ClientError, ValueError)),
    (whimbrel.StreamConsumedError, (whimbrel.ClientError, RuntimeError)),
    (whimbrel.TooManyRedirects, (whimbrel.ClientResponseError,)),
]


@pytest.mark.parametrize(("error", "bases"), ANCESTRY, ids=lambda value: getattr(value, "__name__", ""))
def test_errors_have_the_documented_bases(error: type[Exception], bases: tuple[type[Exception], ...]) -> None:
    assert issubclass(error, (whimbrel.ClientError, *bases))
    assert all(issubclass(error, base) for base in bases)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            whimbrel.ClientConnectorError(KEY, OSError(111, "refused")),
            "Cannot connect to host shore.example:443 ssl:default [refused]",
        ),
        (
            whimbrel.ClientConnectorError(KEY, ConnectionResetError()),
            "Cannot connect to host shore.example:443 ssl:default [ConnectionResetError]",
        ),
        (
            whimbrel.ClientConnectorDNSError(
                ConnectionKey("h", 80, False, False), ConnectFailed("h", 80, "unknown")
            ),
            "Cannot connect to host h:80 ssl:False [unknown]",
        ),
        (
            whimbrel.UnixClientConnectorError("/run/x", KEY, OSError(2, "missing")),
            "Cannot connect to unix socket /run/x ssl:default [missing]",
        ),
        (
            whimbrel.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError(1, "expired")),
            "Cannot connect to host shore.example:443 ssl:True [SSLCertVerificationError: (1, 'expired')]",
        ),
        (
            whimbrel.ClientConnectorCertificateError(KEY, ValueError("odd")),
            "Cannot connect to host shore.example:443 ssl:True [ValueError: ('odd',)]",
        ),
        (whimbrel.InvalidURL("http://", "no host"), "http:// - no host"),
        (whimbrel.ServerDisconnectedError(), "Server disconnected"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_errors_speak_as_those_of_aiohttp(error: Exception, words: str) -> None:
    """Libraries look for these words."""
    assert str(error) == words


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        (None, True),
        (TlsPolicy(verify=False), False),
        (TlsPolicy(verify=True), True),
        (TlsPolicy(fingerprint=PIN), PIN),
        (TlsPolicy(context=CONTEXT), CONTEXT),
    ],
)
def test_a_connector_error_tells_what_the_request_said_of_tls(tls: TlsPolicy | None, said: object) -> None:
    error = translate_fault(ConnectFailed("h", 443, "refused", 111), INFO, tls)
    assert isinstance(error, whimbrel.ClientConnectorError)
    assert error.ssl is said


def test_a_timeout_of_connecting_begins_as_libraries_expect() -> None:
    error = translate_fault(ConnectTimeout(2, 3), INFO)
    assert str(error).startswith("Connection timeout to host https://shore.example/: ")


def test_the_guides_name_for_a_wrong_fingerprint_is_the_same_class() -> None:
    assert whimbrel.FingerprintMismatch is whimbrel.ServerFingerprintMismatch


@pytest.mark.parametrize(
    ("fault", "expected", "words"),
    [
        (ConnectFailed("h", 80, "refused", 111), whimbrel.ClientConnectorError, "h:80"),
        (AddressNotFound("h", 80, "unknown"), whimbrel.ClientConnectorDNSError, "h:80"),
        (TlsFailed("h", 443, "no shared cipher"), whimbrel.ClientConnectorSSLError, "h:443"),
        (CertificateRejected("h", 443, "expired"), whimbrel.ClientConnectorCertificateError, "expired"),
        (
            CertificateRejected("h", 443, "expired", None, "certifi 2026"),
            whimbrel.ClientConnectorCertificateError,
            "; trusted is certifi 2026",
        ),
        (UnusableTls("trust", "no truststore"), whimbrel.ClientConnectorSSLError, "no truststore"),
        (ConnectFailed("/run/x", None, "missing", 2), whimbrel.UnixClientConnectorError, "/run/x"),
        (ProxyFailed("p", 3128, "refused", 111), whimbrel.ClientProxyConnectionError, "p:3128"),
        (ProxyRefused("p", 3128, 407, "Who?"), whimbrel.ClientHttpProxyError, "407, message='Who?'"),
        (InvalidProxy("http_proxy", "x", "no host"), whimbrel.InvalidUrlClientError, "http_proxy"),
        (UnsupportedProxy("ftp"), whimbrel.InvalidUrlClientError, "begins with none"),
        (FingerprintMismatch(b"a", b"b", "h", 443), whimbrel.ServerFingerprintMismatch, "h:443"),
        (
            ServerDisconnected("h", 80, reused=False, received_bytes=0),
            whimbrel.ServerDisconnectedError,
            "h:80",
        ),
        (LeaseTimeout(1.5, 1.6), whimbrel.LeaseTimeoutError, "1.5 s"),
        (PoolTimeout(1.5, 1.6), whimbrel.PoolTimeoutError, "1.5 s"),
        (ConnectTimeout(2, 3), whimbrel.ConnectionTimeoutError, "2 s"),
        (DnsTimeout(2, 3), whimbrel.DNSTimeoutError, "2 s"),
        (TcpTimeout(2, 3), whimbrel.TCPTimeoutError, "2 s"),
        (TlsTimeout(2, 3), whimbrel.TLSTimeoutError, "2 s"),
        (ProxyTimeout(2, 3), whimbrel.ProxyTimeoutError, "2 s"),
        (SendTimeout(2, 3), whimbrel.SendTimeoutError, "on sending"),
        (FirstByteTimeout(2, 3), whimbrel.FirstByteTimeoutError, "2 s"),
        (ReadTimeout(3, 4), whimbrel.SocketTimeoutError, "3 s"),
        (ConnectorClosed(), whimbrel.ClientConnectionError, "closed"),
        (ConnectionResetError(104, "reset"), whimbrel.ClientOSError, "reset"),
        (
            MalformedMessage("bad status line", offset=3, rule="RFC 9112 4"),
            whimbrel.ClientResponseError,
            "bad status line",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_faults_of_the_parts_become_documented_errors(
    fault: Exception, expected: type[Exception], words: str
) -> None:
    error = translate_fault(fault, INFO)
    assert type(error) is expected
    assert words in str(error)


TIMEOUTS = [kind for kind in PhaseTimeout.__subclasses__() if kind.__module__.startswith("whimbrel_")]


@pytest.mark.parametrize("phase", TIMEOUTS, ids=lambda kind: kind.phase)
def test_what_took_too_long_is_told_in_documented_terms(phase: type[PhaseTimeout]) -> None:
    fault = phase(2.0, 2.5)
    error = translate_fault(fault, INFO)
    assert isinstance(error, whimbrel.ServerTimeoutError)
    assert isinstance(error, asyncio.TimeoutError)
    is_read = phase.phase in {"send", "first byte", "read"}
    assert isinstance(error, whimbrel.SocketTimeoutError if is_read else whimbrel.ConnectionTimeoutError)
    assert str(error).lower().startswith("connect") != is_read  # by this aiobotocore tells them apart
    copy = pickle.loads(pickle.dumps(error))
    for one in (error, copy):
        assert (one.phase, one.limit, one.elapsed) == (phase.phase, 2.0, 2.5)
    assert str(copy) == str(error)


def test_a_timeout_error_can_be_made_by_others() -> None:
    error = whimbrel.SocketTimeoutError("mine")
    assert (str(error), error.limit, error.elapsed) == ("mine", None, None)


def test_a_socket_that_is_not_there_is_named_with_the_host_that_was_asked() -> None:
    error = translate_fault(ConnectFailed("/run/x", None, "missing", 2), INFO)
    assert isinstance(error, whimbrel.UnixClientConnectorError)
    assert (error.path, error.host, error.port) == ("/run/x", "shore.example", 443)


def test_a_reset_is_the_systems_error_and_the_servers() -> None:
    fault = ServerDisconnected("h", 80, reused=False, received_bytes=0)
    fault.__cause__ = ConnectionResetError(104, "reset by peer")
    error = translate_fault(fault, INFO)
    assert isinstance(error, whimbrel.ClientOSError)
    assert isinstance(error, whimbrel.ServerDisconnectedError)
    assert (error.errno, error.message in str(error), "h:80" in error.message) == (104, True, True)


def test_other_faults_pass_untouched() -> None:
    fault = ZeroDivisionError()
    assert translate_fault(fault, INFO) is fault


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (TruncatedMessage(received=3, expected=10), whimbrel.ClientPayloadError),
        (ServerDisconnected("h", 80, reused=True, received_bytes=9), whimbrel.ClientPayloadError),
        (ReadTimeout(3, 4), whimbrel.SocketTimeoutError),
    ],
)
def test_faults_in_a_body_are_told_apart(fault: Exception, expected: type[Exception]) -> None:
    error = translate_body_fault(fault)
    assert type(error) is expected
    assert error.__cause__ is fault


@pytest.mark.parametrize(
    "error",
    [
        whimbrel.ClientResponseError(INFO, (), status=404, message="Not Found", headers={"A": "b"}),
        whimbrel.TooManyRedirects(INFO, (), status=302),
        whimbrel.ClientConnectorError(KEY, OSError(111, "refused")),
        whimbrel.ClientConnectorCertificateError(KEY, ssl.SSLCertVerificationError(1, "expired")),
        whimbrel.UnixClientConnectorError("/run/x", KEY, OSError(2, "missing")),
        whimbrel.ServerDisconnectedError(),
        whimbrel.ServerResetError(104, "reset"),
        whimbrel.ServerFingerprintMismatch(b"a", b"b", "shore.example", 443),
        whimbrel.InvalidURL("http://", "no host"),
        whimbrel.RequestTimeoutError("too late"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_survive_pickling(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_a_response_error_says_what_and_where() -> None:
    error = whimbrel.ClientResponseError(INFO, (), status=404, message="Not Found")
    assert str(error) == "404, message='Not Found', url='https://shore.example/'"
    assert error.code == error.status == 404
    assert error.request_info is INFO


def test_the_earlier_spelling_of_status_is_accepted() -> None:
    assert whimbrel.ClientResponseError(INFO, (), code=500).status == 500
    with pytest.raises(ValueError, match="code"):
        whimbrel.ClientResponseError(INFO, (), code=500, status=500)


def test_a_connector_error_carries_its_facts() -> None:
    cause = ssl.SSLCertVerificationError(1, "expired")
    error = whimbrel.ClientConnectorCertificateError(KEY, cause)
    assert (error.host, error.port, error.ssl) == ("shore.example", 443, True)
    assert error.certificate_error is error.os_error is cause
    assert "shore.example:443" in str(error)
