"""Bodies that are sent: data, json, forms, files, chunks, compression, `100 Continue`."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

from differential.calls import asking, get, post
from differential.origin import Early, text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]

SMALL = Path(__file__).with_name("__init__.py")


async def _pieces() -> AsyncIterator[bytes]:
    yield b"one"
    yield b""
    yield b"two"


async def _broken() -> AsyncIterator[bytes]:
    yield b"one"
    raise KeyError("broken")


def _form(lib: ModuleType) -> Any:
    form = lib.FormData()
    form.add_field("bird", "whimbrel")
    form.add_field("note", "schön & gut")
    return form


def _files(lib: ModuleType) -> Any:
    form = lib.FormData()
    form.add_field("bird", "whimbrel")
    form.add_field("file", io.BytesIO(b"eggs"), filename="nést 1.txt", content_type="text/plain")
    form.add_field("raw", b"\x00\xff", filename='a"b.bin')
    form.add_field("json", '{"a": 1}', content_type="application/json")
    return form


def _mixed(lib: ModuleType) -> Any:
    writer = lib.MultipartWriter("mixed", boundary="BOUNDARY")
    writer.append("text")
    writer.append(b"bytes")
    writer.append_json({"a": 1})
    writer.append_form([("a", "1"), ("b", "2 3")])
    return writer


def _related(lib: ModuleType) -> Any:
    writer = lib.MultipartWriter("related", boundary="odd boundary")
    part = writer.append("text", {"Content-Type": "text/html", "X-A": "1"})
    part.set_content_disposition("attachment", filename="a.html")
    return writer


def _squeezed(lib: ModuleType) -> Any:
    writer = lib.MultipartWriter("mixed", boundary="BOUNDARY")
    writer.append("text" * 100, {"Content-Encoding": "gzip"})
    writer.append("text", {"Content-Transfer-Encoding": "base64"})
    return writer


def _quoted_fields(lib: ModuleType) -> Any:
    form = lib.FormData(quote_fields=False)
    form.add_field("a b", b"x", filename="nést.txt")
    return form


def _latin(lib: ModuleType) -> Any:
    return lib.FormData({"a": "é"}, charset="latin-1")


PLAIN = [
    Scene("data bytes", post(data=b"eggs")),
    Scene("data text", post(data="schön")),
    Scene("data bytearray", post(data=bytearray(b"eggs"))),
    Scene("data memoryview", post(data=memoryview(b"eggs"))),
    Scene("data empty bytes", post(data=b"")),
    Scene("data empty text", post(data="")),
    Scene("data empty mapping", post(data={})),
    Scene("data with a type of one's own", post(data=b"<a/>", headers={"Content-Type": "text/xml"})),
    Scene("data of a GET", get(data=b"eggs")),
    Scene("data of a DELETE", asking("DELETE", data=b"eggs")),
    Scene("data BytesIO", post(made=lambda lib: {"data": io.BytesIO(b"eggs")})),
    Scene("data StringIO", post(made=lambda lib: {"data": io.StringIO("schön")})),
    Scene("data an async generator", post(made=lambda lib: {"data": _pieces()})),
    Scene(
        "data an async generator with a length",
        post(made=lambda lib: {"data": _pieces(), "headers": {"Content-Length": "6"}}),
    ),
    Scene("data an async generator that breaks", post(made=lambda lib: {"data": _broken()})),
    Scene(
        "data a payload", post(made=lambda lib: {"data": lib.BytesPayload(b"eggs", content_type="image/png")})
    ),
    Scene("data a JsonPayload", post(made=lambda lib: {"data": lib.JsonPayload({"a": 1})})),
    Scene("data of an unknown kind", post(data=object())),
    Scene("data a number", post(data=1)),
    Scene("json", post(json={"a": [1, None, "é"]})),
    Scene("json None", post(json=None)),
    Scene("json empty", post(json={})),
    Scene("json false", post(json=False)),
    Scene("json beside data", post(json={}, data=b"x")),
    Scene(
        "json with a type of one's own",
        post(json={"a": 1}, headers={"Content-Type": "application/vnd.api+json"}),
    ),
    Scene("json that cannot be", post(json={"a": {1}})),
    Scene(
        "json_serialize of the session",
        post(json={"a": 1}),
        session=lambda lib: {"json_serialize": lambda value: "MINE"},
    ),
]

FORMS = [
    Scene("form mapping", post(data={"bird": "whimbrel", "tide": "low & high"})),
    Scene("form pairs", post(data=[("a", "1"), ("a", "2")])),
    Scene("form numbers", post(data={"a": 1})),
    Scene("form FormData", post(made=lambda lib: {"data": _form(lib)})),
    Scene("form FormData in latin-1", post(made=lambda lib: {"data": _latin(lib)})),
    Scene("form with files", post(made=lambda lib: {"data": _files(lib)})),
    Scene(
        "form with a file in a mapping",
        post(made=lambda lib: {"data": {"file": io.BytesIO(b"eggs"), "a": "1"}}),
    ),
    Scene("form without quoting", post(made=lambda lib: {"data": _quoted_fields(lib)})),
    Scene("multipart mixed", post(made=lambda lib: {"data": _mixed(lib)})),
    Scene("multipart related", post(made=lambda lib: {"data": _related(lib)})),
    Scene("multipart with encodings", post(made=lambda lib: {"data": _squeezed(lib)})),
    Scene(
        "multipart empty", post(made=lambda lib: {"data": lib.MultipartWriter("mixed", boundary="BOUNDARY")})
    ),
]


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield bytes(65536)


FRAMING = [
    Scene(
        "early answer to a large upload",
        post(made=lambda lib: {"data": _endless()}),
        Early(text("too large", "Connection: close", status="413 Content Too Large")),
    ),
    Scene("chunked", post(data=b"eggs", chunked=True)),
    Scene("chunked of a mapping", post(data={"a": "1"}, chunked=True)),
    Scene("chunked without a body", post(chunked=True)),
    Scene("chunked beside a length", post(data=b"eggs", chunked=True, headers={"Content-Length": "4"})),
    Scene(
        "chunked beside the header",
        post(data=b"eggs", chunked=True, headers={"Transfer-Encoding": "chunked"}),
    ),
    Scene("compress", post(data=b"eggs" * 100, compress=True)),
    Scene("compress gzip", post(data=b"eggs" * 100, compress="gzip")),
    Scene(
        "compress beside the header",
        post(data=b"eggs", compress=True, headers={"Content-Encoding": "deflate"}),
    ),
    Scene("compress by a coding that nobody knows", post(data=b"shore" * 50, compress="rot13")),
    Scene("compress without a body", get(compress=True)),
    Scene("expect100", post(data=b"eggs", expect100=True)),
    Scene("expect100 by the header", post(data=b"eggs", headers={"Expect": "100-continue"})),
    Scene("expect100 without a body", get(expect100=True)),
    Scene(
        "expect100 refused",
        post(data=b"eggs", expect100=True),
        Early(text("no", "Connection: close", status="417 Expectation Failed")),
    ),
]


async def _file_twice(stage: Stage) -> None:
    data = io.BytesIO(b"eggs")
    for _ in range(2):
        await stage.fetch("POST", data=data)


async def _form_twice(stage: Stage) -> None:
    data = _form(stage.lib)
    for _ in range(2):
        await stage.fetch("POST", data=data)


async def _files_twice(stage: Stage) -> None:
    data = _files(stage.lib)
    for _ in range(2):
        await stage.fetch("POST", data=data)


async def _file(stage: Stage) -> None:
    with SMALL.open("rb") as file:
        await stage.fetch("POST", data=file)


async def _text_file(stage: Stage) -> None:
    with SMALL.open(encoding="utf-8") as file:
        await stage.fetch("POST", data=file)


async def _form_with_a_file(stage: Stage) -> None:
    with SMALL.open("rb") as file:
        await stage.fetch("POST", data={"file": file, "bird": "whimbrel"})


def _in_pieces(lib: ModuleType) -> dict[str, Any]:
    class InPieces(lib.BytesPayload):  # type: ignore[misc, name-defined]  # of either client
        async def write(self, writer: Any) -> None:
            await writer.write(b"EG")
            await writer.write(b"GS")

        async def write_with_length(self, writer: Any, content_length: int | None) -> None:
            await self.write(writer)

    return {"data": InPieces(b"eggs")}


FILES = [
    Scene("data of a class that writes otherwise", post(made=_in_pieces)),
    Scene("file", _file),
    Scene("file of text", _text_file),
    Scene("file in a form", _form_with_a_file),
]

TWICE = [
    Scene("data BytesIO twice", _file_twice),
    Scene("form FormData twice", _form_twice),
    Scene("form with files twice", _files_twice),
]

SCENES = [*PLAIN, *FORMS, *FRAMING, *FILES, *TWICE]
