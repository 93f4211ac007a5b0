"""What a phase of a request raises that took longer than its limit: one class for each phase."""

from whimbrel_connector.errors import ConnectAttempt, ConnectorError

__all__ = [
    "ConnectTimeout",
    "DiallingInterrupted",
    "DnsTimeout",
    "FirstByteTimeout",
    "LeaseTimeout",
    "PhaseTimeout",
    "PoolTimeout",
    "ProxyTimeout",
    "ReadTimeout",
    "SendTimeout",
    "TcpTimeout",
    "TlsTimeout",
    "attempts_before",
]


class PhaseTimeout(ConnectorError, TimeoutError):
    """One phase of a request took longer than its limit.

    Attributes:
        phase: The phase, in one word or two, the same for each class.
        limit: The seconds that were allowed.
        elapsed: The seconds it had taken when it was given up.
        attempts: Where it was TCP that took so long, each address that had failed, been refused, or not
            answered yet; for a lease too.
    """

    phase = "request"
    _doing = "the request"

    def __init__(self, limit: float, elapsed: float) -> None:
        super().__init__()  # an OSError would take them for a number and a text
        self.limit, self.elapsed = limit, elapsed
        self.attempts: tuple[ConnectAttempt, ...] = ()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the facts."""
        return type(self), (self.limit, self.elapsed), {"attempts": self.attempts}

    def __str__(self) -> str:
        said = f"{self._doing} took longer than {self.limit:g} s: given up after {self.elapsed:.3f} s"
        return f"{said} ({'; '.join(map(str, self.attempts))})" if self.attempts else said


class LeaseTimeout(PhaseTimeout):
    """No connection came free, nor could one be opened, in time."""

    phase = "lease"
    _doing = "waiting for the pool and connecting"


class PoolTimeout(PhaseTimeout):
    """No place in the pool came free in time."""

    phase = "pool"
    _doing = "waiting for the pool"


class ConnectTimeout(PhaseTimeout):
    """Getting there took too long: address lookup, TCP, the proxy and TLS together."""

    phase = "connect"
    _doing = "connecting"


class DnsTimeout(PhaseTimeout):
    """The address lookup took too long."""

    phase = "dns"
    _doing = "the address lookup"


class TcpTimeout(PhaseTimeout):
    """No address accepted a connection in time."""

    phase = "tcp"
    _doing = "the TCP connection"


class TlsTimeout(PhaseTimeout):
    """The TLS handshake took too long."""

    phase = "tls"
    _doing = "the TLS handshake"


class ProxyTimeout(PhaseTimeout):
    """The proxy was not reached, or did not answer, in time."""

    phase = "proxy"
    _doing = "getting through the proxy"


class SendTimeout(PhaseTimeout):
    """The peer took nothing of the request for too long."""

    phase = "send"
    _doing = "waiting for the peer to take more of the request"


class FirstByteTimeout(PhaseTimeout):
    """The peer was silent for too long before the head of the response had come."""

    phase = "first byte"
    _doing = "waiting for the head of the response"


class ReadTimeout(PhaseTimeout):
    """The peer sent nothing for too long."""

    phase = "read"
    _doing = "waiting for the next bytes of the response"


class DiallingInterrupted(Exception):
    """What a dialling had tried when it was cancelled: the cause of the CancelledError that it ends with.

    That itself is of no class of ours: asyncio's own limits heed none but the plain one.

    Attributes:
        attempts: Each address that had failed, been refused, or not answered yet.
    """

    def __init__(self, attempts: tuple[ConnectAttempt, ...]) -> None:
        super().__init__(attempts)
        self.attempts = attempts

    def __str__(self) -> str:
        return "cancelled while connecting; tried " + ", ".join(map(str, self.attempts))


def attempts_before(fault: BaseException | None) -> tuple[ConnectAttempt, ...]:
    """Return the attempts of the dialling that was cancelled on the way to `fault`, if there was one."""
    while fault is not None:
        if isinstance(fault, DiallingInterrupted):
            return fault.attempts
        # Python 3.10 makes a cancellation anew, in the context of the old one, for who waited.
        fault = fault.__cause__ or fault.__context__
    return ()
