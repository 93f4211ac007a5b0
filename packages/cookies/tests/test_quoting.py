"""RFC 2109 quoting, as http.cookies does it."""

from http.cookies import SimpleCookie

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies._grammar import UNSENDABLE
from whimbrel_cookies._quoting import quote_value, unquote_value

PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f"))


@given(PRINTABLE)
def test_quoting_is_that_of_the_standard_library(value: str) -> None:
    assert quote_value(value) == SimpleCookie().value_encode(value)[1]


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_quoted_reads_back_and_can_be_sent(value: str) -> None:
    coded = quote_value(value)
    assert UNSENDABLE(coded) is None
    if not (value.startswith('"') and value == coded):
        assert unquote_value(coded) == value


@pytest.mark.parametrize(
    ("coded", "value"),
    [
        ("", ""),
        ('"', '"'),
        ('""', ""),
        ("a b", "a b"),
        (r'"\"\\\073"', '"\\;'),
        ('"\\"', "\\"),
        (r'"\9"', "9"),
    ],
)
def test_unquoting_takes_whatever_servers_send(coded: str, value: str) -> None:
    assert unquote_value(coded) == value
