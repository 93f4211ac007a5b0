"""Responses: heads, bodies, codings, charsets, and what is called on them."""

import gzip
import zlib

from differential.calls import asking, get, many
from differential.origin import Close, text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]

JSON = text('{"a": 1}', "Content-Type: application/json")


def raw(head: str, body: bytes = b"") -> bytes:
    """Return a response as it stands, lines ended."""
    return head.replace("\n", "\r\n").encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def coded(coding: str, body: bytes) -> bytes:
    """Return a response whose body is in a content coding."""
    return text(body, f"Content-Encoding: {coding}", "Content-Type: text/plain")


HEADS = [
    Scene("reason phrase of one's own", get(), text("", status="200 Very Good")),
    Scene("reason phrase empty", get(), raw("HTTP/1.1 200 \nContent-Length: 0")),
    Scene("reason phrase missing", get(), raw("HTTP/1.1 200\nContent-Length: 0")),
    Scene("reason phrase with NUL", get(), text("", status="200 O\0K")),
    Scene("reason phrase not in ASCII", get(), text("", status="200 Schön")),
    Scene("status unknown", get(), text("", status="299 Odd")),
    Scene("status 999", get(), text("", status="999 Odd")),
    Scene(
        "HTTP/1.0",
        many(get(), get()),
        Close(raw("HTTP/1.0 200 OK\nContent-Type: text/plain", b"until the end")),
    ),
    Scene(
        "HTTP/1.0 keep-alive",
        many(get(), get()),
        raw("HTTP/1.0 200 OK\nConnection: keep-alive\nContent-Length: 2", b"ok"),
    ),
    Scene("response headers of the same name", get(), text("", "X-A: 1", "x-a: 2")),
    Scene("header value not in ASCII", get(), text("", "X-A: schön")),
    Scene("header value not in UTF-8", get(), text("", "X-A: \udcff")),
    Scene("header value empty", get(), text("", "X-A:")),
    Scene("header value folded", get(), raw("HTTP/1.1 200 OK\nX-A: 1\n  2\nContent-Length: 0")),
    Scene("header name with a blank", get(), text("", "X A: 1")),
    Scene("header name with a blank behind", get(), text("", "X-A : 1")),
    Scene("header value with a control character", get(), text("", "X-A: a\1b")),
    Scene("header line without a colon", get(), text("", "X-A")),
    Scene("header value with NUL", get(), text("", "X-A: a\0b")),
    Scene("header line too long", get(), text("", "X-A: " + "a" * 9000)),
    Scene("header lines too many", get(), text("", *[f"X-{number}: 1" for number in range(200)])),
    Scene(
        "header line within a limit of one's own", get(max_field_size=20000), text("", "X-A: " + "a" * 9000)
    ),
    Scene("status line too long", get(), text("", status="200 " + "a" * 9000)),
    Scene("bare line feeds", get(), b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    Scene(
        "informational before the response",
        get(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + text("ok"),
    ),
    Scene("100 that nobody asked for", get(), b"HTTP/1.1 100 Continue\r\n\r\n" + text("ok")),
    Scene("informational without end", get(), Close(b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + text("ok"))),
    Scene(
        "101 that nobody asked for",
        get(),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ),
    Scene("not HTTP", get(), Close(b"SSH-2.0-OpenSSH\r\n\r\n")),
    Scene("another version", get(), Close(raw("HTTP/2.0 200 OK\nContent-Length: 0"))),
    Scene("status 000", get(), Close(raw("HTTP/1.1 000 OK\nContent-Length: 0"))),
    Scene("status without digits", get(), Close(raw("HTTP/1.1 abc OK\nContent-Length: 0"))),
    Scene("status of two digits", get(), Close(raw("HTTP/1.1 20 OK\nContent-Length: 0"))),
]

BODIES = [
    Scene("HEAD with a length", many(asking("HEAD"), get()), text("four")),
    Scene("204", many(get(), get()), raw("HTTP/1.1 204 No Content")),
    Scene("204 with a length", many(get(), get()), raw("HTTP/1.1 204 No Content\nContent-Length: 0")),
    Scene("304 with a length", many(get(), get()), raw("HTTP/1.1 304 Not Modified\nContent-Length: 4")),
    Scene("205", get(), text("", status="205 Reset Content")),
    Scene(
        "chunked body",
        many(get(), get()),
        raw(
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"3\r\none\r\n3;x=y\r\ntwo\r\n0\r\nX-T: 1\r\n\r\n"
        ),
    ),
    Scene(
        "chunked in upper case",
        get(),
        raw("HTTP/1.1 200 OK\nTransfer-Encoding: CHUNKED", b"3\r\none\r\n0\r\n\r\n"),
    ),
    Scene(
        "chunked body beside a length",
        get(),
        Close(
            raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 3", b"3\r\none\r\n0\r\n\r\n")
        ),
    ),
    Scene(
        "chunked twice",
        get(),
        Close(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked, chunked", b"3\r\none\r\n0\r\n\r\n")),
    ),
    Scene(
        "chunk size with a blank behind",
        get(),
        Close(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"3 \r\none\r\n0\r\n\r\n")),
    ),
    Scene(
        "chunk size that is none",
        get(),
        Close(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"zz\r\none\r\n0\r\n\r\n")),
    ),
    Scene("chunked body cut", get(), Close(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"9\r\none"))),
    Scene(
        "chunked body without its end",
        get(),
        Close(raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"3\r\none\r\n")),
    ),
    Scene("body cut", get(), Close(raw("HTTP/1.1 200 OK\nContent-Length: 9", b"four"))),
    Scene(
        "body until the end",
        many(get(), get()),
        Close(raw("HTTP/1.1 200 OK\nContent-Type: text/plain", b"until the end")),
    ),
    Scene("length negative", get(), Close(raw("HTTP/1.1 200 OK\nContent-Length: -1", b"four"))),
    Scene("length no number", get(), Close(raw("HTTP/1.1 200 OK\nContent-Length: four", b"four"))),
    Scene(
        "length twice the same",
        get(),
        Close(raw("HTTP/1.1 200 OK\nContent-Length: 4\nContent-Length: 4", b"four")),
    ),
    Scene(
        "lengths that differ",
        get(),
        Close(raw("HTTP/1.1 200 OK\nContent-Length: 4\nContent-Length: 2", b"four")),
    ),
    Scene("Connection: close", many(get(), get()), Close(text("ok", "Connection: close"))),
    Scene("bytes behind the body", many(get(), get()), text("ok") + b"surplus"),
]

CODINGS = [
    Scene("gzip", get(), coded("gzip", gzip.compress(b"shore" * 50, mtime=0))),
    Scene("x-gzip", get(), coded("x-gzip", gzip.compress(b"shore", mtime=0))),
    Scene("deflate with a zlib head", get(), coded("deflate", zlib.compress(b"shore"))),
    Scene("deflate raw", get(), coded("deflate", zlib.compress(b"shore")[2:-4])),
    Scene("gzip in upper case", get(), coded("GZIP", gzip.compress(b"shore", mtime=0))),
    Scene(
        "gzip in two members",
        get(),
        coded("gzip", gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)),
    ),
    Scene("gzip that is none", get(), coded("gzip", b"not gzip at all")),
    Scene("gzip cut", get(), coded("gzip", gzip.compress(b"shore" * 50, mtime=0)[:-12])),
    Scene("gzip with rubbish behind", get(), coded("gzip", gzip.compress(b"shore", mtime=0) + b"rubbish")),
    Scene("gzip of nothing", get(), coded("gzip", b"")),
    Scene(
        "gzip in answer to HEAD",
        asking("HEAD"),
        raw("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 25"),
    ),
    Scene("identity", get(), coded("identity", b"shore")),
    Scene("coding unknown", get(), coded("rot13", b"shore")),
    Scene("codings stacked", get(), coded("deflate, gzip", gzip.compress(zlib.compress(b"shore"), mtime=0))),
    Scene("auto_decompress off", get(auto_decompress=False), coded("gzip", gzip.compress(b"shore", mtime=0))),
    Scene(
        "auto_decompress off for the session",
        get(),
        coded("gzip", gzip.compress(b"shore", mtime=0)),
        session=lambda lib: {"auto_decompress": False},
    ),
]

CHARSETS = [
    Scene(
        "charset latin-1",
        get(reading="text"),
        text("é".encode("latin-1"), "Content-Type: text/plain; charset=latin-1"),
    ),
    Scene("charset quoted", get(reading="text"), text("é", 'Content-Type: text/plain; charset="utf-8"')),
    Scene("charset none", get(reading="text"), text("é", "Content-Type: text/plain")),
    Scene("charset unknown", get(reading="text"), text("é", "Content-Type: text/plain; charset=klingon")),
    Scene("charset wrong", get(reading="text"), text(b"\xff", "Content-Type: text/plain; charset=utf-8")),
    Scene(
        "charset of json",
        get(reading="json"),
        text('"é"'.encode("utf-16"), "Content-Type: application/json; charset=utf-16"),
    ),
    Scene("byte order mark", get(reading="text"), text(b"\xef\xbb\xbfx", "Content-Type: text/plain")),
    Scene("type missing", get(reading="text"), text("x")),
    Scene("type malformed", get(reading="text"), text("x", "Content-Type: text")),
    Scene("type in upper case", get(reading="text"), text("x", "Content-Type: TEXT/HTML; Charset=UTF-8")),
    Scene(
        "type with parameters",
        get(reading="text"),
        text("x", "Content-Type: text/plain; format=flowed; charset=utf-8; x=y"),
    ),
    Scene("type empty", get(reading="text"), text("x", "Content-Type:")),
    Scene(
        "type twice", get(reading="text"), text("x", "Content-Type: text/plain", "Content-Type: text/html")
    ),
    Scene("json response", get(reading="json"), JSON),
    Scene("json response of another type", get(reading="json"), text('{"a": 1}', "Content-Type: text/plain")),
    Scene("json response of no type", get(reading="json"), text('{"a": 1}')),
    Scene(
        "json response by suffix",
        get(reading="json"),
        text('{"a": 1}', "Content-Type: application/problem+json"),
    ),
    Scene(
        "json response of a like type",
        get(reading="json"),
        text('{"a": 1}', "Content-Type: application/jsonp"),
    ),
    Scene("json response malformed", get(reading="json"), text("{", "Content-Type: application/json")),
    Scene("json response empty", get(reading="json"), text("", "Content-Type: application/json")),
    Scene("json response blank", get(reading="json"), text("  \n", "Content-Type: application/json")),
]


async def _calls(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        stage.note("get_encoding before", response.get_encoding())
        stage.note("read", await response.read())
        stage.note("read again", await response.read())
        stage.note("text", await response.text())
        stage.note("text in another", await response.text("latin-1"))
        stage.note("json", await response.json(content_type=None))
        stage.note("json by one's own", await response.json(loads=len, content_type=None))
        stage.note("closed when read", response.closed)
        stage.note(
            "links",
            {key: {name: str(value) for name, value in link.items()} for key, link in response.links.items()},
        )
        found = response.content_disposition
        stage.note(
            "disposition", None if found is None else (found.type, dict(found.parameters), found.filename)
        )
        stage.note("at eof", response.content.at_eof())
    stage.note("closed after", response.closed)
    await stage.attempt("read after", response.read())
    await stage.attempt("text after", response.text())


CALLED = text(
    '{"a": "é"}',
    "Content-Type: application/json; charset=utf-8",
    'Link: </next>; rel="next"; title="more", <http://sea.example/>; rel=other',
    "Content-Disposition: attachment; filename=\"a b.txt\"; filename*=UTF-8''n%C3%A9st.txt",
)


async def _reads_after(stage: Stage) -> None:
    response = await stage.session.get(stage.at("/"))
    response.release()
    await stage.attempt("read after release", response.read())
    response = await stage.session.get(stage.at("/"))
    response.close()
    await stage.attempt("read after close", response.read())
    await stage.attempt("text after close", response.text())
    async with stage.session.get(stage.at("/")) as response:
        pass
    await stage.attempt("read after the block", response.read())


async def _streams(stage: Stage) -> None:
    body = b"".join(b"line %d\n" % number for number in range(2000))
    for name, method, *arguments in (
        ("read()", "read"),
        ("read(10)", "read", 10),
        ("readexactly(10)", "readexactly", 10),
        ("readexactly too much", "readexactly", 100_000),
        ("readline", "readline"),
        ("readuntil", "readuntil", b"7\n"),
    ):
        async with stage.session.get(stage.at("/")) as response:
            await stage.attempt(name, getattr(response.content, str(method))(*arguments))
    async with stage.session.get(stage.at("/")) as response:
        stage.note("lines", [line async for line in response.content] == body.splitlines(keepends=True))
    async with stage.session.get(stage.at("/")) as response:
        stage.note("chunked", [len(piece) async for piece in response.content.iter_chunked(4096)])
    async with stage.session.get(stage.at("/")) as response:
        stage.note("any", b"".join([piece async for piece in response.content.iter_any()]) == body)
    async with stage.session.get(stage.at("/")) as response:
        stage.note("chunks", b"".join([piece async for piece, _ in response.content.iter_chunks()]) == body)


async def _wire_chunks(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        stage.note("chunks", [pair async for pair in response.content.iter_chunks()])
    async with stage.session.get(stage.at("/")) as response:
        stage.note("readchunk", await response.content.readchunk())


async def _part_then_whole(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        stage.note("part", await response.content.read(2))
        await stage.attempt("whole", response.read())


async def _multipart(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        reader = stage.lib.MultipartReader.from_response(response)
        number = 0
        async for part in reader:
            number += 1
            stage.note(f"part {number}", (part.name, part.filename, dict(part.headers)))
            stage.note(f"content {number}", await part.read(decode=True))


PARTS = (
    b'--XX\r\nContent-Disposition: form-data; name="a"; filename="b.txt"\r\n\r\none\r\n'
    b"--XX\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\ndHdv\r\n--XX--\r\n"
)

LINES = text(b"".join(b"line %d\n" % number for number in range(2000)), "Content-Type: text/plain")


async def _iterated_twice(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        stage.note("first", [piece async for piece in response.content.iter_any()])
        stage.note("second", [piece async for piece in response.content.iter_any()])
        await stage.attempt("read", response.read())


async def _peeks(stage: Stage) -> None:
    async with stage.session.get(stage.at("/")) as response:
        content = response.content
        stage.note("five", await content.readexactly(5))
        content.unread_data(b"LINE ")
        stage.note("line", await content.readline())
        stage.note("some", len(await content.read(100)))
        stage.note("before", (content.at_eof(), content.is_eof() in (True, False)))
        while await content.readany():
            pass
        stage.note("after", (content.at_eof(), content.is_eof(), content.total_bytes))


CALLS = [
    Scene("content iterated twice", _iterated_twice, text("whimbrel")),
    Scene("content unread", _peeks, LINES),
    Scene("calls on a response", _calls, CALLED),
    Scene("reads after the end", _reads_after, text("x" * 300_000)),
    Scene("reads after the end of what has come whole", _reads_after, text("ok")),
    Scene("readings of the content", _streams, LINES),
    Scene(
        "chunks as on the wire",
        _wire_chunks,
        raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"),
    ),
    Scene("a part, then the whole", _part_then_whole, text("whimbrel")),
    Scene("multipart response", _multipart, text(PARTS, "Content-Type: multipart/mixed; boundary=XX")),
]

SCENES = [*HEADS, *BODIES, *CODINGS, *CHARSETS, *CALLS]
