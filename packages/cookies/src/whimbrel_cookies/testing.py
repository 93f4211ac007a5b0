"""The conformance kit: what a cookie jar with aiohttp's interface gets wrong.

`check_cookie_jar` plays small scenes, each on a fresh jar, and returns a line for every one that ends wrong.
An empty list means that a client may trust the jar. No clock, network or file is used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from http.cookies import Morsel, SimpleCookie
from typing import Any, NamedTuple, Protocol, TypeAlias

from whimbrel_cookies._header import format_cookie_header

__all__ = ["CheckedJar", "check_cookie_jar"]


class CheckedJar(Protocol):
    """What the kit, and a client, asks of a jar; its `cookie_header(url)` is used, too, where there is one.

    Parameters are `Any` because jars differ in the URLs and mappings that they take.
    """

    def __len__(self) -> int:
        """Return the number of stored cookies."""

    def __iter__(self) -> Iterator[Morsel[str]]:
        """Yield the stored cookies."""

    def clear(self, predicate: Any = None) -> None:
        """Remove all cookies, or those for which `predicate` is true."""

    def clear_domain(self, domain: str) -> None:
        """Remove the cookies of a domain and of those below it."""

    def update_cookies(self, cookies: Any, response_url: Any = ...) -> None:
        """Store cookies."""

    def update_cookies_from_headers(self, headers: Any, response_url: Any) -> None:
        """Store the cookies of a response."""

    def filter_cookies(self, request_url: Any) -> Mapping[str, Morsel[str]]:
        """Return the cookies for a request."""


class _Scene(NamedTuple):
    """Responses in order, the next request, and the Cookie field it must have."""

    rule: str
    responses: Sequence[tuple[str, str]]
    request: str
    header: str


_SITE = "https://www.shore.example/tides/today"
_PLAIN = "http://www.shore.example/tides/today"
_LONG = "x" * 1100

_SCENES = (
    _Scene("a cookie comes back (RFC 6265bis 5.8.3)", [(_SITE, "a=1")], _SITE, "a=1"),
    _Scene("values are verbatim", [(_SITE, 'a="1, 2" =%3D')], _SITE, 'a="1, 2" =%3D'),
    _Scene("unknown attributes are ignored (5.6)", [(_SITE, "a=1; Shoe-Size=41; b=2")], _SITE, "a=1"),
    _Scene(
        "without Domain, only the host (5.7)", [(_SITE, "a=1; Path=/")], "https://x.www.shore.example/", ""
    ),
    _Scene(
        "with Domain, the hosts below it (5.1.3)",
        [(_SITE, "a=1; Path=/; Domain=.Shore.Example")],
        "https://cam.shore.example/",
        "a=1",
    ),
    _Scene(
        "a foreign Domain is refused (5.7)",
        [(_SITE, "a=1; Path=/; Domain=sea.example")],
        "https://sea.example/",
        "",
    ),
    _Scene("a child's Domain is refused", [(_SITE, "a=1; Path=/; Domain=x.www.shore.example")], _SITE, ""),
    _Scene("a top-level Domain is refused", [(_SITE, "a=1; Path=/; Domain=example")], _SITE, ""),
    _Scene(
        "suffixes end at a dot (5.1.3)",
        [(_SITE, "a=1; Path=/; Domain=shore.example")],
        "https://offshore.example/",
        "",
    ),
    _Scene(
        "the default path is the folder (5.1.4)", [(_SITE, "a=1")], "https://www.shore.example/tides", "a=1"
    ),
    _Scene("other folders get nothing", [(_SITE, "a=1")], "https://www.shore.example/tidestables", ""),
    _Scene("the last Path counts (5.7)", [(_SITE, "a=1; Path=/x; Path=/tides")], _SITE, "a=1"),
    _Scene("attributes over 1024 bytes are ignored (5.6)", [(_SITE, f"a=1; Path=/{_LONG}")], _SITE, "a=1"),
    _Scene("pairs over 4096 bytes are refused (5.6)", [(_SITE, "a=" + 4 * _LONG)], _SITE, ""),
    _Scene(
        "control characters condemn the cookie (5.6)",
        [(_SITE, "a=1\x012"), (_SITE, "b=1; x=\x7f")],
        _SITE,
        "",
    ),
    _Scene(
        "longest path first, then oldest; equal names stay apart (5.8.3)",
        [(_SITE, "a=root; Path=/"), (_SITE, "b=1; Path=/"), (_SITE, "a=tides; Path=/tides")],
        _SITE,
        "a=tides; a=root; b=1",
    ),
    _Scene(
        "a new value keeps the old place (5.7)",
        [(_SITE, "a=1"), (_SITE, "b=1"), (_SITE, "a=2")],
        _SITE,
        "a=2; b=1",
    ),
    _Scene("Max-Age 0 deletes (5.6.2)", [(_SITE, "a=1"), (_SITE, "a=; Max-Age=0")], _SITE, ""),
    _Scene(
        "a past date deletes (5.6.1)", [(_SITE, "a=1"), (_SITE, "a=; Expires=1 Jan 1990 0:0:0")], _SITE, ""
    ),
    _Scene(
        "Max-Age wins over Expires (5.7)",
        [(_SITE, "a=1; Max-Age=60; Expires=1 Jan 1990 0:0:0")],
        _SITE,
        "a=1",
    ),
    _Scene("dates that are none are ignored", [(_SITE, "a=1; Expires=soon; Max-Age=0x")], _SITE, "a=1"),
    _Scene("Secure does not go in clear text (5.8.3)", [(_SITE, "a=1; Secure")], _PLAIN, ""),
    _Scene("Secure does not come in clear text (5.7)", [(_PLAIN, "a=1; Secure")], _SITE, ""),
    _Scene(
        "clear text does not overlay Secure (5.7)",
        [
            (_SITE, "a=1; Secure"),
            (_PLAIN, "a=2"),
            (_PLAIN, "a=3; Domain=shore.example"),
            (_PLAIN, "a=4; Max-Age=0"),
        ],
        _SITE,
        "a=1",
    ),
    _Scene("__Secure- asks for Secure (5.4)", [(_SITE, "__Secure-a=1")], _SITE, ""),
    _Scene(
        "__Host- asks for the host and the root, in any case (5.4)",
        [
            (_SITE, "__Host-a=1; Secure"),
            (_SITE, "__host-b=1; Secure; Path=/; Domain=shore.example"),
            (_SITE, "__Host-c=1; Secure; Path=/"),
        ],
        _SITE,
        "__Host-c=1",
    ),
    _Scene("nameless cookies imitate no other (5.7)", [(_SITE, "=__Host-a=1"), (_SITE, "=b=1")], _SITE, ""),
    _Scene(
        "ports and WebSockets share cookies",
        [(_SITE, "a=1; Secure")],
        "wss://www.shore.example:8443/tides/",
        "a=1",
    ),
    _Scene("letter case of hosts is immaterial", [("https://WWW.Shore.example/", "a=1")], _SITE, "a=1"),
    _Scene(
        "addresses own no cookies by default",
        [("http://127.0.0.1/", "a=1"), ("http://[::1]/", "a=1")],
        "http://[::1]/",
        "",
    ),
)


def check_cookie_jar(
    factory: Callable[[], CheckedJar],
    *,
    keeps_cookies: bool = True,
    url: Callable[[str], object] = str,
) -> list[str]:
    """Return what the jars of `factory` get wrong, one line each; an empty list when nothing.

    Args:
        factory: Returns a new, empty jar with default options each time. One that reads a clock has to read
            the true one.
        keeps_cookies: False for a jar that is meant to stay empty, such as `DummyCookieJar`.
        url: Makes a URL of the kind that the jar takes, such as `yarl.URL`.
    """
    if keeps_cookies:
        checks: list[_Check] = [partial(_play, scene) for scene in _SCENES]
        checks += [_check_shared, _check_given, _check_views, _check_clearing]
    else:
        checks = [_check_empty]
    return [fault for check in checks for fault in _findings(check, factory, url)]


_Check: TypeAlias = Callable[[CheckedJar, Callable[[str], object]], Iterable[str]]


def _findings(
    check: _Check, factory: Callable[[], CheckedJar], url: Callable[[str], object]
) -> Iterable[str]:
    try:
        return list(check(factory(), url))
    except Exception as error:  # noqa: BLE001 # whatever a stranger's jar raises is a finding
        return [f"{_title(check)}: raised {error!r}"]


def _title(check: _Check) -> str:
    return check.args[0].rule if isinstance(check, partial) else check.__name__.strip("_").replace("_", " ")


def _play(scene: _Scene, jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    for address, line in scene.responses:
        jar.update_cookies_from_headers([line], url(address))
    yield from _expect(scene.rule, _header(jar, url(scene.request)), scene.header)


def _check_shared(jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    jar.update_cookies({"a": "1"})
    for address in (_SITE, "http://sea.example/x/y", "http://127.0.0.1/"):
        yield from _expect(
            f"cookies without a URL go everywhere: {address}", _header(jar, url(address)), "a=1"
        )
    jar.update_cookies_from_headers(["a=2; Path=/"], url(_SITE))
    yield from _expect("a server's answer takes over from them", _header(jar, url(_SITE)), "a=2")


def _check_given(jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    source: SimpleCookie = SimpleCookie()
    source["c"] = "3"
    source["c"]["path"] = "/elsewhere"
    source["d"] = "4"
    source["d"]["max-age"] = 0
    jar.update_cookies({"a": "1"}, url(_SITE))
    jar.update_cookies([("b", "2=/ 2")], url(_SITE))
    jar.update_cookies(source, url(_SITE))
    yield from _expect(
        "mappings, pairs and morsels are stored, values verbatim", _header(jar, url(_SITE)), "a=1; b=2=/ 2"
    )
    yield from _expect("they stay with their host", _header(jar, url("https://shore.example/tides/")), "")
    yield from _expect(
        "a morsel's attributes count", _header(jar, url("https://www.shore.example/elsewhere/x")), "c=3"
    )


def _check_views(jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    jar.update_cookies_from_headers(["a=1; Path=/; Secure; HttpOnly", 'b="2 3"'], url(_SITE))
    yield from _expect("len counts the cookies", len(jar), 2)
    stored = {morsel.key: morsel for morsel in jar}
    yield from _expect("iteration yields each", sorted(stored), ["a", "b"])
    if "a" in stored:
        shown = stored["a"]["domain"], stored["a"]["path"], bool(stored["a"]["secure"])
        yield from _expect("with its attributes", shown, ("www.shore.example", "/", True))
    filtered = jar.filter_cookies(url(_SITE))
    values = {name: (morsel.value, morsel.coded_value) for name, morsel in filtered.items()}
    yield from _expect(
        "filter_cookies maps names to morsels", values, {"a": ("1", "1"), "b": ("2 3", '"2 3"')}
    )
    attributes = [name for morsel in filtered.values() for name, value in morsel.items() if value]
    yield from _expect("whose attributes would be sent along, and are empty", attributes, [])
    yield from _expect("a stranger gets none", dict(jar.filter_cookies(url("https://sea.example/"))), {})


def _check_clearing(jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    for host in ("shore.example", "www.shore.example", "offshore.example"):
        jar.update_cookies_from_headers(["a=1", "b=1"], url(f"https://{host}/"))
    jar.clear(lambda morsel: morsel.key == "b")
    yield from _expect("clear(predicate) removes what it names", sorted(m.key for m in jar), ["a", "a", "a"])
    jar.clear_domain("shore.example")
    left = [morsel["domain"] for morsel in jar]
    yield from _expect("clear_domain removes a domain and those below it", left, ["offshore.example"])
    jar.clear()
    yield from _expect("clear() removes all", len(jar), 0)


def _check_empty(jar: CheckedJar, url: Callable[[str], object]) -> Iterator[str]:
    jar.update_cookies({"a": "1"})
    jar.update_cookies_from_headers(["b=1"], url(_SITE))
    yield from _expect("nothing is sent", _header(jar, url(_SITE)), "")
    yield from _expect("nothing is kept", (len(jar), list(jar)), (0, []))
    jar.clear()
    jar.clear(lambda _: True)
    jar.clear_domain("shore.example")


def _header(jar: CheckedJar, address: object) -> str:
    """Return the Cookie field as a client would: by `cookie_header` where the jar has it."""
    write: Callable[[object], str] | None = getattr(jar, "cookie_header", None)
    return write(address) if write is not None else format_cookie_header(jar.filter_cookies(address))


def _expect(rule: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{rule}: expected {wanted!r}, found {ascii(found)[:200]}"
