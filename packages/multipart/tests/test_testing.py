import io
from typing import Any

import pytest
from multidict import CIMultiDict

from whimbrel_multipart import BodyConsumed, BodyWriter, Payload
from whimbrel_multipart.testing import check_payload


class Good(Payload):
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"whim")
        await writer.write(b"brel")

    def rewind(self) -> None:
        pass


class WrongSize(Good):
    _size = 7


class WrongMemory(Good):
    def in_memory(self) -> bytes:
        return b"albatross"


class TextInMemory(Good):
    def in_memory(self) -> Any:
        return "whimbrel"


class EmptyPiece(Good):
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(b"")
        await super().write(writer)


class NotBytes(Good):
    async def write(self, writer: BodyWriter) -> None:
        await writer.write(bytearray(b"whimbrel"))  # type: ignore[arg-type] # the fault to be found


class SecretlyConsumed(Good):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(b"whimbrel"))

    async def write(self, writer: BodyWriter) -> None:
        if rest := self._value.read(4):
            await writer.write(rest)
        if rest := self._value.read():
            await writer.write(rest)


class NeverFresh(Good):
    def rewind(self) -> None:
        raise BodyConsumed("NeverFresh", "just so")


class HidesErrors(Good):
    async def write(self, writer: BodyWriter) -> None:
        try:
            await super().write(writer)
        except Exception:  # noqa: BLE001 - the fault to be found
            return


class WrongHeaders(Good):
    def __init__(self) -> None:
        super().__init__(None, headers={"X-A": "a\r\nb"})


class NoType(Good):
    @property
    def headers(self) -> CIMultiDict[str]:
        return CIMultiDict()


class Shrinking(Good):
    _size = 8

    async def write(self, writer: BodyWriter) -> None:
        await super().write(writer)
        self._size = 3


class WrongCopy(Good):
    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b""


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: WrongSize(None), "size is 7, but write() sent 8 bytes"),
        (lambda: WrongMemory(None), "in_memory() is not what write() sends"),
        (lambda: TextInMemory(None), "in_memory() returned str"),
        (lambda: EmptyPiece(None), "empty piece"),
        (lambda: NotBytes(None), "given bytearray"),
        (SecretlyConsumed, "a second write() sends something else"),
        (SecretlyConsumed, "write() after rewind() sends something else"),
        (SecretlyConsumed, "after a failed write() the body is sent again in part"),
        (SecretlyConsumed, "after a cancelled write() the body is sent again in part"),
        (SecretlyConsumed, "cannot be sent after as_bytes()"),
        (lambda: NeverFresh(None), "nothing was sent yet"),
        (lambda: HidesErrors(None), "hides the error"),
        (WrongHeaders, "headers cannot be sent"),
        (lambda: NoType(None), "no Content-Type"),
        (lambda: Shrinking(None), "size changes"),
        (lambda: WrongCopy(None), "as_bytes() is not what write() sends"),
        (lambda: "whimbrel", "returned str, not a Payload"),
    ],
)
def test_each_fault_is_found(make: Any, fault: str) -> None:
    assert any(fault in found for found in check_payload(make)), check_payload(make)


def test_a_good_payload_has_no_fault() -> None:
    assert check_payload(lambda: Good(None)) == []
