"""The targets by name: each takes any bytes, returns nothing, and raises where a promise is broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from tools.fuzz.decoding import content
from tools.fuzz.differential import requests_differ, responses_differ
from tools.fuzz.fields import fields
from tools.fuzz.lenient import lenient
from tools.fuzz.linear import linear
from tools.fuzz.reading import chunked, request, response
from tools.fuzz.writing import write_request, write_response

__all__ = ["TARGETS", "WORDS", "Target"]

Target: TypeAlias = Callable[[bytes], None]

TARGETS: Final[dict[str, Target]] = {
    "response": response,
    "lenient": lenient,
    "request": request,
    "chunked": chunked,
    "write-request": write_request,
    "write-response": write_response,
    "fields": fields,
    "content": content,
    "linear": linear,
    "differ-response": responses_differ,
    "differ-request": requests_differ,
}

# What a mutation may put in, for both ways to search.
WORDS: Final = (
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"\n",
    b"\r",
    b"\x00",
    b" ",
    b"\t",
    b":",
    b": ",
    b",",
    b";",
    b"=",
    b'"',
    b"\\",
    b"|",
    b"0\r\n\r\n",
    b"1\r\nx\r\n",
    b";a=b",
    b';a="\\""',
    b"ffffffffffffffff",
    b"fffffffffffffff",
    b"HTTP/1.1 ",
    b"HTTP/1.0 ",
    b" HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 \r\n\r\n",
    b"HTTP/1.1 101 \r\n",
    b"HTTP/1.1 204 \r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\n",
    b"CONNECT a:1 ",
    b"HEAD ",
    b"Host: a\r\n",
    b"Content-Length: 1\r\n",
    b"Content-Length: ",
    b"Content-Length",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding",
    b"chunked",
    b"gzip",
    b"Connection: close\r\n",
    b"Connection: keep-alive\r\n",
    b"Connection: upgrade\r\nUpgrade: a\r\n",
    b"Expect: 100-continue\r\n",
    b"Proxy-Connection: close\r\n",
    b"9223372036854775807",
    b"+1",
    b"1, 1",
    b"0x1",
    b"\xc3\xa9",
    b"\xff",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff",
    b"\x28\xb5\x2f\xfd",
    b"\x78\x9c",
)
