"""Whether a request that met a stale connection may be sent again (RFC 9112 section 9.3.1)."""

from whimbrel_connector import ServerDisconnected

__all__ = ["may_repeat"]

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


def may_repeat(fault: Exception, method: str) -> bool:
    """Tell whether the failure was the connection's age and the request can do no harm twice.

    The peer has closed a connection that had served before, without a byte of an answer, and the
    method is idempotent (RFC 9110 section 9.2.2). A body must besides be rewound by the caller, and the
    connection be a fresh one: they grow stale together, when a server that restarts closes all that are idle.
    """
    is_stale = isinstance(fault, ServerDisconnected) and fault.reused and not fault.received_bytes
    return is_stale and method in _IDEMPOTENT
