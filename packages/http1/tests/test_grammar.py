"""Tokens, lists and quoted strings."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_http1 import COMPILED, _grammar, _lines, is_token, split_list, unquote

TOKEN = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"


def test_a_token_has_exactly_these_characters() -> None:
    for point in range(0x180):
        assert is_token("a" + chr(point)) is (chr(point) in TOKEN)
    for octet in range(0x100):
        assert is_token(bytes([octet])) is (chr(octet) in TOKEN)
    assert not is_token("")
    assert not is_token(b"")


@pytest.mark.parametrize(
    ("value", "separator", "expected"),
    [
        ("", ",", []),
        (" , ,\t,", ",", []),
        ("a", ",", ["a"]),
        ("a,b , c", ",", ["a", "b", "c"]),
        ('a="x,y", b', ",", ['a="x,y"', "b"]),
        ('a="x\\",y", b', ",", ['a="x\\",y"', "b"]),
        ('a="x, y', ",", ['a="x, y']),
        ("ext; a=1; b", ";", ["ext", "a=1", "b"]),
        ('ext; a=";"', ";", ["ext", 'a=";"']),
    ],
)
def test_lists_are_split_outside_of_quotes(value: str, separator: str, expected: list[str]) -> None:
    assert split_list(value, separator) == expected
    assert split_list(value.encode(), separator) == [element.encode() for element in expected]


def test_any_octet_survives_splitting() -> None:
    octets = bytes(octet for octet in range(0x100) if octet not in b'\t ,"')
    assert split_list(octets) == [octets]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        ('""', ""),
        ('"a b"', "a b"),
        ('"\\"\\\\"', '"\\'),
        ('"', '"'),
        ('"a', '"a'),
        ('"a\\"', "a"),
    ],
)
def test_quoted_strings_are_unquoted(value: str, expected: str) -> None:
    assert unquote(value) == expected


@given(st.text())
def test_quoting_then_unquoting_gives_the_same(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert unquote(quoted) == text
    assert split_list(quoted + "," + quoted) == [quoted, quoted]


@given(st.binary(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_searches_and_loops_find_the_same_ends(data: bytes, start: int, end: int) -> None:
    for find, octets in (
        (_grammar.token_end, _grammar.TOKEN_OCTETS),
        (_grammar.text_end, _grammar.TEXT_OCTETS),
        (_grammar.target_end, _grammar.TARGET_OCTETS),
    ):
        last = min(end, len(data))
        expected = start
        while expected < last and octets[data[expected]]:
            expected += 1
        assert find(data, start, last) == expected


@pytest.mark.parametrize("by_search", [False] if COMPILED else [True, False])
@pytest.mark.parametrize(
    ("name", "same"),
    [(b"a-z", True), (b"A-Z", True), (b"a-Z", True), (b"b-z", False), (b"a\rz", False), (b"a-\x9a", False), (b"a-", False), (b"a-zz", False)],
)  # fmt: skip
def test_names_are_compared_in_any_letter_case(
    name: bytes, same: bool, by_search: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not COMPILED:
        monkeypatch.setattr(_grammar, "BY_SEARCH", by_search)
    assert _grammar.name_is(b": " + name + b" :", 2, 2 + len(name), b"a-z") is same


HOSTS = st.text("ab.:%2f[]/ ", max_size=12).map(str.encode)
BLOCKS = st.lists(st.sampled_from([b"A: 1\r\n", b"B:\t2 \r\n", b"C:\r\n"]), max_size=4).map(b"".join)


@pytest.mark.skipif(COMPILED, reason="a compiled module has its loops only")
@given(st.binary(max_size=40), HOSTS, BLOCKS)
def test_the_loops_that_are_compiled_find_what_searches_find(data: bytes, host: bytes, block: bytes) -> None:
    def found() -> list[object]:
        end = len(data)
        return [
            _grammar.token_end(data, 0, end),
            _grammar.text_end(data, 0, end),
            _grammar.target_end(data, 0, end),
            _grammar.is_host(host, 0, len(host)),
            _lines.split_fields(block + b"\r\n", 0),
        ]

    searched = found()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_grammar, "BY_SEARCH", False)
        patch.setattr(_lines, "BY_SEARCH", False)
        assert found() == searched
