"""May a cookie be stored, and as what (RFC 6265bis sections 5.4, 5.5 and 5.7)."""

import pytest

from whimbrel_cookies import SuffixRules, parse_set_cookie
from whimbrel_cookies._admission import (
    LONGEST_LIFE_SECONDS,
    Refusal,
    Sender,
    admit,
    admit_given,
    imitates,
    overlays,
    with_implied,
)
from whimbrel_cookies._cookie import Cookie
from whimbrel_cookies._set_cookie import SetCookie

NOW = 1_800_000_000.0
SUFFIXES = SuffixRules(["example", "co.uk", "github.io"])
SECURE = Sender("www.shore.example", "/tides/today", True, SUFFIXES)


def received(line: str) -> SetCookie:
    parsed = parse_set_cookie(line)
    assert parsed is not None
    return parsed


def admitted(line: str, sender: Sender = SECURE) -> Cookie:
    cookie = admit(received(line), sender, NOW)
    assert isinstance(cookie, Cookie)
    return cookie


REFUSED = [
    ("5.7-step-10-other", "a=1; Domain=sea.example", SECURE, Refusal.FOREIGN_DOMAIN),
    ("5.7-step-10-child", "a=1; Domain=x.www.shore.example", SECURE, Refusal.FOREIGN_DOMAIN),
    ("5.7-step-10-no-dot", "a=1; Domain=hore.example", SECURE, Refusal.FOREIGN_DOMAIN),
    ("5.7-step-8-not-ascii", "a=1; Domain=\u017fhore.example", SECURE, Refusal.FOREIGN_DOMAIN),
    ("5.7-step-10-trailing-dot", "a=1; Domain=shore.example.", SECURE, Refusal.FOREIGN_DOMAIN),
    ("5.7-step-9-single-label", "a=1; Domain=example", SECURE, Refusal.PUBLIC_SUFFIX),
    ("5.7-step-9-suffix", "a=1; Domain=CO.UK", SECURE._replace(host="a.co.uk"), Refusal.PUBLIC_SUFFIX),
    ("5.7-step-9-private", "a=1; Domain=github.io", SECURE._replace(host="me.github.io"), Refusal.PUBLIC_SUFFIX),
    ("5.1.3-part-of-address", "a=1; Domain=0.0.1", SECURE._replace(host="127.0.0.1"), Refusal.FOREIGN_DOMAIN),
    ("5.7-step-13", "a=1; Secure", SECURE._replace(secure=False), Refusal.INSECURE_ORIGIN),
    ("5.4-secure-prefix", "__Secure-a=1", SECURE, Refusal.PREFIX),
    ("5.4-secure-prefix-any-case", "__SECURE-a=1", SECURE, Refusal.PREFIX),
    ("5.4-host-prefix-secure", "__Host-a=1; Path=/", SECURE, Refusal.PREFIX),
    ("5.4-host-prefix-path", "__host-a=1; Secure; Path=/tides", SECURE, Refusal.PREFIX),
    ("5.4-host-prefix-default-path", "__Host-a=1; Secure", SECURE._replace(path="/"), Refusal.PREFIX),
    ("5.4-host-prefix-domain", "__Host-a=1; Secure; Path=/; Domain=www.shore.example", SECURE, Refusal.PREFIX),
    ("5.7-step-23-secure", "=__SECURE-a", SECURE, Refusal.IMITATION),
    ("5.7-step-23-host", "=__Host-a=1; Secure; Path=/", SECURE, Refusal.IMITATION),
    ("5.7-step-23-no-equals", "__Host-a; Secure; Path=/", SECURE, Refusal.IMITATION),
    ("5.7-step-23-any-name", "=a=1", SECURE, Refusal.IMITATION),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sender", "refusal"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refusals(line: str, sender: Sender, refusal: Refusal) -> None:
    assert admit(received(line), sender, NOW) is refusal
    assert "RFC 6265bis" in refusal.value


ADMITTED = [
    ("5.7-step-10-host-only", "a=1", ("www.shore.example", True, "/tides")),
    ("5.7-step-10-own-domain", "a=1; Domain=www.shore.example", ("www.shore.example", False, "/tides")),
    ("5.7-step-10-parent", "a=1; Domain=.shore.example; Path=/", ("shore.example", False, "/")),
    ("5.7-step-10-empty", "a=1; Domain=.", ("www.shore.example", True, "/tides")),
    ("5.7-step-11-default", "a=1; Path=tides", ("www.shore.example", True, "/tides")),
    ("5.4-host-prefix", "__Host-a=1; Secure; Path=/", ("www.shore.example", True, "/")),
    ("nameless", "a", ("www.shore.example", True, "/tides")),
]


@pytest.mark.parametrize(("line", "place"), [row[1:] for row in ADMITTED], ids=[row[0] for row in ADMITTED])
def test_admissions(line: str, place: tuple[str, bool, str]) -> None:
    cookie = admitted(line)
    assert (cookie.domain, cookie.host_only, cookie.path) == place


@pytest.mark.parametrize("host", ["localhost", "co.uk", "127.0.0.1", "::1"])
def test_a_suffix_or_address_that_names_itself_stays_host_only(host: str) -> None:
    cookie = admitted(f"a=1; Domain={host}", SECURE._replace(host=host))
    assert (cookie.domain, cookie.host_only) == (host, True)


def test_attributes_are_kept() -> None:
    cookie = admitted("a=1; Secure; HttpOnly; SameSite=None; Partitioned")
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.partitioned) == (
        True,
        True,
        "None",
        True,
    )
    assert cookie.creation == cookie.last_access == NOW


@pytest.mark.parametrize(
    ("attributes", "expiry"),
    [
        ("", None),
        ("Max-Age=60", NOW + 60),
        ("Max-Age=0", 0),
        ("Max-Age=-99999999999999999999", 0),
        ("Max-Age=" + "9" * 1000, NOW + LONGEST_LIFE_SECONDS),
        ("Expires=Thu, 01 Jan 1970 00:00:10 GMT", 10),
        ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", NOW + LONGEST_LIFE_SECONDS),
        ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:10 GMT", NOW + 60),
    ],
)
def test_expiry(attributes: str, expiry: float | None) -> None:
    assert admitted(f"a=1; {attributes}").expiry == expiry


def given(cookie: SetCookie, *, host_only: bool = False) -> Cookie | Refusal:
    return admit_given(cookie, NOW, host_only=host_only, is_public_suffix=SUFFIXES)


def test_what_is_given_without_a_domain_is_shared() -> None:
    cookie = given(SetCookie("a", "1"))
    assert isinstance(cookie, Cookie)
    assert (cookie.domain, cookie.host_only, cookie.path) == ("", False, "/")


@pytest.mark.parametrize(
    ("domain", "host_only"),
    [("shore.example", False), ("localhost", True), ("co.uk", True), ("1.2.3.4", True)],
)
def test_a_given_domain_never_covers_a_suffix_or_address(domain: str, host_only: bool) -> None:
    cookie = given(SetCookie("a", "1", domain=domain))
    assert isinstance(cookie, Cookie)
    assert cookie.host_only is host_only


def test_a_given_domain_must_be_one() -> None:
    assert given(SetCookie("a", "1", domain="a..b")) is Refusal.FOREIGN_DOMAIN
    assert given(SetCookie("", "__Host-a")) is Refusal.IMITATION
    assert given(SetCookie("__Host-a", "1", domain="shore.example")) is Refusal.PREFIX
    assert isinstance(given(SetCookie("__Host-a", "1", domain="shore.example"), host_only=True), Cookie)


def test_prefixes_imply_what_they_promise() -> None:
    assert with_implied(SetCookie("__secure-a", "1")) == SetCookie("__secure-a", "1", secure=True)
    assert with_implied(SetCookie("__HOST-a", "1")) == SetCookie("__HOST-a", "1", secure=True, path="/")
    assert with_implied(SetCookie("a", "1")) == SetCookie("a", "1")


def secure(domain: str, path: str) -> Cookie:
    return Cookie("a", "1", domain=domain, path=path, host_only=False, creation=NOW, secure=True)


@pytest.mark.parametrize(
    ("old", "overlaid"),
    [
        (("www.shore.example", "/tides"), True),
        (("shore.example", "/"), True),
        (("x.www.shore.example", "/"), True),
        (("", "/"), True),
        (("sea.example", "/"), False),
        (("www.shore.example", "/tides/today"), False),
    ],
)
def test_overlaying_is_judged_by_domain_and_path(old: tuple[str, str], overlaid: bool) -> None:
    assert overlays(admitted("a=2"), [secure(*old)]) is overlaid


@pytest.mark.parametrize(
    ("name", "value", "imitating"),
    [
        ("", "a=b", True),
        ("", "__secure-", True),
        ("", "a", False),
        ("a", "b=c", False),
        ("a", "__Host-b=c", False),
    ],
)
def test_only_nameless_cookies_imitate(name: str, value: str, imitating: bool) -> None:
    assert imitates(name, value) is imitating
