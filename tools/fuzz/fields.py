"""A target for blocks of field lines, and for the small readers of field values."""

from __future__ import annotations

import re

from tools.fuzz.choices import Choices
from tools.fuzz.dialogue import read
from tools.fuzz.finding import require
from tools.fuzz.reading import UNBOUNDED
from whimbrel_http1 import (
    DEFAULT_LIMITS,
    LocalError,
    ParseError,
    ResponseHead,
    ResponseParser,
    encode_fields,
    is_token,
    parse_fields,
    split_list,
    unquote,
)

__all__ = ["fields"]

# RFC 9112 section 5, on a block that is there as a whole; its last line may lack its CRLF.
_LINE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*"
_BLOCK = re.compile(rb"(?:%b\r\n)*(?:%b)?" % (_LINE, _LINE))
# The fields that a message's head may be refused for, or must have; a block alone knows nothing of framing.
_FRAMING = re.compile(rb"(?i)^(?:content-length|transfer-encoding|host):", re.MULTILINE)


def fields(data: bytes) -> None:
    """Read a block, write what was read, read it again. Options: limits."""
    choices = Choices(data)
    limits = choices.one_of((UNBOUNDED, DEFAULT_LIMITS))
    block = choices.wire
    _check_values(block)
    _check_writing(block)
    try:
        pairs = parse_fields(block, limits)
    except ParseError as fault:
        require(limits is DEFAULT_LIMITS or not _BLOCK.fullmatch(block), "a legal block is refused", fault)
        return
    require(_BLOCK.fullmatch(block), "an illegal block is accepted", pairs)
    written = encode_fields(pairs)
    require(parse_fields(written, UNBOUNDED) == pairs, "fields change when written", pairs, written)
    if not _FRAMING.search(block):
        lines = block if block.endswith(b"\r\n") or not block else block + b"\r\n"
        wire = b"HTTP/1.1 204 No Content\r\n" + lines + b"\r\n"
        head = read(ResponseParser(limits=UNBOUNDED), [wire], eof=False).events[0]
        same = isinstance(head, ResponseHead) and head.raw_headers == pairs
        require(same, "a head reads its fields otherwise", head, pairs)


def _check_writing(block: bytes) -> None:
    """Any name and value, taken from the block whatever it is, is refused or comes back."""
    name, _, value = block.partition(b"=")
    try:
        written = encode_fields([(name, value)])
    except LocalError:
        return
    require(
        parse_fields(written, UNBOUNDED) == ((name, value.strip(b" \t")),), "a field was injected", written
    )


def _check_values(block: bytes) -> None:
    text = block.decode("latin-1")
    for separator in (",", ";"):
        elements = split_list(block, separator)
        require(
            [element.decode("latin-1") for element in elements] == split_list(text, separator), "two lists"
        )
        require(all(element and element == element.strip(b" \t") for element in elements), "a blank element")
        again = split_list(separator.encode().join(elements), separator)
        require(again == elements, "a list changes when joined", elements, again)
    unquoted = unquote(text)
    require(len(unquoted) <= len(text), "a quoted string grows", unquoted)
    require(is_token(block) == is_token(text), "a token in one of two types", block)
