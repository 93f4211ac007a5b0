"""A site whose every answer carries the number of its request."""

import gzip

from peers.handshake import accept_websocket
from peers.scripted import Peer, response

__all__ = ["Site"]

_LARGE = 150_000
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Site:
    """What the server does, by the first segment of the target; the second is the number.

    Attributes:
        executed: The numbers of the requests that were executed and must not be twice.
    """

    def __init__(self) -> None:
        self.executed: list[str] = []

    async def script(self, peer: Peer) -> None:
        """Answer one request after another."""
        route = ""
        while True:
            method, target, fields = await _head(peer, after_refusal=route == "refuse")
            _, route, number, *_ = target.partition("?")[0].split("/")
            if not await self._answer(peer, method, route, number, fields):
                return

    async def _answer(self, peer: Peer, method: str, route: str, number: str, fields: dict[str, str]) -> bool:
        """Answer, and tell whether the connection lives on."""
        match route:
            case "echo" | "digest":
                await self._echo(peer, route, number, fields)
            case "expect":
                await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
                await self._echo(peer, route, number, fields)
            case "early":  # without a look at the rest of the body
                await peer.reader.read(10)
                await peer.send(response(number.encode(), "Connection: close"))
                await peer.until_gone()
                return False
            case "refuse":  # in the place of 100 Continue
                await peer.send(response(number.encode(), status="413 Content Too Large"))
            case "mute":
                await peer.until_gone()
                return False
            case "ws":
                await self._converse(peer, number, fields)
                return False
            case _:
                await peer.send(_plain_answer(route, number, method))
                return route not in {"stale", "close"}
        return True

    async def _echo(self, peer: Peer, route: str, number: str, fields: dict[str, str]) -> None:
        body = await _body(peer, fields)
        if route == "digest" and "authorization" not in fields:
            challenge = 'WWW-Authenticate: Digest realm="shore", nonce="abc", qop="auth", algorithm=SHA-256'
            await peer.send(response(b"who?", challenge, status="401 Unauthorized"))
            return
        self.executed.append(number)
        await peer.send(response(b"%b %d" % (number.encode(), len(body))))

    async def _converse(self, peer: Peer, number: str, fields: dict[str, str]) -> None:
        """Speak first, in the same breath as the handshake; send one message back; close."""
        await accept_websocket(peer, fields["sec-websocket-key"], _text(number.encode()))
        await peer.send(_text(await _frame(peer)))
        await _frame(peer)
        await peer.send(b"\x88\x02\x03\xe8")


def _plain_answer(route: str, number: str, method: str) -> bytes:
    body = number.encode()
    whole = response(body, f"X-Number: {number}")
    answers = {
        "chunked": _CHUNKED + b"".join(b"1\r\n%c\r\n" % octet for octet in body) + b"0\r\nA: b\r\n\r\n",
        "gzip": response(gzip.compress(body), "Content-Encoding: gzip"),
        "large": response(body + bytes(_LARGE)),
        "close": b"HTTP/1.1 200 OK\r\n\r\n" + body,
        "interim": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2 + whole,
        "empty": b"HTTP/1.1 204 No Content\r\nX-Number: %b\r\n\r\n" % body,
        "hop3": response(b"elsewhere", f"Location: /hop2/{number}", status="302 Found"),
        "hop2": response(b"elsewhere", f"Location: /hop1/{number}", status="307 Temporary Redirect"),
        "hop1": response(b"elsewhere", f"Location: /plain/{number}", status="303 See Other"),
    }
    return answers.get(route, whole[: -len(body)] if method == "HEAD" else whole)


def _text(payload: bytes) -> bytes:
    return bytes([0x81, len(payload)]) + payload


async def _frame(peer: Peer) -> bytes:
    """Read one short masked frame and return its payload (RFC 6455 section 5.2)."""
    head = await peer.reader.readexactly(2)
    mask = await peer.reader.readexactly(4)
    payload = await peer.reader.readexactly(head[1] & 0x7F)
    return bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))


async def _head(peer: Peer, *, after_refusal: bool) -> tuple[str, str, dict[str, str]]:
    lines = (await peer.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    if after_refusal and " " not in lines[0]:  # the chunks that went out unasked as the refusal came
        lines = (await peer.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    fields = {
        name.lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines[1:])
        if colon
    }
    return method, target, fields


async def _body(peer: Peer, fields: dict[str, str]) -> bytes:
    if "content-length" in fields:
        return await peer.reader.readexactly(int(fields["content-length"]))
    body = b""
    while fields.get("transfer-encoding") == "chunked":
        size = int(await peer.reader.readuntil(b"\r\n"), 16)
        body += (await peer.reader.readexactly(size + 2))[:-2]
        if not size:
            break
    return body
