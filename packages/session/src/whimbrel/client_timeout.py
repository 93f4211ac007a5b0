"""`ClientTimeout`: how long a request and its phases may take."""

from dataclasses import dataclass, replace

__all__ = ["DEFAULT_TIMEOUT", "ClientTimeout", "timeout_of", "with_earlier_spellings"]


@dataclass(frozen=True)
class ClientTimeout:
    """Limits in seconds; None or 0 means no limit.

    Attributes:
        total: The whole request: connecting, redirects, sending, and reading the body.
        connect: Waiting for the pool and connecting, together.
        sock_read: Silence between two arrivals of response bytes.
        sock_connect: Connecting alone: address lookup, TCP and TLS.
        ceil_threshold: Accepted for compatibility and not used: limits are not rounded.
    """

    total: float | None = None
    connect: float | None = None
    sock_read: float | None = None
    sock_connect: float | None = None
    ceil_threshold: float = 5


DEFAULT_TIMEOUT = ClientTimeout(total=300.0, sock_connect=30.0)


def timeout_of(given: object) -> ClientTimeout:
    """Return the limits that `given` means: a `ClientTimeout`, total seconds, or None or 0 for none.

    Raises:
        ValueError: It is none of these, or negative.
    """
    if isinstance(given, ClientTimeout):
        return given
    if given is None:
        return ClientTimeout()
    if isinstance(given, (int, float)) and not isinstance(given, bool) and given >= 0:
        return ClientTimeout(total=float(given) or None)
    msg = f"timeout is a ClientTimeout, seconds, or None, not {given!r}"
    raise ValueError(msg)


def with_earlier_spellings(
    timeout: ClientTimeout, read_timeout: float | None, conn_timeout: float | None
) -> ClientTimeout:
    """Return the limits with what aiohttp 2 called `read_timeout` and `conn_timeout` in their place.

    Raises:
        ValueError: One of them comes besides a `ClientTimeout` of the caller's.
    """
    if read_timeout is None and conn_timeout is None:
        return timeout
    if timeout is not DEFAULT_TIMEOUT:
        msg = "read_timeout and conn_timeout conflict with timeout, use ClientTimeout(total=, connect=)"
        raise ValueError(msg)
    return replace(
        timeout,
        total=timeout.total if read_timeout is None else read_timeout,
        connect=timeout.connect if conn_timeout is None else conn_timeout,
    )
