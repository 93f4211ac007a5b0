"""What a pool's ledger answers: what is to be done, and how much there is."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Action", "Close", "Count", "Grant", "Open"]

Connection = TypeVar("Connection", bound=Hashable)
Ticket = TypeVar("Ticket", bound=Hashable)


# The three actions are compiled, and no dataclasses: one is made for each request that has waited.


class Grant(Generic[Ticket, Connection]):
    """Give this idle connection to this request."""

    __slots__ = ("connection", "ticket")

    def __init__(self, ticket: Ticket, connection: Connection) -> None:
        self.ticket = ticket
        self.connection = connection

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grant):
            return False
        return bool(self.ticket == other.ticket and self.connection == other.connection)

    def __hash__(self) -> int:
        return hash((Grant, self.ticket, self.connection))

    def __repr__(self) -> str:
        return f"Grant({self.ticket!r}, {self.connection!r})"


class Open(Generic[Ticket]):
    """Let this request open a connection; its place is counted from now on."""

    __slots__ = ("ticket",)

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Open) and bool(self.ticket == other.ticket)

    def __hash__(self) -> int:
        return hash((Open, self.ticket))

    def __repr__(self) -> str:
        return f"Open({self.ticket!r})"


class Close(Generic[Connection]):
    """Close this idle connection, and say `gone` when it has."""

    __slots__ = ("connection",)

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Close) and bool(self.connection == other.connection)

    def __hash__(self) -> int:
        return hash((Close, self.connection))

    def __repr__(self) -> str:
        return f"Close({self.connection!r})"


@dataclass(frozen=True, kw_only=True)
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
