"""Parsing a Set-Cookie line (RFC 6265bis section 5.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import SetCookie, parse_set_cookie

PARSED = [
    ("5.6-step-3-pair", b"a=b", SetCookie("a", "b")),
    ("5.6-step-3-first-equals", b"a=b=c", SetCookie("a", "b=c")),
    ("5.6-step-3-nameless", b"b", SetCookie("", "b")),
    ("5.6-step-3-nameless-equals", b"=b", SetCookie("", "b")),
    ("5.6-step-3-valueless", b"a=", SetCookie("a", "")),
    ("5.6-step-4-blanks", b" \ta \t=\t b c\t ; Secure", SetCookie("a", "b c", secure=True)),
    ("5.6-tab-inside", b"a=b\tc", SetCookie("a", "b\tc")),
    ("5.6-quotes-are-text", b'a="b; c"', SetCookie("a", '"b')),
    ("5.6-no-decoding", b"a=%3B+x", SetCookie("a", "%3B+x")),
    ("5.6-no-commas", b"a=b, c=d", SetCookie("a", "b, c=d")),
    ("utf-8", "n=é春".encode(), SetCookie("n", "é春")),
    ("not-utf-8", b"n=\xe9", SetCookie("n", "\udce9")),
    ("5.6-unknown-attributes", b"a=b; Version=1; Shoe-Size=41; =; ;;", SetCookie("a", "b")),
    ("5.6.1-expires", b"a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT", SetCookie("a", "b", expires=10)),
    (
        "5.6.1-last-valid-expires",
        b"a=b; Expires=1 Jan 1970 0:0:9; expires=never",
        SetCookie("a", "b", expires=9),
    ),
    ("5.6.2-max-age", b"a=b; MAX-AGE= 60 ", SetCookie("a", "b", max_age=60)),
    ("5.6.2-negative", b"a=b; Max-Age=-1", SetCookie("a", "b", max_age=-1)),
    ("5.6.2-last-valid", b"a=b; Max-Age=60; Max-Age=1.5; Max-Age=", SetCookie("a", "b", max_age=60)),
    (
        "5.6.2-ascii-digits",
        "a=b; Max-Age=٦٠; Max-Age=+6; Max-Age=6_0; Max-Age=-".encode(),
        SetCookie("a", "b"),
    ),
    ("5.6.3-domain", b"a=b; Domain=.Shore.EXAMPLE", SetCookie("a", "b", domain="shore.example")),
    ("5.6.3-one-dot-only", b"a=b; Domain=..x", SetCookie("a", "b", domain=".x")),
    ("5.6.3-empty-domain-counts", b"a=b; Domain=x.y; Domain", SetCookie("a", "b", domain="")),
    ("5.6.4-path", b"a=b; Path=/x y", SetCookie("a", "b", path="/x y")),
    ("5.6.4-relative-path", b"a=b; Path=/x; Path=x", SetCookie("a", "b", path="")),
    ("5.6.5-secure", b"a=b;secure=no", SetCookie("a", "b", secure=True)),
    ("5.6.6-httponly", b"a=b;HttpOnly", SetCookie("a", "b", http_only=True)),
    ("5.6.7-samesite", b"a=b;SameSite=NONE;samesite=lax", SetCookie("a", "b", same_site="Lax")),
    ("5.6.7-unknown-word", b"a=b;SameSite=Lax;samesite=x", SetCookie("a", "b")),
    ("partitioned", b"a=b;Partitioned", SetCookie("a", "b", partitioned=True)),
    ("5.6-attribute-1024", b"a=b; Path=/" + b"x" * 1023, SetCookie("a", "b", path="/" + "x" * 1023)),
    ("5.6-attribute-1025", b"a=b; Path=/" + b"x" * 1024, SetCookie("a", "b")),
    ("5.6-pair-4096", b"ab=" + b"x" * 4094, SetCookie("ab", "x" * 4094)),
]

IGNORED = [
    ("5.6-pair-4097", b"ab=" + b"x" * 4095),
    ("5.6-pair-4097-nameless", b"x" * 4097),
    ("5.7-step-2-empty", b""),
    ("5.7-step-2-equals", b" = ; Secure"),
    ("5.7-step-2-attributes-only", b"; a=b"),
    *[
        (f"5.6-step-1-control-{octet:02x}", b"a=b" + bytes([octet]) + b"c")
        for octet in (*range(9), *range(10, 32), 127)
    ],
    ("5.6-step-1-in-attribute", b"a=b; Path=/\x00"),
    ("5.6-step-1-at-end", b"a=b\r\n"),
]


@pytest.mark.parametrize(("line", "parsed"), [case[1:] for case in PARSED], ids=[case[0] for case in PARSED])
def test_lines_say_what_the_section_says(line: bytes, parsed: SetCookie) -> None:
    assert parse_set_cookie(line) == parsed
    assert parse_set_cookie(line.decode("utf-8", "surrogateescape")) == parsed


@pytest.mark.parametrize("line", [case[1] for case in IGNORED], ids=[case[0] for case in IGNORED])
def test_lines_to_ignore_are_none(line: bytes) -> None:
    assert parse_set_cookie(line) is None


def test_text_that_no_bytes_can_be_is_ignored() -> None:
    assert parse_set_cookie("a=\ud800") is None


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_are_ignored(line: bytes) -> None:
    parsed = parse_set_cookie(line)
    assert parsed is None or parsed.value.encode("utf-8", "surrogateescape") in line


@given(
    st.from_regex(rb"[!-:<>-~\x80-\xff]{1,10}", fullmatch=True),
    st.from_regex(rb"[!-:<-~\x80-\xff]{0,10}", fullmatch=True),
)
def test_names_and_values_come_back_byte_for_byte(name: bytes, value: bytes) -> None:
    parsed = parse_set_cookie(name + b"=" + value + b"; Secure")
    assert parsed is not None
    assert parsed.name.encode("utf-8", "surrogateescape") == name
    assert parsed.value.encode("utf-8", "surrogateescape") == value
