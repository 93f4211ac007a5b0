"""Which variable decides about a URL, what is said about it, and what stays unsaid."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from whimbrel_connector.environment import Explanation, ProxyEnvironment
from whimbrel_connector.errors import ConnectorError, InvalidProxy

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

A, B = "http://a.example:3128", "http://b.example:3128"
URLS = {scheme: f"{scheme}://shore.example/" for scheme in ("http", "https", "ws", "wss")}


def read(**variables: str) -> ProxyEnvironment:
    return ProxyEnvironment.from_mapping(variables)


class Row(NamedTuple):
    """An environment, the scheme of a URL, and its proxy: here, in curl and in Go ("error": it fails).

    curl is 8.23, Go is 1.27; both were run, but for the rows of urllib.
    """

    origin: str
    environ: dict[str, str]
    scheme: str
    here: str | None
    curl: str | None
    go: str | None


ROWS = [
    Row("nothing", {}, "http", None, None, None),
    Row("curl http_proxy", {"http_proxy": A}, "http", A, A, A),
    Row("Go HTTP_PROXY", {"HTTP_PROXY": A}, "http", A, None, A),
    Row("urllib Http_Proxy", {"Http_Proxy": A}, "http", A, None, None),
    Row("curl lower case wins, http", {"http_proxy": A, "HTTP_PROXY": B}, "http", A, A, B),
    Row("curl lower case wins, https", {"HTTPS_PROXY": B, "https_proxy": A}, "https", A, A, B),
    Row("upper case before a mixture", {"Https_Proxy": B, "HTTPS_PROXY": A}, "https", A, A, A),
    Row("curl HTTPS_PROXY", {"HTTPS_PROXY": A}, "https", A, A, A),
    Row("Go http_proxy is not for https", {"http_proxy": A}, "https", None, None, None),
    Row("Go https_proxy is not for http", {"https_proxy": A}, "http", None, None, None),
    Row("curl ALL_PROXY, http", {"ALL_PROXY": A}, "http", A, A, None),
    Row("curl all_proxy, https", {"all_proxy": A}, "https", A, A, None),
    Row("curl all_proxy comes last", {"https_proxy": A, "all_proxy": B}, "https", A, A, A),
    Row("curl ALL_PROXY comes last", {"HTTPS_PROXY": A, "all_proxy": B}, "https", A, A, A),
    Row("curl empty is unset", {"https_proxy": "", "HTTPS_PROXY": A}, "https", A, A, A),
    Row("curl empty is unset, ALL_PROXY", {"https_proxy": "", "ALL_PROXY": A}, "https", A, A, None),
    Row("curl ws_proxy", {"ws_proxy": A, "http_proxy": B}, "ws", A, A, None),
    Row("curl ws falls back", {"http_proxy": A, "https_proxy": B}, "ws", A, A, None),
    Row("curl wss falls back", {"https_proxy": A, "http_proxy": B}, "wss", A, A, None),
    Row("curl wss falls back to upper case", {"HTTPS_PROXY": A}, "wss", A, A, None),
    Row("curl WSS_PROXY", {"WSS_PROXY": A, "https_proxy": B}, "wss", A, A, None),
    Row("curl ws_proxy is not for wss", {"ws_proxy": A}, "wss", None, None, None),
    Row("curl http_proxy is not for wss", {"http_proxy": A}, "wss", None, None, None),
    Row("curl wss falls back to all_proxy", {"all_proxy": A}, "wss", A, A, None),
    Row("Go ws falls back to HTTP_PROXY", {"HTTP_PROXY": A}, "ws", A, None, None),
    Row("httpoxy HTTP_PROXY", {"HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, "http", None, None, "error"),
    Row("httpoxy Http_Proxy", {"Http_Proxy": A, "REQUEST_METHOD": "GET"}, "http", None, None, None),
    Row("httpoxy http_proxy", {"http_proxy": A, "REQUEST_METHOD": "GET"}, "http", A, A, "error"),
    Row("httpoxy both", {"HTTP_PROXY": B, "http_proxy": A, "REQUEST_METHOD": "GET"}, "http", A, A, "error"),
    Row(
        "httpoxy blank",
        {"HTTP_PROXY": B, "http_proxy": "", "REQUEST_METHOD": "GET"},
        "http",
        None,
        None,
        "error",
    ),
    Row(
        "httpoxy all_proxy", {"HTTP_PROXY": B, "ALL_PROXY": A, "REQUEST_METHOD": "GET"}, "http", A, A, "error"
    ),
    Row("httpoxy ws", {"HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, "ws", None, None, None),
    Row("httpoxy HTTPS_PROXY is safe", {"HTTPS_PROXY": A, "REQUEST_METHOD": "GET"}, "https", A, A, A),
    Row("httpoxy empty method", {"HTTP_PROXY": A, "REQUEST_METHOD": ""}, "http", None, None, A),
    Row("curl no_proxy", {"http_proxy": A, "no_proxy": "shore.example"}, "http", None, None, None),
    Row("curl NO_PROXY", {"http_proxy": A, "NO_PROXY": "shore.example"}, "http", None, None, None),
    Row("urllib No_Proxy", {"http_proxy": A, "No_Proxy": "shore.example"}, "http", None, A, A),
    Row("curl no_proxy wins", {"http_proxy": A, "no_proxy": "x", "NO_PROXY": "*"}, "http", A, A, None),
    Row(
        "curl no_proxy wins, covering",
        {"http_proxy": A, "no_proxy": "*", "NO_PROXY": "x"},
        "http",
        None,
        None,
        A,
    ),
    Row(
        "curl empty no_proxy is unset",
        {"http_proxy": A, "no_proxy": "", "NO_PROXY": "*"},
        "http",
        None,
        None,
        None,
    ),
    Row("curl NO_PROXY against ALL_PROXY", {"ALL_PROXY": A, "NO_PROXY": "*"}, "https", None, None, None),
    Row(
        "curl NO_PROXY against WSS_PROXY",
        {"WSS_PROXY": A, "NO_PROXY": "shore.example"},
        "wss",
        None,
        None,
        None,
    ),
]
IDS = [f"{row.origin}: {row.scheme}" for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_first_variable_of_a_scheme_decides(row: Row) -> None:
    proxy = ProxyEnvironment.from_mapping(row.environ).proxy_for(URL(URLS[row.scheme]))
    assert (proxy and str(proxy)) == row.here


S, T = "socks5h://me:cret@s.example:1080", "socks4a://t.example:9050"

# curl is 7.88.1 and was run; tests-integration/test_environment_like_curl.py runs the curl of the day on such rows.
SOCKS_ROWS = [
    ({"all_proxy": S}, "http", S),
    ({"ALL_PROXY": S}, "https", S),
    ({"all_proxy": S, "ALL_PROXY": T}, "http", S),
    ({"all_proxy": "", "ALL_PROXY": T}, "http", T),
    ({"all_proxy": S, "http_proxy": A}, "http", A),
    ({"all_proxy": S, "http_proxy": A}, "https", S),
    ({"all_proxy": S, "http_proxy": ""}, "http", S),
    ({"http_proxy": T}, "http", T),
    ({"http_proxy": T}, "https", None),
    ({"HTTPS_PROXY": S, "all_proxy": T}, "https", S),
    ({"all_proxy": "SOCKS5H://s.example"}, "http", "socks5h://s.example:1080"),
    ({"all_proxy": "socks://s.example:1080/"}, "http", "socks4://s.example:1080"),
    ({"all_proxy": "s.example:1080"}, "http", "http://s.example:1080"),
    ({"all_proxy": S, "no_proxy": "shore.example"}, "https", None),
    ({"all_proxy": S, "NO_PROXY": "*"}, "http", None),
    ({"all_proxy": S, "no_proxy": "sea.example"}, "http", S),
    ({"all_proxy": S, "http_proxy": A, "no_proxy": "shore.example"}, "http", None),
]


@pytest.mark.parametrize(("variables", "scheme", "named"), SOCKS_ROWS)
def test_socks_proxies_are_named_like_others(
    variables: dict[str, str], scheme: str, named: str | None
) -> None:
    environment = read(**variables)
    proxy = environment.proxy_for(URL(URLS[scheme]))
    assert (proxy and str(proxy)) == named
    explanation = environment.explain(URL(URLS[scheme]))
    assert explanation.proxy == proxy
    assert "cret" not in str(explanation)
    if proxy is not None:
        assert str(explanation).startswith(f"{scheme}://shore.example goes through {proxy.scheme}://")


def test_where_curl_and_go_agree_they_are_followed_but_for_spellings() -> None:
    assert {row.origin for row in ROWS if row.curl == row.go != row.here} == {
        "urllib Http_Proxy",
        "urllib No_Proxy",
        "Go ws falls back to HTTP_PROXY",
    }


@pytest.mark.parametrize(
    "url", ["ftp://shore.example/", "http+unix://shore.example/", "/path", "shore.example", ""]
)
def test_other_schemes_go_directly(url: str) -> None:
    assert read(http_proxy=A, all_proxy=B).proxy_for(URL(url)) is None


def test_the_mapping_is_read_once() -> None:
    variables = {"http_proxy": A}
    environment = ProxyEnvironment.from_mapping(variables)
    variables["no_proxy"] = "*"
    assert environment.proxy_for(URL(URLS["http"])) == URL(A)


def test_the_current_environment_is_the_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", A)
    assert ProxyEnvironment.current().proxy_for(URL(URLS["http"])) == URL(A)


def test_equal_environments_are_equal_values() -> None:
    one, other = read(http_proxy=A, no_proxy="x"), read(no_proxy="x", http_proxy=A, PATH="/bin")
    assert one == other != read(http_proxy=B)
    assert hash(one) == hash(other)
    assert pickle.loads(pickle.dumps(one)) == one


class TestExplain:
    """One sentence says who decided."""

    SENTENCES: ClassVar[list[tuple[dict[str, str], str, str]]] = [
        ({"HTTPS_PROXY": "proxy.example:3128"}, "https://shore.example/path?q#f",
         "https://shore.example goes through http://proxy.example:3128, as HTTPS_PROXY says"),
        ({"all_proxy": "socks5h://me:secret@proxy.example"}, "http://shore.example:8080/",
         "http://shore.example:8080 goes through socks5h://***@proxy.example:1080, as all_proxy says"),
        ({"http_proxy": A, "no_proxy": "x, .Shore.Example"}, "http://user:pw@www.shore.example/",
         "http://www.shore.example goes directly, as '.Shore.Example' in no_proxy says"),
        ({"ALL_PROXY": A, "NO_PROXY": "10.0.0.0/8"}, "https://10.1.2.3/",
         "https://10.1.2.3 goes directly, as '10.0.0.0/8' in NO_PROXY says"),
        ({"http_proxy": A, "no_proxy": "*"}, "http://[2001:db8::1]:81/",
         "http://[2001:db8::1]:81 goes directly, as '*' in no_proxy says"),
        ({}, "http://shore.example/",
         "http://shore.example goes directly: neither http_proxy nor all_proxy names a proxy"),
        ({"http_proxy": A, "no_proxy": "*"}, "wss://shore.example/",
         "wss://shore.example goes directly: none of wss_proxy, https_proxy and all_proxy names a proxy"),
        ({"all_proxy": A}, "ftp://shore.example/",
         "ftp://shore.example goes directly: proxies are named for http, https, ws and wss only"),
        ({"HTTP_PROXY": A, "REQUEST_METHOD": "GET"}, "http://shore.example/",
         ("http://shore.example goes directly: neither http_proxy nor all_proxy names a proxy; "
          "HTTP_PROXY is not heeded, because a CGI client could have set it")),
        ({"HTTP_PROXY": A, "ALL_PROXY": B, "REQUEST_METHOD": "GET"}, "ws://shore.example/",
         ("ws://shore.example goes through http://b.example:3128, as ALL_PROXY says; "
          "HTTP_PROXY is not heeded, because a CGI client could have set it")),
        ({"HTTP_PROXY": A, "ws_proxy": B, "REQUEST_METHOD": "GET"}, "ws://shore.example/",
         "ws://shore.example goes through http://b.example:3128, as ws_proxy says"),
    ]  # fmt: skip

    @pytest.mark.parametrize(("environ", "url", "sentence"), SENTENCES, ids=[row[2] for row in SENTENCES])
    def test_a_sentence(self, environ: dict[str, str], url: str, sentence: str) -> None:
        explanation = ProxyEnvironment.from_mapping(environ).explain(URL(url))
        assert str(explanation) == sentence
        assert repr(explanation) == f"<Explanation: {sentence}>"

    def test_a_proxy_and_its_variable_are_facts(self) -> None:
        explanation = read(HTTPS_PROXY="me:secret@proxy.example:3128").explain(URL(URLS["https"]))
        assert explanation.proxy == URL("http://me:secret@proxy.example:3128")
        assert (explanation.variable, explanation.rule) == ("HTTPS_PROXY", None)

    def test_the_entry_and_its_variable_are_facts(self) -> None:
        explanation = read(https_proxy=A, No_Proxy="x,shore.example:443").explain(URL(URLS["https"]))
        assert explanation == Explanation(
            "https://shore.example", proxy=None, variable="No_Proxy", rule="shore.example:443"
        )

    def test_what_was_looked_for_is_a_fact(self) -> None:
        explanation = read(NO_PROXY="*").explain(URL(URLS["https"]))
        assert explanation == Explanation("https://shore.example", unset=("https_proxy", "all_proxy"))

    def test_a_long_entry_is_cut_in_the_sentence_only(self) -> None:
        host = "a." * 100 + "example"
        explanation = read(http_proxy=A, no_proxy=host).explain(URL(f"http://{host}/"))
        assert explanation.rule == host
        assert f"as '{host[:100]}' in no_proxy says" in str(explanation)


class TestInvalidProxy:
    """A faulty value is an error for the URLs it would serve, and for no other."""

    def test_the_variable_is_named(self) -> None:
        environment = read(HTTPS_PROXY="ftp://proxy.example")
        with pytest.raises(InvalidProxy) as caught:
            environment.proxy_for(URL(URLS["https"]))
        assert str(caught.value) == (
            "HTTPS_PROXY names no usable proxy: a scheme other than http, https, socks4, socks4a, socks5 or socks5h"
            " in 'ftp://proxy.example'"
        )
        with pytest.raises(InvalidProxy, match="HTTPS_PROXY"):
            environment.explain(URL(URLS["https"]))

    def test_it_belongs_to_the_family_and_is_a_value_error(self) -> None:
        assert issubclass(InvalidProxy, ConnectorError)
        assert issubclass(InvalidProxy, ValueError)

    def test_it_harms_no_url_that_another_variable_or_entry_decides(self) -> None:
        environment = read(ALL_PROXY="socks6://127.0.0.1:1080/", https_proxy=A, no_proxy="shore.example:80")
        assert environment.proxy_for(URL(URLS["https"])) == URL(A)
        assert environment.proxy_for(URL(URLS["http"])) is None
        with pytest.raises(InvalidProxy, match="ALL_PROXY"):
            environment.proxy_for(URL("http://shore.example:8080/"))

    @pytest.mark.parametrize(
        "value",
        [
            "http://me:se/cret@proxy.example",
            "http://me:se#cret@proxy.example",
            "http://me:cret",
            "http://me:secret@proxy.example:port",
            "secret@proxy.example:99999",
            "ftp://secret@proxy.example",
            "http://me:secret@[proxy.example",
        ],
    )
    def test_it_never_quotes_credentials(self, value: str) -> None:
        with pytest.raises(InvalidProxy) as caught:
            read(http_proxy=value).proxy_for(URL(URLS["http"]))
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        if "@" in value:
            assert "cret" not in f"{error} {error!r} {error.__dict__}"
            assert b"cret" not in pickle.dumps(error)

    def test_it_quotes_little_and_escapes_it(self) -> None:
        with pytest.raises(InvalidProxy) as caught:
            read(http_proxy="proxy\x1b\n" + "é" * 5000).proxy_for(URL(URLS["http"]))
        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()
        assert len(caught.value.value) == 100

    def test_it_pickles(self) -> None:
        error = InvalidProxy("http_proxy", "ftp://***@proxy.example", "a scheme")
        copy = pickle.loads(pickle.dumps(error))
        assert (copy.variable, copy.value, copy.what) == (error.variable, error.value, error.what)
        assert str(copy) == str(error)


def test_a_printed_environment_shows_names_only() -> None:
    environment = read(HTTPS_PROXY="me:secret@proxy.example:3128", all_proxy=A)
    assert repr(environment) == "<ProxyEnvironment: HTTPS_PROXY, all_proxy>"
    assert repr(read()) == "<ProxyEnvironment: no proxy>"


schemes = st.sampled_from(sorted(URLS))
variable_names = st.sampled_from(["http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy"])
environs = st.dictionaries(
    st.builds(
        lambda name, spell: spell(name), variable_names, st.sampled_from([str.lower, str.upper, str.title])
    ),
    st.sampled_from(
        ["", " ", A, B, "proxy.example", "socks5://me:cret@proxy.example", "ftp://me:cret@proxy.example"]
    ),
)
no_proxies = st.lists(st.sampled_from(["shore.example", "*.example", "x", "*", "[::1]"])).map(",".join)


def outcome(environ: Mapping[str, str], url: URL) -> URL | str | None:
    try:
        return ProxyEnvironment.from_mapping(environ).proxy_for(url)
    except InvalidProxy as error:
        return error.value


@given(environs, no_proxies, schemes)
def test_the_explanation_is_of_what_happens(environ: dict[str, str], listed: str, scheme: str) -> None:
    environ, url = {**environ, "no_proxy": listed}, URL(URLS[scheme])
    environment, expected = ProxyEnvironment.from_mapping(environ), outcome(environ, url)
    if isinstance(expected, str):
        with pytest.raises(InvalidProxy):
            environment.explain(url)
        return
    explanation = environment.explain(url)
    assert explanation.proxy == expected
    assert explanation.variable is None or explanation.variable in environ
    assert (explanation.rule is not None) is (explanation.variable == "no_proxy")
    assert "cret" not in f"{explanation} {explanation!r}"


@given(environs, schemes)
def test_a_host_that_is_listed_needs_no_proxy_and_raises_nothing(
    environ: dict[str, str], scheme: str
) -> None:
    url = URL(URLS[scheme])
    assert outcome({**environ, "no_proxy": f"x,{url.raw_host}"}, url) is None


@given(st.dictionaries(variable_names, st.sampled_from([A, B])), st.randoms(use_true_random=False), schemes)
def test_letter_case_of_names_never_matters(
    environ: dict[str, str], dice: random.Random, scheme: str
) -> None:
    spelled = {"".join(dice.choice([c.upper(), c]) for c in name): value for name, value in environ.items()}
    assert outcome(environ, URL(URLS[scheme])) == outcome(spelled, URL(URLS[scheme]))


@given(
    st.dictionaries(st.text().filter(lambda name: not name.lower().endswith("_proxy")), st.text()), schemes
)
def test_other_variables_never_matter(environ: dict[str, str], scheme: str) -> None:
    assert outcome({**environ, "http_proxy": A, "https_proxy": A, "no_proxy": "x"}, URL(URLS[scheme])) == URL(
        A
    )
