"""Which proxy a request goes through, decided from values and the environment alone."""

from dataclasses import replace

import pytest
from multidict import CIMultiDict
from yarl import URL

import whimbrel
from whimbrel import BasicAuth
from whimbrel._outgoing import Head, Outgoing
from whimbrel._proxies import ProxyRules
from whimbrel._wire import leased_url, wire_request
from whimbrel_connector import InvalidProxy, Proxy, TlsPolicy
from whimbrel_http1 import InvalidHead

NOTHING = ProxyRules()
HERE, THERE = "http://here.example:3128", "http://there.example:3128"
USER = BasicAuth("user", "pass")
USER_VALUE = USER.encode()
ORIGIN = URL("http://shore.example/")


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "ws_proxy",
        "wss_proxy",
        "no_proxy",
        "request_method",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_nothing_said_is_no_proxy(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("http_proxy", HERE)
    assert NOTHING.over().proxy_for(ORIGIN) is None


@pytest.mark.parametrize("given", [HERE, URL(HERE), Proxy(URL(HERE))])
def test_a_proxy_is_given_in_three_ways(given: str | URL | Proxy) -> None:
    assert NOTHING.over(proxy=given).proxy_for(ORIGIN) == Proxy(URL(HERE))


def test_a_proxy_keeps_its_own_policy() -> None:
    given = Proxy(URL(HERE), tls=TlsPolicy(verify=False))
    rules = NOTHING.over(proxy=given, auth=USER, headers={"X-P": "1"})
    assert rules.proxy == Proxy(URL(HERE), USER_VALUE, (("X-P", "1"),), given.tls)


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("http://user:pass@here.example:3128", USER_VALUE),
        ("http://us%65r:p%61ss@here.example:3128", USER_VALUE),
        ("http://user@here.example:3128", BasicAuth("user").encode()),
        ("http://a%40b:c%3Ad@here.example:3128", BasicAuth("a@b", "c:d").encode()),
    ],
)
def test_credentials_of_the_url_are_decoded(url: str, value: str) -> None:
    """RFC 3986 section 2.1."""
    assert NOTHING.over(proxy=url).proxy == Proxy(URL(HERE), value)


def test_a_socks_proxy_has_credentials_of_its_kind_and_no_headers(variables: pytest.MonkeyPatch) -> None:
    known = Proxy(URL("socks5h://here.example"), credentials=("user", "p@ss"))
    session = NOTHING.over(auth=BasicAuth("a", "b"), headers={"X-P": "1"}, trust_env=True)
    for rules in (NOTHING, session):
        assert rules.over(proxy="socks5h://us%65r:p%40ss@here.example").proxy == known
    own = replace(known, credentials=("a", "b"))
    assert session.over(proxy="socks5h://here.example").proxy == own
    assert session.over(proxy=known).proxy == known
    variables.setenv("all_proxy", "socks5h://here.example")
    assert session.proxy_for(ORIGIN) == own
    variables.setenv("all_proxy", "socks5h://us%65r:p%40ss@here.example")
    assert session.proxy_for(ORIGIN) == known
    with pytest.raises(ValueError, match="headers"):
        NOTHING.over(proxy="socks5h://here.example", headers={"X-P": "1"})


def test_credentials_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        NOTHING.over(proxy="http://a:b@here.example", auth=USER)
    with pytest.raises(ValueError, match="proxy-authorization"):
        NOTHING.over(proxy=HERE, auth=USER, headers={"Proxy-Authorization": "x"})


def test_credentials_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="BasicAuth"):
        NOTHING.over(proxy=HERE, auth="user:pass")  # type: ignore[arg-type]  # what the test is about


def test_the_requests_words_replace_the_sessions() -> None:
    session = NOTHING.over(proxy="http://a:b@here.example:3128", headers={"X-P": "1"})
    other = BasicAuth("c", "d")
    assert session.over().proxy == session.proxy
    assert session.over(auth=other).proxy == Proxy(URL(HERE), other.encode(), (("X-P", "1"),))
    assert session.over(headers={"X-Q": "2"}).proxy == Proxy(
        URL(HERE), BasicAuth("a", "b").encode(), (("X-Q", "2"),)
    )


def test_what_one_proxy_is_told_is_not_told_to_another() -> None:
    session = NOTHING.over(proxy=HERE, auth=USER, headers={"X-P": "1"})
    assert session.over(proxy=THERE).proxy == Proxy(URL(THERE))
    assert session.over(proxy=HERE).proxy == session.proxy


def test_a_session_without_a_proxy_has_credentials_for_those_of_its_requests() -> None:
    session = NOTHING.over(auth=USER)
    assert session.proxy_for(ORIGIN) is None
    assert session.over(proxy=HERE).proxy == Proxy(URL(HERE), USER_VALUE)


@pytest.mark.parametrize(
    ("session", "request_", "heeded"),
    [
        (False, None, False),
        (True, None, True),
        (False, True, True),
        (True, False, False),
    ],
)
def test_trust_is_three_valued(
    variables: pytest.MonkeyPatch, session: bool, request_: bool | None, heeded: bool
) -> None:
    """S214."""
    variables.setenv("http_proxy", HERE)
    rules = NOTHING.over(trust_env=session).over(trust_env=request_)
    assert (rules.proxy_for(ORIGIN) is not None) is heeded


def test_the_environment_is_read_for_each_url_as_it_is_then(variables: pytest.MonkeyPatch) -> None:
    rules = NOTHING.over(trust_env=True, auth=USER)
    variables.setenv("http_proxy", HERE)
    variables.setenv("https_proxy", "http://a:b@there.example:3128")
    variables.setenv("no_proxy", "sea.example")
    assert rules.proxy_for(ORIGIN) == Proxy(URL(HERE), USER_VALUE)
    assert rules.proxy_for(URL("https://shore.example")) == Proxy(URL(THERE), BasicAuth("a", "b").encode())
    assert rules.proxy_for(URL("http://sea.example")) is None
    variables.delenv("http_proxy")
    assert rules.proxy_for(ORIGIN) is None


def test_a_proxy_that_is_given_wins_over_the_environment(variables: pytest.MonkeyPatch) -> None:
    variables.setenv("http_proxy", THERE)
    variables.setenv("no_proxy", "*")
    assert NOTHING.over(proxy=HERE, trust_env=True).proxy_for(ORIGIN) == Proxy(URL(HERE))


@pytest.mark.parametrize("none", ["", URL()])
def test_an_empty_url_is_no_proxy_at_all(variables: pytest.MonkeyPatch, none: str | URL) -> None:
    variables.setenv("http_proxy", THERE)
    rules = NOTHING.over(proxy=HERE, trust_env=True)
    assert rules.over(proxy=none).proxy_for(ORIGIN) is None
    assert NOTHING.over(trust_env=True).over(proxy=none).proxy_for(ORIGIN) is None


@pytest.mark.parametrize(
    "given",
    [
        "socks://u:hush@here.example",
        "socks5://:hush@here.example",
        "socks5://u%C3%BC:hush@here.example",
        "ftp://here.example",
        "here.example:3128",
        "http://u:hush@h:port",
        "/path",
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(given: str) -> None:
    with pytest.raises(whimbrel.InvalidURL) as caught:
        NOTHING.over(proxy=given)
    assert isinstance(caught.value, ValueError)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)


def test_what_the_environment_names_may_be_unusable(variables: pytest.MonkeyPatch) -> None:
    rules = NOTHING.over(trust_env=True)
    variables.setenv("http_proxy", "socks5://hush@here.example")
    with pytest.raises(whimbrel.InvalidURL, match="password") as caught:
        rules.proxy_for(ORIGIN)
    assert "hush" not in str(caught.value)
    variables.setenv("http_proxy", "http://here.example:port")
    with pytest.raises(InvalidProxy):
        rules.proxy_for(ORIGIN)


def test_headers_for_the_proxy_are_checked_before_anything_is_sent() -> None:
    with pytest.raises(InvalidHead):
        NOTHING.over(proxy=HERE, headers={"X-P": "a\r\nX-Q: b"})


def head_of(
    url: str, proxy: Proxy | None, *, offers_upgrade: bool = False, hides: bool = True
) -> list[bytes]:
    headers = CIMultiDict([("Host", "shore.example"), ("Proxy-A", "1"), ("X-P", "theirs"), ("PROXY-A", "2")])
    outgoing = Outgoing("GET", URL(url), headers, offers_upgrade=offers_upgrade)
    return wire_request(
        outgoing, Head.of(outgoing, headers), proxy, hides_proxy_fields=hides
    ).encoder.head.split(b"\r\n")[:-2]


TOLD = Proxy(URL(HERE), USER_VALUE, (("x-p", "ours"),))
DIRECT = [b"Host: shore.example", b"X-P: theirs"]


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://shore.example", b"http://shore.example/"),
        ("http://shore.example:80/a?b#c", b"http://shore.example/a?b"),
        ("http://shore.example:8080/%C3%A4", b"http://shore.example:8080/%C3%A4"),
        ("http://[::1]:81/", b"http://[::1]:81/"),
        ("http://küste.example/", b"http://xn--kste-0ra.example/"),
    ],
)
def test_a_forwarded_request_is_in_absolute_form_and_tells_the_proxy_what_is_its_own(
    url: str, target: bytes
) -> None:
    """RFC 9112 section 3.2.2."""
    assert head_of(url, TOLD) == [
        b"GET %b HTTP/1.1" % target,
        b"Host: shore.example",
        b"Proxy-A: 1",
        b"PROXY-A: 2",
        b"Proxy-Authorization: " + USER_VALUE.encode(),
        b"x-p: ours",
    ]


@pytest.mark.parametrize(
    ("url", "proxy", "offers_upgrade"),
    [
        ("http://shore.example/a", None, False),
        ("https://shore.example/a", TOLD, False),
        ("ws://shore.example/a", TOLD, True),
        ("http://shore.example/a", TOLD, True),
    ],
)
def test_an_origin_sees_the_origin_form_and_nothing_for_proxies(
    url: str, proxy: Proxy | None, offers_upgrade: bool
) -> None:
    head = head_of(url, proxy, offers_upgrade=offers_upgrade)
    assert head == [b"GET /a HTTP/1.1", *DIRECT]


def test_where_no_proxy_is_in_play_the_callers_word_is_sent() -> None:
    assert b"Proxy-A: 1" in head_of("http://shore.example/a", None, hides=False)
    assert not NOTHING.may_apply
    assert NOTHING.over(proxy=HERE).may_apply
    assert NOTHING.over(trust_env=True).may_apply


@pytest.mark.parametrize(
    ("url", "offers_upgrade", "leased"),
    [
        ("http://shore.example:81/", True, "ws://shore.example:81/"),
        ("https://shore.example/", True, "https://shore.example/"),
        ("http://shore.example/", False, "http://shore.example/"),
    ],
)
def test_a_websocket_is_leased_as_one(url: str, offers_upgrade: bool, leased: str) -> None:
    outgoing = Outgoing("GET", URL(url), CIMultiDict(), offers_upgrade=offers_upgrade)
    assert leased_url(outgoing) == URL(leased)
