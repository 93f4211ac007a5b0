"""Canonical hosts and domain matching (RFC 6265bis sections 5.1.2 and 5.1.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import canonical_host, domain_match
from whimbrel_cookies._hosts import is_ip_address, parent_domains

SPELLINGS = [
    ("Shore.Example", "shore.example"),
    ("shore.example.", "shore.example"),
    ("LOCALHOST", "localhost"),
    ("my_service", "my_service"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER。example", "xn--bcher-kva.example"),
    ("xn--BCHER-kva.example", "xn--bcher-kva.example"),
    ("faß.example", "xn--fa-hia.example"),
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("[::1]", "::1"),
    ("2001:DB8:0:0::1", "2001:db8::1"),
    ("::ffff:1.2.3.4", "::ffff:102:304"),
    ("0:0:0:0:0:ffff:102:304", "::ffff:102:304"),
    ("fe80::1%eth0", "fe80::1%eth0"),
    ("1and1.example", "1and1.example"),
    ("0x7f.example", "0x7f.example"),
]

NO_HOSTS = [
    "", ".", "..", "a..b", ".a", "a..", "a b", "a\tb", "a\r\nb", "a\x00b", "a/b", "a%2fb", "a%2eb", "a@b", "a;b", "a,b",
    "127.1", "127.0.0.01", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "256.0.0.1", "1.2.3", "1.2.3.4.5", "a.1", "a.0x", "1.2.3.999",
    "[::1", "::1]", "[1.2.3.4]", ":::", "::g", "a:80", "x" * 64 + ".example", "a." * 127 + "ab", "ü" * 300, "a\u3002\u3002b", "\udcff.example", "\u0661.example.\u0661",
]  # fmt: skip


@pytest.mark.parametrize(("spelling", "host"), SPELLINGS)
def test_every_spelling_has_one_canonical_form(spelling: str, host: str) -> None:
    assert canonical_host(spelling) == host
    assert canonical_host(host) == host


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_cannot_name_a_host_is_none(text: str) -> None:
    assert canonical_host(text) is None


@given(st.text(max_size=40))
def test_canonical_forms_are_stable(text: str) -> None:
    host = canonical_host(text)
    assert host is None or canonical_host(host) == host


@pytest.mark.parametrize(
    ("host", "domain", "covered"),
    [
        ("shore.example", "shore.example", True),
        ("www.shore.example", "shore.example", True),
        ("a.b.shore.example", "shore.example", True),
        ("offshore.example", "shore.example", False),
        ("shore.example", "www.shore.example", False),
        ("shore.example", "", False),
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "3.4", False),
        ("::1", "1", False),
    ],
)
def test_domain_match(host: str, domain: str, covered: bool) -> None:
    assert domain_match(host, domain) is covered


@pytest.mark.parametrize(
    ("host", "address"),
    [("1.2.3.4", True), ("::1", True), ("shore.example", False), ("a1", False), ("", False)],
)
def test_addresses_are_told_from_names(host: str, address: bool) -> None:
    assert is_ip_address(host) is address


def test_parents_are_named_nearest_first() -> None:
    assert parent_domains("a.b.example") == ["b.example", "example"]
    assert parent_domains("1.2.3.4") == parent_domains("localhost") == []


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6))
def test_exactly_the_parents_and_the_host_cover_it(labels: list[str]) -> None:
    host = ".".join(labels)
    for domain in parent_domains(host):
        assert domain_match(host, domain)
