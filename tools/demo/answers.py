"""What the demo server says: one function for each path, from a request to a response."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from whimbrel_http1 import RequestHead

__all__ = ["DOWNLOAD_BYTES", "Request", "Response", "answer"]

PIECE = bytes(range(256)) * 256
DOWNLOAD_BYTES = 128 * len(PIECE)


@dataclass(frozen=True)
class Request:
    """A whole request."""

    head: RequestHead
    body: bytes

    @property
    def path(self) -> str:
        """Its path, without the query."""
        return urlsplit(self.head.target).path

    def header(self, name: bytes) -> str:
        """Return the value of the field called `name`, or an empty string."""
        return (self.head.get(name) or b"").decode("latin-1")


@dataclass(frozen=True)
class Response:
    """A response; its pieces are sent one by one, and add up to `size` bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes] = ()
    size: int = 0


def answer(request: Request) -> Response:
    """Return the answer to `request`."""
    respond = ANSWERS.get(request.path)
    return _json({"no such page": request.path}, status=404) if respond is None else respond(request)


def _headers(request: Request) -> Response:
    seen = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.head.raw_headers}
    return _json({"method": request.head.method, "target": request.head.target, "headers": seen})


def _birds(_: Request) -> Response:
    return _json({"name": "whimbrel", "latin": "Numenius phaeopus", "km_without_landing": 4000})


def _download(_: Request) -> Response:
    pieces = (PIECE for _ in range(DOWNLOAD_BYTES // len(PIECE)))
    return Response(headers={"Content-Type": "application/octet-stream"}, pieces=pieces, size=DOWNLOAD_BYTES)


def _form(request: Request) -> Response:
    return _json({"form": parse_qs(request.body.decode("ascii"))})


def _upload(request: Request) -> Response:
    """Read the parts with the standard library, which owes whimbrel nothing."""
    head = f"Content-Type: {request.header(b'Content-Type')}\r\n\r\n".encode("latin-1")
    message = BytesParser().parsebytes(head + request.body)
    parts = [
        {
            "name": part.get_param("name", header="Content-Disposition"),
            "filename": part.get_filename(),
            "type": part.get_content_type(),
            "bytes": len(part.get_payload(decode=True) or b""),
        }
        for part in message.walk()
        if not part.is_multipart()
    ]
    return _json({"parts": parts})


def _visit(request: Request) -> Response:
    cookies = SimpleCookie(request.header(b"Cookie"))
    visits = 1 + (int(cookies["visits"].value) if "visits" in cookies else 0)
    return _json({"visits": visits}, headers={"Set-Cookie": f"visits={visits}; Path=/; HttpOnly"})


def _moved(_: Request) -> Response:
    return Response(status=302, headers={"Location": "/birds"})


def _json(value: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps(value).encode()
    return Response(status, {"Content-Type": "application/json", **(headers or {})}, [body], len(body))


ANSWERS: dict[str, Callable[[Request], Response]] = {
    "/headers": _headers,
    "/birds": _birds,
    "/download": _download,
    "/form": _form,
    "/upload": _upload,
    "/visit": _visit,
    "/moved": _moved,
}
