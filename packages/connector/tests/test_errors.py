"""Errors: their sentences, their facts, and that both survive pickling."""

from __future__ import annotations

import pickle

import pytest

from whimbrel_connector import (
    AddressNotFound,
    AddressRefused,
    CertificateRejected,
    ConnectAttempt,
    ConnectFailed,
    ConnectorClosed,
    ConnectorError,
    ConnectTimeout,
    DnsTimeout,
    ExchangeClosed,
    FingerprintMismatch,
    FirstByteTimeout,
    LeaseTimeout,
    PhaseTimeout,
    PoolTimeout,
    ProxyFailed,
    ProxyRefused,
    ProxyTimeout,
    ReadTimeout,
    SendTimeout,
    ServerDisconnected,
    SocksRefused,
    TcpTimeout,
    TlsFailed,
    TlsTimeout,
    UnaskedUpgrade,
    UnsupportedProxy,
    UnusableTls,
)

ERRORS: list[tuple[ConnectorError, str]] = [
    (ConnectorClosed(), "the connector is closed"),
    (
        ConnectFailed("shore.example", 80, "connection refused", 111),
        "cannot connect to shore.example:80: connection refused",
    ),
    (ConnectFailed("/run/x.sock", None, "no such file"), "cannot connect to /run/x.sock: no such file"),
    (AddressNotFound("shore.example", 80, "unknown", -2), "cannot resolve shore.example:80: unknown"),
    (ConnectFailed("\0shore", None, "refused"), "cannot connect to @shore: refused"),
    (
        ConnectFailed("shore.example", 80, "a; b", attempts=[ConnectAttempt("::1", 80, "refused", 111)]),
        "cannot connect to shore.example:80: a; b",
    ),
    (
        AddressRefused("shore.example", 80, [ConnectAttempt("::1", 80, "refused: loopback")]),
        "cannot connect to shore.example:80: the address filter allows no address of it: ::1: refused: loopback",
    ),
    (TlsFailed("shore.example", 443, "eof"), "cannot agree on TLS with shore.example:443: eof"),
    (
        CertificateRejected("shore.example", 443, "expired", 1),
        "cannot agree on TLS with shore.example:443: expired",
    ),
    (
        FingerprintMismatch(b"\1", b"\2", "shore.example", 443),
        "shore.example:443 shows a certificate with the fingerprint 02, not 01",
    ),
    (
        ServerDisconnected("shore.example", 80, reused=True, received_bytes=3),
        "shore.example:80 closed a reused connection after 3 bytes of a response",
    ),
    (
        ServerDisconnected("/run/x.sock", None, reused=False, received_bytes=0),
        "/run/x.sock closed the connection after 0 bytes of a response",
    ),
    (ExchangeClosed("the exchange was closed"), "the exchange was closed"),
    (
        UnaskedUpgrade("shore.example", 80),
        "shore.example:80 switched protocols unasked (RFC 9110 section 15.2.2)",
    ),
    (
        ProxyFailed("proxy.example", 3128, "refused", 111, is_tls=True),
        "cannot go through the proxy proxy.example:3128: refused",
    ),
    (
        ProxyRefused("proxy.example", 3128, 407, "Who?\x1b", ((b"A", b"b"),), b"body"),
        "the proxy proxy.example:3128 refused the tunnel: 407 'Who?\\x1b'",
    ),
    (
        CertificateRejected("shore.example", 443, "it has expired", 1, "the context given"),
        "cannot agree on TLS with shore.example:443: it has expired; trusted is the context given",
    ),
    (UnusableTls("SSLKEYLOGFILE", "no such folder"), "SSLKEYLOGFILE cannot be used: no such folder"),
    (
        SocksRefused("proxy.example", 1080, "Host unreachable", "shore.example:80", 4),
        "the proxy proxy.example:1080 does not connect to shore.example:80: Host unreachable (reply 4)",
    ),
    (
        UnsupportedProxy("ftp"),
        "the ftp proxy cannot be used: its URL begins with none of http, https, socks4, socks4a, socks5, socks5h",
    ),
    (
        LeaseTimeout(0.5, 0.50049),
        "waiting for the pool and connecting took longer than 0.5 s: given up after 0.500 s",
    ),
    (PoolTimeout(0.5, 1), "waiting for the pool took longer than 0.5 s: given up after 1.000 s"),
    (ConnectTimeout(30, 30.1), "connecting took longer than 30 s: given up after 30.100 s"),
    (DnsTimeout(1, 2), "the address lookup took longer than 1 s: given up after 2.000 s"),
    (TcpTimeout(1, 2), "the TCP connection took longer than 1 s: given up after 2.000 s"),
    (TlsTimeout(1, 2), "the TLS handshake took longer than 1 s: given up after 2.000 s"),
    (ProxyTimeout(1, 2), "getting through the proxy took longer than 1 s: given up after 2.000 s"),
    (
        SendTimeout(1, 2),
        "waiting for the peer to take more of the request took longer than 1 s: given up after 2.000 s",
    ),
    (
        FirstByteTimeout(1, 2),
        "waiting for the head of the response took longer than 1 s: given up after 2.000 s",
    ),
    (
        ReadTimeout(5.0, 5.25),
        "waiting for the next bytes of the response took longer than 5 s: given up after 5.250 s",
    ),
]


@pytest.mark.parametrize(("error", "sentence"), ERRORS, ids=[type(error).__name__ for error, _ in ERRORS])
def test_each_error_says_what_and_where_and_survives_pickling(error: ConnectorError, sentence: str) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(error) == str(copy) == sentence
    assert vars(copy) == vars(error)
    assert getattr(copy, "errno", None) == getattr(error, "errno", None)


def test_errors_are_what_python_calls_them_too() -> None:
    assert issubclass(ConnectFailed, OSError)
    assert issubclass(ServerDisconnected, ConnectionError)
    assert issubclass(ExchangeClosed, ConnectionError)
    assert issubclass(PoolTimeout, TimeoutError)
    assert issubclass(ConnectorClosed, RuntimeError)


def test_an_oserror_has_the_number_and_the_words_where_they_belong() -> None:
    error = ConnectFailed("shore.example", 80, "connection refused", 111)
    assert (error.errno, error.strerror, error.filename) == (111, "connection refused", None)
    gone = ServerDisconnected("shore.example", 80, reused=True, received_bytes=3)
    assert (gone.errno, gone.strerror) == (None, None)


def test_each_phase_has_a_name_of_its_own() -> None:
    phases = [error for error, _ in ERRORS if isinstance(error, PhaseTimeout)]
    assert len({error.phase for error in phases}) == len(phases) == 10
    assert all(error.limit < error.elapsed for error in phases)
