"""The opening handshake as pure decisions (RFC 6455 section 4.1).

`Handshake.headers` is what a GET request must add; `Handshake.accept` judges the response and
returns the `Agreement`. Whoever sends and receives them is not asked.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from whimbrel_http1 import is_token, split_list
from whimbrel_websocket.deflate import DeflateOffer, DeflateParameters, ExtensionRefused, agree
from whimbrel_websocket.errors import HandshakeError, NotAllowed, excerpt

__all__ = ["Agreement", "Handshake"]

RawHeaders = Sequence[tuple[bytes, bytes]]

_KEY_BYTES: Final = 16
_KEY_SUFFIX: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Agreement:
    """What client and server agreed on.

    Attributes:
        subprotocol: One of those asked for, or None.
        deflate: The parameters of compression, or None when messages travel as they are.
    """

    subprotocol: str | None = None
    deflate: DeflateParameters | None = None


class Handshake:
    """One attempt to open a WebSocket, with a key of its own.

    Args:
        protocols: Subprotocols in order of preference (Sec-WebSocket-Protocol).
        compress: 0 for no compression, 9 to 15 for the largest window in bits, or a `DeflateOffer`.
        origin: The value of Origin, which only browsers must send.

    Raises:
        NotAllowed: A subprotocol is not a token or is named twice, or the window is out of range.

    >>> dict(Handshake(protocols=["chat"]).headers)["Sec-WebSocket-Protocol"]
    'chat'
    """

    def __init__(
        self,
        *,
        protocols: Iterable[str] = (),
        compress: int | DeflateOffer = 0,
        origin: str | None = None,
    ) -> None:
        self._protocols = _checked_protocols(protocols)
        self._offer = _as_offer(compress)
        self._origin = origin
        self._key = base64.b64encode(os.urandom(_KEY_BYTES))

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The fields that turn a GET request into a handshake, the same at each reading."""
        fields = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", self._key.decode()),
        ]
        if self._protocols:
            fields.append(("Sec-WebSocket-Protocol", ", ".join(self._protocols)))
        if self._offer is not None:
            fields.append(("Sec-WebSocket-Extensions", self._offer.field_value()))
        if self._origin is not None:
            fields.append(("Origin", self._origin))
        return tuple(fields)

    def accept(self, status: int, raw_headers: RawHeaders) -> Agreement:
        """Judge the server's response.

        Args:
            status: Its status code.
            raw_headers: Its fields in order; names in any case.

        Raises:
            HandshakeError: The server refused, or answered what was not asked. The error holds the
                field at fault and all fields received.
        """
        response = _Response(status, raw_headers)
        if status != 101:
            raise response.refusal("the server did not switch to WebSocket", expected="status 101")
        upgrade = response.only_value("Upgrade", expected="websocket")
        if upgrade.lower() != b"websocket":
            raise response.refusal("wrong protocol", "Upgrade", "websocket", upgrade)
        self._check_connection(response)
        self._check_key(response)
        return Agreement(
            subprotocol=self._agreed_protocol(response),
            deflate=self._agreed_deflate(response),
        )

    def _check_connection(self, response: "_Response") -> None:
        values = response.values("Connection")
        given = b", ".join(values) if values else None
        if given is None or b"upgrade" not in split_list(given.lower()):
            raise response.refusal("the connection is not upgraded", "Connection", "Upgrade", given)

    def _check_key(self, response: "_Response") -> None:
        expected = accept_value(self._key)
        given = response.only_value("Sec-WebSocket-Accept", expected=expected.decode())
        if not hmac.compare_digest(given, expected):
            raise response.refusal(
                "the server did not answer this handshake", "Sec-WebSocket-Accept", expected.decode(), given
            )

    def _agreed_protocol(self, response: "_Response") -> str | None:
        name = "Sec-WebSocket-Protocol"
        if not response.values(name):
            return None
        asked = ", ".join(self._protocols) or "no subprotocol"
        given = response.only_value(name, expected=asked)
        for protocol in self._protocols:
            if protocol.encode() == given:
                return protocol
        raise response.refusal("the subprotocol was not asked for", name, asked, given)

    def _agreed_deflate(self, response: "_Response") -> DeflateParameters | None:
        name = "Sec-WebSocket-Extensions"
        given = b", ".join(response.values(name))
        if not response.values(name):
            return None
        if self._offer is None:
            raise response.refusal("the extension was not asked for", name, "no extension", given)
        extensions = split_list(given)
        if len(extensions) != 1:
            raise response.refusal("one extension was offered", name, self._offer.field_value(), given)
        try:
            return agree(self._offer, extensions[0])
        except ExtensionRefused as fault:
            raise response.refusal(str(fault), name, self._offer.field_value(), given) from fault


class _Response:
    """The fields of one response, and how to refuse it."""

    def __init__(self, status: int, raw_headers: RawHeaders) -> None:
        self._status = status
        self._headers = raw_headers

    def values(self, name: str) -> list[bytes]:
        """Return the values of all fields with this name, in order."""
        wanted = name.lower().encode()
        return [value.strip(b" \t") for field, value in self._headers if field.lower() == wanted]

    def only_value(self, name: str, *, expected: str) -> bytes:
        """Return the value of a field that must stand exactly once."""
        values = self.values(name)
        if len(values) != 1:
            what = "a field is repeated" if values else "a field is missing"
            raise self.refusal(what, name, expected, b", ".join(values) if values else None)
        return values[0]

    def refusal(
        self,
        what: str,
        header: str | None = None,
        expected: str | None = None,
        got: bytes | None = None,
    ) -> HandshakeError:
        """Return the fault with all facts."""
        return HandshakeError(
            what,
            status=self._status,
            header=header,
            expected=expected,
            got=None if got is None else excerpt(got),
            headers=self._headers,
        )


def accept_value(key: bytes) -> bytes:
    """Return the Sec-WebSocket-Accept that proves a server read `key` (RFC 6455 section 4.2.2).

    >>> accept_value(b"dGhlIHNhbXBsZSBub25jZQ==")
    b's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    # SHA-1 is what the RFC asks for; nothing secret depends on it.
    digest = hashlib.sha1(key + _KEY_SUFFIX, usedforsecurity=False).digest()
    return base64.b64encode(digest)


def _checked_protocols(protocols: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(protocols)
    for protocol in checked:
        if not is_token(protocol):
            raise NotAllowed(f"subprotocol {protocol!r} is not a token", rule="RFC 6455 4.1")
    if len(set(checked)) != len(checked):
        raise NotAllowed("a subprotocol is named twice", rule="RFC 6455 4.1")
    return checked


def _as_offer(compress: int | DeflateOffer) -> DeflateOffer | None:
    if isinstance(compress, DeflateOffer):
        return compress
    return DeflateOffer(server_window_bits=compress, client_window_bits=compress) if compress else None
