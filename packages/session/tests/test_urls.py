"""What goes out for a URL and `params`."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from yarl import URL

import whimbrel
from whimbrel._urls import HTTP_SCHEMES, Params, build_url, check_scheme, request_target, schemes_of
from whimbrel.client_exceptions import InvalidURL, InvalidUrlClientError, NonHttpUrlClientError

HERE = "http://shore.example/path"


@pytest.mark.parametrize(
    ("params", "target"),
    [
        pytest.param({"key1": "value1", "key2": "value2"}, "/path?key1=value1&key2=value2", id="S029 dict"),
        pytest.param([("key", "value1"), ("key", "value2")], "/path?key=value1&key=value2", id="S033 pairs"),
        pytest.param("key=value+1", "/path?key=value+1", id="S035 plus in a str"),
        pytest.param("a=%40&b=%2F", "/path?a=%40&b=%2F", id="S034 a str goes out verbatim"),
        pytest.param("a=b c\r\n&ü=%zz", "/path?a=b%20c%0D%0A&%C3%BC=%25zz", id="S034 but for illegal octets"),
        pytest.param(
            {"a": "a+b c&d=п/%"}, "/path?a=a%2Bb+c%26d%3D%D0%BF/%25", id="S036 values of a dict are encoded"
        ),
        pytest.param({"n": 1, "x": 1.5}, "/path?n=1&x=1.5", id="S043 numbers"),
        pytest.param({}, "/path", id="S044 an empty dict adds nothing"),
        pytest.param("", "/path", id="S044 nor does an empty str"),
    ],
)
def test_params_join_the_query(params: Params, target: str) -> None:
    assert request_target(build_url(None, HERE, params)) == target


@pytest.mark.parametrize("params", [{"b": "2"}, [("b", "2")], "b=2"])
def test_params_come_after_the_query_that_is_there(params: Params) -> None:
    assert request_target(build_url(None, "http://shore.example/?a=1#f", params)) == "/?a=1&b=2"


@pytest.mark.parametrize("params", [True, None])
def test_values_that_mean_nothing_in_a_query_are_refused(params: object) -> None:
    with pytest.raises(TypeError):
        build_url(None, HERE, {"a": params})  # type: ignore[dict-item]  # the mistake under test


def test_encoded_urls_stay_as_they_are() -> None:
    url = URL("http://shore.example/%30?a=%31%2F", encoded=True)
    assert request_target(build_url(None, url)) == "/%30?a=%31%2F"
    assert request_target(build_url(None, url, "b=%32")) == "/%30?a=%31%2F&b=%32"


def test_urls_are_put_into_canonical_form() -> None:
    assert (
        request_target(build_url(None, "http://shore.example/путь%30?a=%31"))
        == "/%D0%BF%D1%83%D1%82%D1%8C0?a=1"
    )


def test_a_fragment_is_never_sent() -> None:
    assert request_target(build_url(None, HERE + "#secret")) == "/path"


def test_relative_urls_follow_the_base() -> None:
    assert str(build_url(URL("http://shore.example/api/"), "bird")) == "http://shore.example/api/bird"


@pytest.mark.parametrize("url", ["", "shore.example", "birds/1"])
def test_urls_without_a_scheme_are_refused(url: str) -> None:
    with pytest.raises(InvalidUrlClientError, match="it has no scheme"):
        check_scheme(build_url(None, url), HTTP_SCHEMES)


@pytest.mark.parametrize("url", ["ftp://shore.example/", "file:///etc/passwd"])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(NonHttpUrlClientError, match=url):
        check_scheme(build_url(None, url), HTTP_SCHEMES)


def test_a_connector_may_bring_schemes_of_its_own() -> None:
    assert schemes_of(object()) == {"http", "https"}
    assert schemes_of(whimbrel.TCPConnector) == {"http", "https", "tcp"}
    check_scheme(build_url(None, "unix://shore.example/"), schemes_of(whimbrel.UnixConnector))


@pytest.mark.parametrize("url", ["/birds/", "//shore.example/", "http://shore.example/birds"])
def test_a_base_has_a_scheme_and_ends_with_a_slash(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must be absolute"):
        whimbrel.ClientSession(url)


@pytest.mark.parametrize("url", ["http://", "http:///path", "http://[::1", "http://host:port/"])
def test_urls_without_a_host_are_refused(url: str) -> None:
    with pytest.raises(InvalidURL):
        check_scheme(build_url(None, url), HTTP_SCHEMES)


@pytest.mark.parametrize("host", ["a b", "a%20b", "a%2Fb", "a<b>", "a|b", "a\0b", 'a"b', "a^b", "a{b}"])
def test_hosts_that_no_name_can_be_are_refused(host: str) -> None:
    with pytest.raises(InvalidUrlClientError, match="neither a name nor an address"):
        check_scheme(build_url(None, f"http://{host}/"), HTTP_SCHEMES)


@pytest.mark.parametrize(
    "host", ["a_b", "-a.example.", "*", "127.0.0.1", "[::1]", "[fe80::1%25eth0]", "маяк.example"]
)
def test_hosts_that_may_be_there_are_asked_for(host: str) -> None:
    check_scheme(build_url(None, f"http://{host}:80/"), HTTP_SCHEMES)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        (
            "/a%2Fb?credential=key%2Fdate&plus=%2B&colon=%3a",
            "/a%2Fb?credential=key%2Fdate&plus=%2B&colon=%3a",
        ),
        ("/?a=%31%41%7e%2d", "/?a=1A~-"),
        ("/?a=100%&b=%zz", "/?a=100%25&b=%25zz"),
        ("/?a=%D0%BF#f%41", "/?a=%D0%BF"),
        ("/?a=ü%2F", "/?a=%C3%BC%2F"),
    ],
)
def test_escapes_in_the_query_of_a_str_keep_their_meaning(written: str, target: str) -> None:
    assert request_target(build_url(None, "http://shore.example" + written)) == target


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("/Spider-Man_%26_Silk%3a_%27(fly)%27", "/Spider-Man_%26_Silk%3a_%27(fly)%27"),
        ("/%41%7e/../%2e./%2F%27/./%25%2541%zz", "/%2F%27/%25%2541%25zz"),
        ("/%27?x", "/%27?x"),
        ("//http://%40/%C3%bc", "//http://%40/%C3%bc"),
    ],
)
def test_escapes_in_the_path_of_a_str_keep_their_meaning(written: str, target: str) -> None:
    assert request_target(build_url(None, "http://shore.example" + written)) == target
    below_base = build_url(URL("http://shore.example/api/"), written) if written[:2] != "//" else None
    assert below_base is None or request_target(below_base) == target


PIECES = ["%27", "%2F", "%41", "%zz", "%25", "%2541", "/", "..", ".", "a", "ü", " ", ":", "@", "%40"]
FRONTS = ["http://shore.example/", "http://me:p%40@shore.example/", "http://[fe80::1%25eth0]/", "/", ""]


@given(st.sampled_from(FRONTS), st.lists(st.sampled_from(PIECES)).map("".join))
def test_exact_escapes_are_all_that_is_otherwise_in_a_path_than_yarl_has_it(front: str, rest: str) -> None:
    assume(not (front + rest).startswith("//"))  # of which the beginning is no path
    assume(front or ":" not in rest.partition("/")[0])  # which has a test of its own
    url = build_url(None, front + rest)
    assert URL(str(url)) == URL(front + rest)
    assert str(build_url(None, str(url))) == str(url)


@pytest.mark.parametrize("written", ["%41:", "%41:80/%27", "h%74tp:"])
def test_what_an_escape_stands_for_makes_no_scheme(written: str) -> None:
    """RFC 3986 section 4.2."""
    url = build_url(None, written)
    assert not url.scheme
    assert URL(str(url)) == URL(written)
    assert request_target(build_url(URL("http://shore.example/api/"), written)).startswith("/api/")
