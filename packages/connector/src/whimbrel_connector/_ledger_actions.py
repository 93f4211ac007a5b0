"""What a pool's ledger answers: what is to be done, and how much there is."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Action", "Close", "Count", "Grant", "Open"]

Connection = TypeVar("Connection", bound=Hashable)
Ticket = TypeVar("Ticket", bound=Hashable)


@dataclass(slots=True)
class Grant(Generic[Ticket, Connection]):
    """Give this idle connection to this request."""

    ticket: Ticket
    connection: Connection


@dataclass(slots=True)
class Open(Generic[Ticket]):
    """Let this request open a connection; its place is counted from now on."""

    ticket: Ticket


@dataclass(slots=True)
class Close(Generic[Connection]):
    """Close this idle connection, and say `gone` when it has."""

    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What there is of one route.

    Attributes:
        open: Connections that are leased, idle, being opened or closing.
        idle: Connections that wait for a request.
        waiting: Requests that wait for a connection.
    """

    open: int
    idle: int
    waiting: int


Action = Grant[Ticket, Connection] | Open[Ticket] | Close[Connection]
