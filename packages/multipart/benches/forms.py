"""Measure reading and writing of forms: milliseconds, the best of several rounds, all readers in turn.

Run `python benches/forms.py`. Packages that are not installed are left out.
"""

import asyncio
import importlib
import io
import os
import time
from collections.abc import Callable
from types import ModuleType

from whimbrel_multipart import FormData, MultipartParser

ROUNDS = 7
CHUNK_BYTES = 65_536
BOUNDARY = "0123456789abcdef0123456789abcdef"
FILE = os.urandom(10_000_000)


class Sink:
    """A writer that counts."""

    def __init__(self) -> None:
        self.size = 0

    async def write(self, data: bytes) -> None:
        self.size += len(data)


def wire(fields: int, content: bytes) -> bytes:
    head = 'Content-Disposition: form-data; name="field{0}"\r\nContent-Type: text/plain\r\n\r\n'
    parts = [f"--{BOUNDARY}\r\n{head.format(n)}".encode() + content + b"\r\n" for n in range(fields)]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def chunks(body: bytes) -> list[bytes]:
    return [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)]


def read_whimbrel(pieces: list[bytes]) -> None:
    parser = MultipartParser(BOUNDARY)
    for piece in pieces:
        parser.feed(piece)
    parser.feed_eof()


def read_multipart(package: ModuleType) -> Callable[[list[bytes]], None]:
    def read(pieces: list[bytes]) -> None:
        with package.PushMultipartParser(BOUNDARY.encode(), max_segment_count=2000) as parser:
            for piece in pieces:
                for _ in parser.parse(piece):
                    pass

    return read


def read_python_multipart(package: ModuleType) -> Callable[[list[bytes]], None]:
    def ignore(*_: object) -> None:
        pass

    names = ("on_part_begin", "on_header_field", "on_header_value", "on_headers_finished", "on_end")

    def read(pieces: list[bytes]) -> None:
        parser = package.MultipartParser(
            BOUNDARY.encode(), {**dict.fromkeys(names, ignore), "on_part_data": ignore, "on_part_end": ignore}
        )
        for piece in pieces:
            parser.write(piece)
        parser.finalize()

    return read


def write_form(make: Callable[[], Callable[[], object]]) -> Callable[[], None]:
    async def send() -> None:
        body = make()()
        body.size  # type: ignore[attr-defined] # noqa: B018 - both packages' payloads have it
        await body.write(Sink())  # type: ignore[attr-defined] # likewise

    return lambda: asyncio.run(send())


def fill(form: FormData, fields: int) -> FormData:
    for number in range(fields):
        form.add_field(f"field{number}", "value " * 3)
    form.add_field("file", io.BytesIO(FILE if fields == 0 else b"x"), filename="f")
    return form


def best(cases: dict[str, Callable[[], None]]) -> None:
    seconds = dict.fromkeys(cases, float("inf"))
    for _ in range(ROUNDS):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    for name, found in seconds.items():
        print(f"  {name:<20}{found * 1000:8.2f} ms")


def optional(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def main() -> None:
    readers: dict[str, Callable[[list[bytes]], None]] = {"whimbrel_multipart": read_whimbrel}
    if (package := optional("multipart")) is not None and hasattr(package, "PushMultipartParser"):
        readers["multipart"] = read_multipart(package)
    if (package := optional("python_multipart")) is not None:
        readers["python-multipart"] = read_python_multipart(package)
    for title, body in (
        ("read a file of 10 MB", wire(1, FILE)),
        ("read 1,000 fields", wire(1000, b"value " * 3)),
    ):
        print(title)
        pieces = chunks(body)
        best({name: lambda reader=reader, pieces=pieces: reader(pieces) for name, reader in readers.items()})  # type: ignore[misc] # mypy cannot infer lambdas with defaults
    aiohttp = optional("aiohttp")
    for title, fields in (("write a file of 10 MB", 0), ("write 1,000 fields", 1000)):
        print(title)
        writers: dict[str, Callable[[], None]] = {
            "whimbrel_multipart": write_form(lambda fields=fields: fill(FormData(), fields)),  # type: ignore[misc] # as above
        }
        if aiohttp is not None:
            writers["aiohttp"] = write_form(lambda fields=fields: fill(aiohttp.FormData(), fields))  # type: ignore[misc] # as above
        best(writers)


if __name__ == "__main__":
    main()
