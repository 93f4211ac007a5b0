"""Addresses: what resolvers answer, checked and put into order."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_connector._addresses import (
    Candidate,
    candidates,
    ends_in_number,
    is_address,
    literal_address,
    rotated,
)

if TYPE_CHECKING:
    from whimbrel_connector import ResolveResult


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("fe80::1%2", True),
        ("127.1", False),
        ("shore.example", False),
        ("0x7f.0.0.1", False),
        ("", False),
    ],
)
def test_addresses_are_told_from_names(host: str, known: bool) -> None:
    assert is_address(host) is known


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("127.1", True),
        ("2130706433", True),
        ("0x7f.1", True),
        ("1.2.3.0X4", True),
        ("127.0.0.1.", True),
        ("0x", True),
        ("shore.example", False),
        ("1.example", False),
        ("0xg", False),
        ("", False),
        ("\u0661\u0662", False),
    ],
)
def test_hosts_that_end_in_a_number_are_told(host: str, number: bool) -> None:
    assert ends_in_number(host) is number


def answer(*hosts: str) -> list[ResolveResult]:
    return [literal_address("shore.example", host, 80) for host in hosts]


def test_addresses_come_once_and_of_the_wanted_family_only() -> None:
    given_ = answer("192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:DB8:0::1")
    assert [str(each) for each in candidates(given_, socket.AF_UNSPEC)] == [
        "192.0.2.1:80",
        "[2001:db8::1]:80",
    ]
    assert [str(each) for each in candidates(given_, socket.AF_INET6)] == ["[2001:db8::1]:80"]
    assert candidates(given_, socket.AF_INET) == [Candidate(ip_address("192.0.2.1"), 80)]


def test_the_family_is_that_of_the_address_whatever_the_resolver_says() -> None:
    given_ = answer("2001:db8::1")
    given_[0]["family"] = socket.AF_INET
    assert [each.family for each in candidates(given_, socket.AF_UNSPEC)] == [socket.AF_INET6]


@pytest.mark.parametrize("host", ["localhost", "127.1", "", None, b"\x7f\0\0\1", 2130706433])
def test_what_is_no_address_is_refused(host: object) -> None:
    wrong = answer("192.0.2.1")
    wrong[0]["host"] = host  # type: ignore[typeddict-item]  # as a resolver of somebody's may
    with pytest.raises(ValueError, match=r"IP address|does not appear"):
        candidates(wrong, socket.AF_UNSPEC)


def test_addresses_have_the_form_of_getaddrinfo() -> None:
    four, six, zoned, named = candidates(
        answer("192.0.2.1", "2001:db8::1", "fe80::1%7", f"fe80::2%{socket.if_indextoname(1)}"),
        socket.AF_UNSPEC,
    )
    assert four.info == (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("192.0.2.1", 80))
    assert six.info[4] == ("2001:db8::1", 80, 0, 0)
    assert zoned.info[4] == ("fe80::1", 80, 0, 7)
    assert named.info[4] == ("fe80::2", 80, 0, 1)
    with pytest.raises(OSError):
        _ = candidates(answer("fe80::1%nowhere"), socket.AF_UNSPEC)[0].info


@given(st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"])), st.integers(0, 9))
def test_turning_keeps_every_address_and_the_places_of_the_families(hosts: list[str], turns: int) -> None:
    before = answer(*hosts)
    after = rotated(before, turns)
    assert sorted(result["host"] for result in after) == sorted(hosts)
    assert [result["family"] for result in after] == [result["family"] for result in before]
