"""Order, size and kind of what is sent (RFC 6265bis section 5.8.3)."""

import pytest

from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._sending import fitting, in_sending_order, is_plain


def cookie(name: str, *, path: str = "/", order: int = 0, size: int = 1, domain: str = "a.example") -> Cookie:
    made = Cookie(name, "x" * (size - len(name) - 1), domain=domain, path=path, host_only=True, creation=0)
    made.order = order
    return made


def test_longest_paths_come_first_then_the_oldest() -> None:
    given = [cookie("a", order=3), cookie("b", path="/b", order=4), cookie("c", order=1)]
    assert [sent.name for sent in in_sending_order(given)] == ["b", "c", "a"]


def test_what_does_not_fit_is_left_out_and_smaller_ones_still_go() -> None:
    given = [cookie("a", size=50), cookie("b", size=60), cookie("c", size=38)]
    sent = fitting(given, 90)
    assert [one.name for one in sent] == ["a", "c"]
    assert len("; ".join(one.pair for one in sent)) == 90
    assert fitting(given, 152) == given
    assert fitting(given, 10) == []


def test_the_callers_own_always_fit() -> None:
    given = [cookie("a", size=50), cookie("own", size=95, domain=""), cookie("b", size=3)]
    assert [one.name for one in fitting(given, 100)] == ["own", "b"]


def test_sizes_are_bytes() -> None:
    made = Cookie("é", "春", domain="a.example", path="/", host_only=True, creation=0)
    assert made.octets == 6
    assert fitting([made], 5) == []
    assert fitting([made], 6) == [made]


@pytest.mark.parametrize(
    ("pair", "plain"), [("a=b", True), ("a=春", True), ("a=b\tc", False), ("a=\udce9", False)]
)
def test_plain_pairs_are_text_without_tabs(pair: str, plain: bool) -> None:
    assert is_plain(pair) is plain
