"""The jar: aiohttp's interface over RFC 6265bis."""

import copy
import logging
import pickle
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whimbrel_cookies import CookieFileError, CookieJar, CookieMorsel, InvalidCookie, InvalidUrl

if TYPE_CHECKING:
    from .conftest import Clock

SITE = "https://www.shore.example/tides/today"


def jar_with(*lines: str | bytes, url: str = SITE, **options: Any) -> CookieJar:
    jar = CookieJar(**options)
    jar.update_cookies_from_headers(lines, url)
    return jar


# Sending


def test_same_name_on_two_paths_is_sent_twice_longest_path_first() -> None:
    jar = jar_with("a=root; Path=/", "b=1; Path=/", "a=tides; Path=/tides")
    assert jar.cookie_header(SITE) == "a=tides; a=root; b=1"


def test_a_new_value_keeps_its_place() -> None:
    jar = jar_with("a=1", "b=2", "a=3")
    assert jar.cookie_header(SITE) == "a=3; b=2"


@pytest.mark.parametrize("value", ["x=y", "/+", '"q"', "a b", "%3B", "a,b", "春", 'x"y', "\\", "a\tb"])
def test_values_go_back_verbatim(value: str) -> None:
    assert jar_with(f"a={value}").cookie_header(SITE) == f"a={value}"
    assert jar_with(f"a={value}", quote_cookie=True).cookie_header(SITE) == f"a={value}"


@given(st.binary(min_size=1, max_size=20))
def test_any_bytes_go_back_as_they_came_or_not_at_all(value: bytes) -> None:
    sent = jar_with(b"a=" + value).cookie_header(SITE).encode("utf-8", "surrogateescape")
    assert sent in {b"", b"a=" + value.partition(b";")[0].strip(b" \t")}


def test_an_empty_jar_does_not_even_look_at_the_url() -> None:
    assert CookieJar().cookie_header("nonsense") == ""
    assert len(CookieJar().filter_cookies("nonsense")) == 0


def test_the_field_is_bounded_but_not_for_the_caller() -> None:
    jar = jar_with(*[f"c{number}={'x' * 4000}" for number in range(5)], max_header_bytes=8190)
    assert len(jar.cookie_header(SITE)) <= 8190
    jar.update_cookies({"own": "y" * 9000})
    assert jar.cookie_header(SITE) == "own=" + "y" * 9000


# Morsels


def test_filter_cookies_maps_names_to_bare_morsels() -> None:
    found = jar_with('a="1 2"; Path=/; Secure', "n=x").filter_cookies(SITE)
    assert isinstance(found, SimpleCookie)
    assert {name: (morsel.value, morsel.coded_value) for name, morsel in found.items()} == {
        "n": ("x", "x"),
        "a": ("1 2", '"1 2"'),
    }
    assert found.output(header="", sep=";") == ' a="1 2"; n=x'


def test_of_two_cookies_filter_cookies_keeps_the_one_sent_first() -> None:
    assert jar_with("a=root; Path=/", "a=tides").filter_cookies(SITE)["a"].value == "tides"


def test_what_is_no_text_is_sent_but_not_filtered() -> None:
    jar = jar_with(b"a=\xe9", b"b=x\ty", b"c=1")
    assert list(jar.filter_cookies(SITE)) == ["c"]
    assert jar.cookie_header(SITE).encode("utf-8", "surrogateescape") == b"a=\xe9; b=x\ty; c=1"
    assert len(list(jar)) == 3


def test_iteration_shows_attributes_and_len_counts() -> None:
    jar = jar_with("a=1; Secure", "b=2; Domain=shore.example; Path=/x")
    shown = [(morsel.key, morsel["domain"], morsel["path"]) for morsel in jar]
    assert shown == [("a", "www.shore.example", "/tides"), ("b", "shore.example", "/x")]
    assert len(jar) == 2


def test_views_have_the_keys_of_aiohttp() -> None:
    jar = jar_with("a=1; Path=/", "b=2; Domain=shore.example; Path=/x/")
    jar.update_cookies({"all": "1"})
    assert {key: list(group) for key, group in jar.cookies.items()} == {
        ("www.shore.example", ""): ["a"],
        ("shore.example", "/x"): ["b"],
        ("", ""): ["all"],
    }
    assert jar.host_only_cookies == {("www.shore.example", "", "a")}


# Storing


def test_addresses_need_unsafe() -> None:
    """S139 to S141."""
    for url in ("http://127.0.0.1:80/cookie", "http://[::1]/"):
        assert len(jar_with("a=1", url=url)) == 0
        strict, loose = CookieJar(), CookieJar(unsafe=True)
        for jar in (strict, loose):
            jar.update_cookies({"a": "1"}, url)
        assert strict.cookie_header(url) == ""
        assert loose.cookie_header(url) == "a=1"
        assert jar_with("a=1", url=url, unsafe=True).cookie_header(url) == "a=1"


def test_lines_from_addresses_are_not_even_parsed() -> None:
    """S145."""
    nothing: Any = [object()]
    jar = CookieJar()
    jar.update_cookies_from_headers(nothing, "http://127.0.0.1/")
    jar.update_cookies_from_headers((), "nonsense")
    assert list(jar) == []


def test_cookies_without_a_url_go_to_every_host() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "1"})
    jar.update_cookies({"b": "2"}, None)
    for url in (SITE, "http://sea.example/x", "http://127.0.0.1/", "http://[::1]/", "http://127.1/"):
        assert jar.cookie_header(url) == "a=1; b=2"
    assert list(jar.filter_cookies()) == ["a", "b"]


def test_a_servers_cookie_takes_over_from_a_shared_one_on_its_host() -> None:
    jar = CookieJar()
    jar.update_cookies({"a": "mine", "b": "2"})
    jar.update_cookies_from_headers(["a=theirs; Path=/"], SITE)
    assert jar.cookie_header(SITE) == "b=2; a=theirs"
    assert jar.cookie_header("https://sea.example/") == "a=mine; b=2"


def test_prefixed_text_is_sent_encrypted_only() -> None:
    jar = CookieJar()
    jar.update_cookies({"__Secure-a": "1", "__host-b": "2", "c": "3"})
    jar.update_cookies({"__Host-d": "4"}, SITE)
    assert jar.cookie_header(SITE) == "__Secure-a=1; __host-b=2; c=3; __Host-d=4"
    assert jar.cookie_header(SITE.replace("https", "http")) == "c=3"


def test_insecure_origins_cannot_overlay_what_the_caller_made_secure() -> None:
    jar = CookieJar()
    shared: CookieMorsel = CookieMorsel("a", "1", {"secure": True})
    jar.update_cookies({"a": shared})
    jar.update_cookies_from_headers(["a=2; Path=/"], "http://www.shore.example/")
    assert jar.cookie_header("https://www.shore.example/") == "a=1"


def test_secure_rules_can_be_relaxed_for_named_origins_only() -> None:
    jar = jar_with(
        "a=1; Secure", url="http://localhost:8080/", treat_as_secure_origin=["http://localhost:8080", SITE]
    )
    assert jar.cookie_header("http://localhost:8080/x") == "a=1"
    assert jar.cookie_header("http://localhost:8081/x") == ""
    assert jar.treat_as_secure_origin == {"http://localhost:8080", "https://www.shore.example:443"}
    one = CookieJar(treat_as_secure_origin="http://localhost")
    assert one.treat_as_secure_origin == {"http://localhost:80"}


def test_text_is_quoted_on_demand() -> None:
    for quote, sent in ((False, "a=x y"), (True, 'a="x y"')):
        jar = CookieJar(quote_cookie=quote)
        assert jar.quote_cookie is quote
        jar.update_cookies({"a": "x y"}, SITE)
        assert jar.cookie_header(SITE) == sent
        assert jar.filter_cookies(SITE)["a"].value == "x y"


def test_morsels_are_stored_by_their_attributes() -> None:
    source = SimpleCookie()
    source["a"] = "1"
    source["a"]["domain"] = ".shore.example"
    source["b"] = "2"
    source["b"]["domain"] = "sea.example"
    jar = CookieJar()
    jar.update_cookies(source, SITE)
    assert [(morsel.key, morsel["domain"]) for morsel in jar] == [("a", "shore.example")]
    jar.update_cookies(source)
    assert jar.cookie_header("https://x.sea.example/") == "b=2"


def test_a_morsels_max_age_of_zero_deletes() -> None:
    jar = jar_with("a=1")
    gone = SimpleCookie()
    gone["a"] = ""
    gone["a"]["max-age"] = 0
    jar.update_cookies(gone, SITE)
    assert len(jar) == 0


@pytest.mark.parametrize(
    "cookies", [{"ok": "1", "a": "1\r\nX: y"}, {"ok": "1", "a;": "1"}, [("ok", "1"), ("a", "\x00")]]
)
def test_a_callers_bad_cookie_is_an_error_and_nothing_is_stored(cookies: Any) -> None:
    jar = CookieJar()
    for url in ("", SITE):
        with pytest.raises(InvalidCookie, match="contains"):
            jar.update_cookies(cookies, url)
    assert len(jar) == 0


def test_a_bad_morsel_from_a_response_is_ignored_and_without_one_an_error() -> None:
    jar, bad = CookieJar(), {"a": CookieMorsel("a", "x;y"), "b": CookieMorsel("b", "1")}
    jar.update_cookies(bad, SITE)
    assert jar.cookie_header(SITE) == "b=1"
    with pytest.raises(InvalidCookie):
        jar.update_cookies(bad)


@pytest.mark.parametrize("url", ["shore.example", "/tides"])
def test_a_url_that_lost_its_host_is_never_taken_for_every_host(url: str) -> None:
    with pytest.raises(InvalidUrl):
        CookieJar().update_cookies({"a": "1"}, url)


def test_a_response_must_have_a_url() -> None:
    with pytest.raises(InvalidUrl):
        CookieJar().update_cookies_from_headers(["a=1"], "")


def test_a_pluggable_list_of_suffixes_is_asked() -> None:
    asked = "a=1; Domain=co.uk; Path=/", "b=1; Domain=shore.co.uk; Path=/"
    by_rules = jar_with(*asked, url="https://www.shore.co.uk/", public_suffixes=["uk", "co.uk"])
    by_function = jar_with(
        *asked, url="https://www.shore.co.uk/", public_suffixes=lambda domain: domain == "co.uk"
    )
    for jar in (by_rules, by_function):
        assert jar.cookie_header("https://cam.shore.co.uk/") == "b=1"


def test_the_wishes_of_a_jar_can_be_read() -> None:
    jar = CookieJar(unsafe=True)
    assert (jar.unsafe, jar.quote_cookie, jar.treat_as_secure_origin) == (True, False, frozenset())


def test_limits_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        CookieJar(max_cookies=0)


def test_the_loop_is_taken_and_ignored() -> None:
    assert len(CookieJar(loop=object())) == 0


# Time and bounds


def test_cookies_end_by_the_clock_given(clock: "Clock") -> None:
    jar = jar_with("a=1; Max-Age=60", "b=2; Max-Age=61", "c=3", clock=clock)
    clock.now += 60
    assert jar.cookie_header(SITE) == "b=2; c=3"
    clock.now += 1
    assert len(jar) == 1
    assert [morsel.key for morsel in jar] == ["c"]
    assert next(iter(jar))["expires"] == ""


def test_no_cookie_outlives_400_days(clock: "Clock") -> None:
    jar = jar_with("a=1; Max-Age=99999999999", "b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", clock=clock)
    clock.now += 400 * 86400 - 1
    assert len(jar) == 2
    clock.now += 1
    assert len(jar) == 0


def test_floods_stay_within_the_limits() -> None:
    jar = jar_with(*[f"c{number}=1" for number in range(1000)])
    assert len(jar) == 180
    for number in range(4000):
        jar.update_cookies_from_headers(["a=1"], f"https://d{number}.example/")
    assert len(jar) <= 3000


def test_a_bad_response_costs_one_short_line_without_values(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "whimbrel_cookies"):
        jar_with(*[f"\x1b[31m{'n' * 500}=secret; Domain=sea.example" for _ in range(5000)])
        jar_with(*["n" * 500 + "=secret; Domain=sea.example"] * 5000)
    assert len(caplog.records) == 2
    for record in caplog.records:
        assert len(record.getMessage()) < 400
        assert "secret" not in record.getMessage()
        assert record.getMessage().isprintable()


def test_good_responses_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "whimbrel_cookies"):
        jar_with("a=1")
    assert not caplog.records


def test_a_lookup_touches_only_the_hosts_own_domains() -> None:
    jar = CookieJar()
    for number in range(500):
        jar.update_cookies_from_headers(["a=1; Path=/", "b=2"], f"https://d{number}.example/x/")
    before = {id(cookie): cookie.last_access for cookie in jar._store}
    jar._clock = lambda: 4e9
    assert jar.cookie_header("https://d7.example/x/y") == "b=2; a=1"
    touched = [cookie for cookie in jar._store if cookie.last_access != before[id(cookie)]]
    assert [cookie.domain for cookie in touched] == ["d7.example"] * 2


# Removing


def test_clearing() -> None:
    jar = jar_with("a=1; Path=/", "b=1; Path=/; Domain=shore.example")
    jar.update_cookies_from_headers(["c=1"], "https://offshore.example/")
    jar.update_cookies({"all": "1"})
    jar.clear(lambda morsel: morsel.key == "a")
    assert [morsel.key for morsel in jar] == ["b", "c", "all"]
    jar.clear_domain(".Shore.Example.")
    jar.clear_domain("not a host")
    assert [morsel.key for morsel in jar] == ["c", "all"]
    jar.clear(lambda morsel: not morsel["domain"])
    assert [morsel.key for morsel in jar] == ["c"]
    jar.clear()
    assert len(jar) == 0


def test_a_predicate_may_clear_the_jar_itself() -> None:
    jar = jar_with("a=1", "b=1")

    def predicate(_: object) -> bool:
        jar.clear()
        return True

    jar.clear(predicate)
    assert len(jar) == 0


# Keeping


def test_a_saved_jar_comes_back_whole(tmp_path: Path, clock: "Clock") -> None:
    jar = jar_with(
        "__Host-a=1; Secure; Path=/; HttpOnly; SameSite=Strict",
        "b=2; Domain=shore.example; Max-Age=60; Partitioned",
        b"c=\xe9",
        "nameless",
        "late=1; Path=/; Max-Age=1",
        clock=clock,
    )
    jar.update_cookies({"all": "x y"})
    jar.save(tmp_path / "jar.json")
    clock.now += 1
    again = CookieJar(clock=clock)
    again.update_cookies({"old": "1"})
    again.load(str(tmp_path / "jar.json"))
    assert [(morsel, _host_only(morsel)) for morsel in again] == [
        (morsel, _host_only(morsel)) for morsel in jar
    ]
    assert again.cookie_header(SITE) == jar.cookie_header(SITE)
    assert "late" not in again.cookie_header(SITE)


def _host_only(morsel: object) -> bool:
    assert isinstance(morsel, CookieMorsel)
    return morsel.host_only


def test_a_loading_jar_applies_its_own_rules(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loose = jar_with("ip=1", url="http://127.0.0.1/", unsafe=True, public_suffixes=())
    loose.update_cookies_from_headers(["a=1; Domain=co.uk; Path=/", "b=1; Path=/"], "https://shore.co.uk/")
    loose.save(tmp_path / "jar.json")
    strict = CookieJar(public_suffixes=["co.uk"])
    strict.load(tmp_path / "jar.json")
    assert [morsel.key for morsel in strict] == ["b"]
    assert len(caplog.records) == 1
    again = CookieJar(unsafe=True, public_suffixes=())
    again.load(tmp_path / "jar.json")
    assert len(again) == 3


def test_a_file_that_is_none_leaves_the_jar_alone(tmp_path: Path) -> None:
    jar = jar_with("a=1")
    (tmp_path / "jar.json").write_text("no")
    with pytest.raises(CookieFileError):
        jar.load(tmp_path / "jar.json")
    assert len(jar) == 1


# Who receives a cookie never widens

HOSTS = ["shore.example", "www.shore.example", "a.www.shore.example", "sea.example", "localhost"]
LINES = st.builds(
    "{}=1; Path=/{}".format,
    st.sampled_from("abc"),
    st.sampled_from(
        ["", "; Domain=shore.example", "; Domain=www.shore.example", "; Domain=localhost", "; Secure"]
    ),
)


def receivers(jar: CookieJar) -> dict[str, set[str]]:
    return {
        url: set(jar.cookie_header(url).split("; "))
        for host in HOSTS
        for url in (f"http://{host}/", f"https://{host}/")
    }


@given(st.lists(st.tuples(st.sampled_from(HOSTS), LINES), max_size=8))
def test_copying_a_jar_in_any_way_leaves_the_receivers_the_same(
    tmp_path_factory: pytest.TempPathFactory, responses: list[tuple[str, str]]
) -> None:
    jar = CookieJar(public_suffixes=())
    for host, line in responses:
        jar.update_cookies_from_headers([line], f"https://{host}/")
    jar.update_cookies({"shared": "1"})
    expected = receivers(jar)

    by_morsels = CookieJar(public_suffixes=())
    by_morsels.update_cookies([(str(morsel.key), morsel) for morsel in jar])
    by_file = CookieJar(public_suffixes=())
    file = tmp_path_factory.getbasetemp() / "receivers.json"
    jar.save(file)
    by_file.load(file)
    for other in (by_morsels, by_file, copy.deepcopy(jar), pickle.loads(pickle.dumps(jar))):
        assert receivers(other) == expected


@given(st.lists(st.tuples(st.sampled_from(HOSTS), LINES), max_size=8))
def test_filtered_cookies_given_to_a_host_stay_with_it(responses: list[tuple[str, str]]) -> None:
    jar = CookieJar()
    for host, line in responses:
        jar.update_cookies_from_headers([line], f"https://{host}/")
    other = CookieJar()
    other.update_cookies(jar.filter_cookies("https://www.shore.example/"), "https://www.shore.example/")
    assert all(morsel["domain"] == "www.shore.example" and _host_only(morsel) for morsel in other)


def test_a_host_only_morsel_is_not_stored_for_another_host() -> None:
    other = CookieJar()
    other.update_cookies(
        [(str(morsel.key), morsel) for morsel in jar_with("a=1")], "https://x.www.shore.example/"
    )
    assert len(other) == 0
    other.update_cookies([(str(morsel.key), morsel) for morsel in jar_with("a=1")], SITE)
    assert [_host_only(morsel) for morsel in other] == [True]
