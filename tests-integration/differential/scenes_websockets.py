"""WebSockets: the handshake, what comes, what is sent, and how they end."""

import base64
import hashlib
from typing import Any

from differential.calls import Play
from differential.origin import Answered, Close, Echo, Heard, text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]


def _switch(heard: Heard, *fields: str, key: str | None = None) -> bytes:
    secret = (heard.get("sec-websocket-key") if key is None else key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    proof = base64.b64encode(hashlib.sha1(secret.encode()).digest()).decode()
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {proof}",
        *fields,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


CLOSING = b"\x88\x02\x03\xe8"


def _ws(**options: Any) -> Any:
    async def play(stage: Stage) -> None:
        async with stage.session.ws_connect(stage.at("/"), **options) as socket:
            stage.note("protocol", socket.protocol)
            messages = []
            while True:
                message = await socket.receive()
                messages.append(
                    (message.type.name, message.data if message.type.name != "ERROR" else None, message.extra)
                )
                if message.type.name in ("CLOSE", "CLOSED", "ERROR"):
                    break
            stage.note("messages", messages)
        stage.note("closed", (socket.closed, socket.close_code))

    return play


WEBSOCKETS = [
    Scene(
        "websocket",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard) + b"\x81\x02hi\x82\x01\x00" + CLOSING)},
    ),
    Scene(
        "websocket with protocols",
        _ws(protocols=("chat", "bird")),
        {"*": lambda heard: Answered(_switch(heard, "Sec-WebSocket-Protocol: bird") + CLOSING)},
    ),
    Scene(
        "websocket with a protocol nobody asked for",
        _ws(protocols=("chat",)),
        {"*": lambda heard: Answered(_switch(heard, "Sec-WebSocket-Protocol: bird") + CLOSING)},
    ),
    Scene(
        "websocket with an origin and headers",
        _ws(origin="http://shore.example", headers={"X-A": "1"}),
        {"*": lambda heard: Answered(_switch(heard) + CLOSING)},
    ),
    Scene(
        "websocket with compression offered",
        _ws(compress=15),
        {"*": lambda heard: Answered(_switch(heard) + CLOSING)},
    ),
    Scene(
        "websocket closed with a reason",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard) + b"\x88\x06\x0b\xb9bye!")},
    ),
    Scene(
        "websocket closed without a code", _ws(), {"*": lambda heard: Answered(_switch(heard) + b"\x88\x00")}
    ),
    Scene("websocket cut", _ws(), {"*": lambda heard: Close(_switch(heard) + b"\x81\x02hi")}),
    Scene(
        "websocket with a masked frame",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard) + b"\x81\x82abcd\x09\x0b" + CLOSING)},
    ),
    Scene(
        "websocket with a reserved bit",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard) + b"\xc1\x02hi" + CLOSING)},
    ),
    Scene(
        "websocket with text that is none",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard) + b"\x81\x01\xff" + CLOSING)},
    ),
    Scene(
        "websocket with a message too large",
        _ws(max_msg_size=3),
        {"*": lambda heard: Answered(_switch(heard) + b"\x81\x04four" + CLOSING)},
    ),
    Scene(
        "websocket with a ping seen",
        _ws(autoping=False),
        {"*": lambda heard: Answered(_switch(heard) + b"\x89\x01?" + CLOSING)},
    ),
    Scene("websocket handshake: status 200", _ws(), text("no")),
    Scene("websocket handshake: status 404", _ws(), text("no", status="404 Not Found")),
    Scene("websocket handshake: wrong key", _ws(), {"*": lambda heard: Answered(_switch(heard, key="x"))}),
    Scene(
        "websocket handshake: no upgrade",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard).replace(b"Upgrade: websocket\r\n", b""))},
    ),
    Scene(
        "websocket handshake: wrong upgrade",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard).replace(b"websocket", b"other"))},
    ),
    Scene(
        "websocket handshake: no connection",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard).replace(b"Connection: Upgrade\r\n", b""))},
    ),
    Scene(
        "websocket handshake: an extension nobody asked for",
        _ws(),
        {"*": lambda heard: Answered(_switch(heard, "Sec-WebSocket-Extensions: x-odd") + CLOSING)},
    ),
    Scene("websocket handshake: hung up", _ws(), Close()),
    Scene(
        "websocket handshake: redirected",
        _ws(),
        {
            "/": text("", "Location: /to", status="302 Found"),
            "/to": lambda heard: Answered(_switch(heard) + CLOSING),
        },
    ),
]


def _talk(*steps: tuple[str, Any], **options: Any) -> Play:
    """Return a play that opens a WebSocket and calls its methods by name, noting what each returns."""

    async def play(stage: Stage) -> None:
        socket = await stage.session.ws_connect(stage.at("/"), **options)
        for number, (method, arguments) in enumerate(steps):
            await stage.attempt(f"{number} {method}", _shown(getattr(socket, method)(*arguments)))
        stage.note("closed", (socket.closed, socket.close_code))
        if not socket.closed:
            await socket.close()

    return play


async def _shown(doing: Any) -> object:
    result = await doing
    kind = getattr(result, "type", None)
    return result if kind is None else (kind.name, result.data, result.extra)


async def _loops(stage: Stage) -> None:
    async with stage.session.ws_connect(stage.at("/")) as socket:
        for word in ("one", "two"):
            await socket.send_str(word)
        messages = []
        async for message in socket:
            messages.append(message.data)
            if len(messages) == 2:
                await socket.close(code=4000, message=b"enough")
        stage.note("messages", messages)
        stage.note("closed", (socket.closed, socket.close_code, socket.exception()))


async def _facts(stage: Stage) -> None:
    async with stage.session.ws_connect(stage.at("/")) as socket:
        stage.note(
            "facts",
            (socket.closed, socket.close_code, socket.protocol, socket.compress, socket.client_notakeover),
        )
        stage.note("peername", socket.get_extra_info("peername")[0])


ECHO = {"*": lambda heard: Echo(_switch(heard))}

TALKS = [
    Scene("talk: text", _talk(("send_str", ["hi"]), ("receive", [])), ECHO),
    Scene("talk: text in another script", _talk(("send_str", ["птица"]), ("receive_str", [])), ECHO),
    Scene("talk: bytes", _talk(("send_bytes", [b"\x00\xff"]), ("receive_bytes", [])), ECHO),
    Scene("talk: json", _talk(("send_json", [{"a": 1}]), ("receive_json", [])), ECHO),
    Scene(
        "talk: empty messages",
        _talk(("send_str", [""]), ("receive", []), ("send_bytes", [b""]), ("receive", [])),
        ECHO,
    ),
    Scene("talk: large", _talk(("send_bytes", [bytes(70_000)]), ("receive_bytes", [])), ECHO),
    Scene("talk: a str as bytes", _talk(("send_bytes", ["x"])), ECHO),
    Scene("talk: bytes as a str", _talk(("send_str", [b"x"])), ECHO),
    Scene("talk: bytes received as a str", _talk(("send_bytes", [b"x"]), ("receive_str", [])), ECHO),
    Scene("talk: a str received as bytes", _talk(("send_str", ["x"]), ("receive_bytes", [])), ECHO),
    Scene("talk: json that is none", _talk(("send_str", ["{"]), ("receive_json", [])), ECHO),
    Scene(
        "talk: ping and pong",
        _talk(("ping", [b"?"]), ("pong", [b"!"]), ("send_str", ["x"]), ("receive", [])),
        ECHO,
    ),
    Scene("talk: ping and pong seen", _talk(("ping", [b"?"]), ("receive", []), autoping=False), ECHO),
    Scene(
        "talk: close",
        _talk(("close", []), ("close", []), ("receive", []), ("send_str", ["late"]), ("ping", [])),
        ECHO,
    ),
    Scene("talk: close with a reason", _talk(("send_str", ["x"]), ("close", [])), ECHO),
    Scene("talk: receive in vain", _talk(("receive", [0.05])), ECHO),
    Scene("talk: receive in vain, by the session", _talk(("receive", []), receive_timeout=0.05), ECHO),
    Scene("talk: in a loop", _loops, ECHO),
    Scene("talk: facts", _facts, ECHO),
]

SCENES = [*WEBSOCKETS, *TALKS]
