"""Which proxy the environment names for a URL, and why.

A mapping goes in, and a proxy's URL or None comes out for each URL: no socket, no file, no resolver.

Variables:
    A URL is served by the first of these that is set and not blank:

    | scheme | variables |
    |---|---|
    | http | http_proxy, all_proxy |
    | https | https_proxy, all_proxy |
    | ws | ws_proxy, http_proxy, all_proxy |
    | wss | wss_proxy, https_proxy, all_proxy |

    and any other scheme by none. Letter case is free: lower case wins over upper case, and upper case over
    a mixture. A proxy without a scheme is an http proxy, and `socks` means socks4, as in curl. Where
    REQUEST_METHOD is set, this process answers CGI requests and HTTP_PROXY may be a client's "Proxy" header:
    only the lower-case http_proxy is heeded.
    A value that names no proxy is an error for the URLs it would serve, and for no other.

NO_PROXY:
    Entries stand between commas or blanks; letter case and one trailing dot do not matter, and international
    names equal their ASCII form (IDNA). What has no meaning is skipped.

    | entry | covers |
    |---|---|
    | `shore.example`, `.shore.example` | that name and all names below it |
    | `*.shore.example` | only the names below it |
    | `10.0.0.1`, `2001:db8::1`, `[2001:db8::1]` | that address, also spelled as IPv4-mapped (RFC 4291) |
    | `10.0.0.0/8`, `2001:db8::/32` | the network (RFC 4632, RFC 4291) |
    | any of the above but a network, and `:8080` | the same at that port only; IPv6 needs its brackets |
    | `fe80::1%eth0` | the address in that zone; without `%eth0`, in all zones (RFC 4007) |
    | `*` | everything |

    Addresses are never resolved from names, a name never covers an address, and `localhost` is a name.

Where curl (7.88, 8.23) and Go (1.27) agree, the outcome here is theirs. Where only one of them gives a form
a meaning, that meaning holds: Go's ports, `*.`, `*` among other entries, /0, IDNA and mapped addresses;
curl's all_proxy, ws_proxy, wss_proxy and trailing dots. Where both give one and they differ, curl's holds,
which is also that of Python's urllib:

- `.shore.example` covers `shore.example` itself; in Go it does not.
- Lower case wins; in Go upper case does. HTTP_PROXY in upper case is read, as in Go; curl never reads it.
- `localhost` and loopback addresses go through the proxy unless NO_PROXY covers them; Go never sends them
  there. Who sets a proxy to watch a local server expects this, and one entry turns it off.
- Under CGI the lower-case http_proxy is heeded; Go fails every http request that has a proxy set.

Four forms have a meaning only here: an IPv6 address in brackets without a port, a network in brackets
(`[2001:db8::]/32`), an entry with a zone, and variables in mixed case. Blanks separate entries as in curl
before 8; curl 8 drops what follows the first. `127.1` and `0x7f000001`, which curl rewrites to 127.0.0.1,
are names here as in Go: no address entry covers them.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from yarl import URL

from whimbrel_connector._no_proxy import NoProxy
from whimbrel_connector._proxy_value import masked, read_proxy
from whimbrel_connector.errors import InvalidProxy

__all__ = ["Explanation", "ProxyEnvironment"]

_VARIABLES = {
    "http": ("http_proxy", "all_proxy"),
    "https": ("https_proxy", "all_proxy"),
    "ws": ("ws_proxy", "http_proxy", "all_proxy"),
    "wss": ("wss_proxy", "https_proxy", "all_proxy"),
}
_NAMES = frozenset(name for names in _VARIABLES.values() for name in names) | {"no_proxy"}
_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why a URL goes through a proxy or directly; `str()` says it in one sentence, without credentials.

    Attributes:
        origin: The origin of the URL.
        proxy: The proxy, credentials included; None where the URL goes directly.
        variable: The variable that decided, as it is spelled in the environment; None where none did.
        rule: The entry of NO_PROXY that covers the URL, as it is written there; else None.
        unset: The variables that could have named a proxy, in lower case, where none did.
        distrusted: The variable that was passed over because REQUEST_METHOD is set; else None.
    """

    origin: str
    proxy: URL | None = None
    variable: str | None = None
    rule: str | None = None
    unset: tuple[str, ...] = ()
    distrusted: str | None = None

    def __str__(self) -> str:
        if self.proxy is not None:
            sentence = f"{self.origin} goes through {masked(str(self.proxy))}, as {self.variable} says"
        elif self.rule is not None:
            sentence = (
                f"{self.origin} goes directly, as {self.rule[:_LONGEST_SHOWN]!r} in {self.variable} says"
            )
        elif self.unset:
            sentence = f"{self.origin} goes directly: {_neither(self.unset)} names a proxy"
        else:
            sentence = f"{self.origin} goes directly: proxies are named for http, https, ws and wss only"
        if self.distrusted is None:
            return sentence
        return f"{sentence}; {self.distrusted} is not heeded, because a CGI client could have set it"

    def __repr__(self) -> str:
        return f"<Explanation: {self}>"


@dataclass(frozen=True, slots=True)
class _Setting:
    """A variable and what it names: a proxy, or a fault to raise when the proxy is needed."""

    variable: str
    proxy: URL | None
    shown: str
    fault: str = ""

    def usable_proxy(self) -> URL:
        if self.proxy is None:
            raise InvalidProxy(self.variable, self.shown, self.fault)
        return self.proxy


@dataclass(frozen=True, slots=True)
class _Choice:
    """What decides about the URLs of one scheme, before NO_PROXY is asked."""

    setting: _Setting | None
    distrusted: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ProxyEnvironment:
    """The proxy variables of one environment, read once.

    >>> variables = {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": ".local"}
    >>> environment = ProxyEnvironment.from_mapping(variables)
    >>> environment.proxy_for(URL("https://shore.example/"))
    URL('http://proxy.example:3128')
    >>> print(environment.explain(URL("https://printer.local/")))
    https://printer.local goes directly, as '.local' in NO_PROXY says
    """

    _choices: Mapping[str, _Choice] = field(hash=False)
    _no_proxy: NoProxy
    _no_proxy_variable: str | None

    @classmethod
    def from_mapping(cls, environ: Mapping[str, str]) -> "ProxyEnvironment":
        """Read the variables of `environ`; later changes of it are not seen."""
        named, distrusted = _trusted_variables(environ)
        settings = {name: _setting(*named[name]) for name in named if name != "no_proxy"}
        choices = {scheme: _choose(names, settings, distrusted) for scheme, names in _VARIABLES.items()}
        variable, value = named.get("no_proxy", (None, ""))
        return cls(choices, NoProxy.from_text(value), variable)

    @classmethod
    def current(cls) -> "ProxyEnvironment":
        """Read this process's environment as it is now."""
        return cls.from_mapping(os.environ)

    def proxy_for(self, url: URL) -> URL | None:
        """Return the proxy for `url`, or None where it goes directly.

        The proxy has a scheme (http, https, socks4, socks4a, socks5 or socks5h), a host, a port and no path.

        Raises:
            InvalidProxy: The variable that decides names no usable proxy.
        """
        setting = self._choices.get(url.scheme, _NO_CHOICE).setting
        if setting is None or self._rule_for(url) is not None:
            return None
        return setting.usable_proxy()

    def explain(self, url: URL) -> Explanation:
        """Return what `proxy_for` decides about `url`, and why.

        Raises:
            InvalidProxy: The variable that decides names no usable proxy.
        """
        origin = f"{url.scheme}://{url.host_port_subcomponent or ''}"
        choice = self._choices.get(url.scheme, _NO_CHOICE)
        setting, distrusted = choice.setting, choice.distrusted
        if setting is None:
            return Explanation(origin, unset=_VARIABLES.get(url.scheme, ()), distrusted=distrusted)
        if (rule := self._rule_for(url)) is not None:
            return Explanation(origin, variable=self._no_proxy_variable, rule=rule, distrusted=distrusted)
        return Explanation(origin, setting.usable_proxy(), setting.variable, distrusted=distrusted)

    def _rule_for(self, url: URL) -> str | None:
        return self._no_proxy.rule_for(url.raw_host or "", url.port)

    def __repr__(self) -> str:
        settings = (choice.setting for choice in self._choices.values())
        variables = sorted({setting.variable for setting in settings if setting is not None})
        return f"<ProxyEnvironment: {', '.join(variables) or 'no proxy'}>"


_NO_CHOICE = _Choice(None)


def _trusted_variables(environ: Mapping[str, str]) -> tuple[dict[str, tuple[str, str]], str | None]:
    """Return the name and value of each variable that counts, by lower-case name, and the one distrusted."""
    named = {name.lower(): (name, value) for name, value in _by_rank(environ)}
    variable, _ = named.get("http_proxy", ("", ""))
    # A web server hands the request's "Proxy" header to CGI programs as HTTP_PROXY (httpoxy).
    if "REQUEST_METHOD" not in environ or variable in ("", "http_proxy"):
        return named, None
    del named["http_proxy"]
    return named, variable


def _by_rank(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the proxy variables that are not blank: first mixed, then upper, then lower case."""
    found = ((name, value.strip()) for name, value in environ.items() if name.lower() in _NAMES)
    yield from sorted(
        ((name, value) for name, value in found if value),
        key=lambda item: (item[0].islower(), item[0].isupper(), item[0]),
    )


def _choose(names: tuple[str, ...], settings: Mapping[str, _Setting], distrusted: str | None) -> _Choice:
    passed_over = None
    for name in names:
        if name in settings:
            return _Choice(settings[name], passed_over)
        if name == "http_proxy":
            passed_over = distrusted
    return _Choice(None, passed_over)


def _setting(variable: str, value: str) -> _Setting:
    proxy = read_proxy(value)
    shown = masked(value)[:_LONGEST_SHOWN]
    return (
        _Setting(variable, proxy, shown) if isinstance(proxy, URL) else _Setting(variable, None, shown, proxy)
    )


def _neither(names: tuple[str, ...]) -> str:
    """Return the names as "neither a nor b" or "none of a, b and c"."""
    if len(names) == 2:
        return f"neither {names[0]} nor {names[1]}"
    return f"none of {', '.join(names[:-1])} and {names[-1]}"
