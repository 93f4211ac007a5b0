"""What a session says for all of its requests, and what becomes of it under the keywords of one of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from multidict import CIMultiDict
from yarl import URL

from whimbrel._bodies import payload_of
from whimbrel._body_rules import BodyRules
from whimbrel._compression import coding_of, compressed
from whimbrel._credentials import BasicAuth, credentials_of, split_credentials
from whimbrel._outgoing import Outgoing
from whimbrel._plan import PLAN_KEYWORDS, LooseHeaders, PlainOptions, Plan, RaiseForStatus, reading
from whimbrel._proxies import ProxyRules
from whimbrel._urls import WS_SCHEMES, StrOrURL, build_url, check_scheme
from whimbrel.client_timeout import ClientTimeout, timeout_of
from whimbrel.response import ClientResponse
from whimbrel_connector import ExchangeOptions, TlsPolicy, tls_policy
from whimbrel_http1 import HttpVersion

__all__ = ["Defaults", "Dumps", "base_url_of", "lower"]

Dumps = Callable[[Any], str | bytes]

_RECENT = 256
_KEYWORDS_BESIDE_THE_PLAN = frozenset(PlainOptions.__annotations__) - PLAN_KEYWORDS | {"middlewares"}
_KEYWORDS_BESIDE_THE_HEAD = PLAN_KEYWORDS | {"data", "json", "middlewares"}
_MOST_PLANS = 64
# Values that nobody changes: what is made of one is right for all of that type that equal it.
_PLAIN = frozenset({bool, int, float, type(None), ClientTimeout})


@dataclass(kw_only=True)
class Defaults:
    """What a session says for all of its requests.

    Attributes:
        base_url: What relative URLs are relative to, or None.
        headers: Headers; they may change.
        skip: Names, in lower case, of automatic headers to leave out.
        auth: Credentials; where there is a base URL, for its origin alone.
        dumps: What turns `json=` into text or bytes.
        version: The HTTP version of requests.
        timeout: The limits.
        exchange: How responses are read.
        body_rules: What whole bodies obey.
        proxies: What decides about proxies.
        raise_for_status: Whether a status of 400 and above raises, or what decides.
        schemes: Those of the URLs that may be asked for.
        closes: Each connection is used once.
    """

    base_url: URL | None
    headers: CIMultiDict[str]
    skip: frozenset[str]
    auth: BasicAuth | None
    dumps: Dumps
    version: HttpVersion
    timeout: ClientTimeout
    exchange: ExchangeOptions
    body_rules: BodyRules[ClientResponse]
    proxies: ProxyRules
    raise_for_status: RaiseForStatus
    schemes: frozenset[str]
    closes: bool
    _usual: Plan = field(init=False)
    _plans: dict[tuple[object, ...], Plan] = field(init=False, default_factory=dict)
    _recent: dict[tuple[object, ...], Outgoing] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._usual = self._fold({})

    def asked(self, method: str, url: StrOrURL, options: PlainOptions) -> Outgoing:
        """Return what is asked: what was asked of late, but for the body, where that can be.

        Raises:
            InvalidUrlClientError: As for `outgoing`.
            NonHttpUrlClientError: As for `outgoing`.
            ValueError: As for `outgoing`.
        """
        if options and not _KEYWORDS_BESIDE_THE_HEAD.issuperset(options):
            return self.outgoing(method, url, options)
        key = (method, url, *self.headers.items()) if self.headers else (method, url)
        known = self._recent.get(key)
        if known is None:
            if len(self._recent) >= _RECENT:
                self._recent.clear()
            known = self._recent[key] = self.outgoing(method, url, {})
        if not options:
            return known
        body = payload_of(options.get("data"), options.get("json"), self.dumps)
        return known if body is None else known.with_body(body)

    def outgoing(
        self, method: str, url: StrOrURL, options: PlainOptions, *, is_websocket: bool = False
    ) -> Outgoing:
        """Return what is asked.

        Raises:
            InvalidUrlClientError: The URL is none, or has no host.
            NonHttpUrlClientError: Its scheme is none of `schemes`, nor a WebSocket's where one is asked for.
            TypeError: The method is no text.
            ValueError: The options contradict each other.
        """
        verb: object = method
        if not isinstance(verb, str):
            msg = f"a method is text such as 'GET', not {verb!r}"
            raise TypeError(msg)
        target, of_url = split_credentials(build_url(self.base_url, url, options.get("params")))
        check_scheme(target, self.schemes | WS_SCHEMES if is_websocket else self.schemes)
        own = options.get("headers")
        headers = self.merge_headers(own)
        body = payload_of(options.get("data"), options.get("json"), self.dumps)
        if "compress" in options:
            body = compressed(body, coding_of(options["compress"]), headers)
        return Outgoing(
            method.upper(),
            target,
            headers,
            body=body,
            credentials=credentials_of(options.get("auth"), of_url, own) or self._auth_for(target),
            cookies=options.get("cookies"),
            chunked=bool(options.get("chunked")),
            expects_continue=options.get("expect100", False),
            skip=self.skip | lower(options.get("skip_auto_headers")),
            version=self.version,
            closes=self.closes,
        )

    def merge_headers(self, given: LooseHeaders | None) -> CIMultiDict[str]:
        """Return the session's headers with those given in place of them where the names are the same."""
        merged = CIMultiDict(self.headers)
        if given:
            own: CIMultiDict[str] = CIMultiDict(given)
            for name in own:
                merged.popall(name, None)
            merged.extend(own)
        return merged

    def plan(self, options: PlainOptions) -> Plan:
        """Return what the request is to obey.

        Raises:
            TypeError: A keyword is unknown.
            ValueError: The options contradict each other.
        """
        if not options or _KEYWORDS_BESIDE_THE_PLAN.issuperset(options):
            return self._usual
        special = [(name, type(value), value) for name, value in options.items() if name in PLAN_KEYWORDS]
        if unknown := options.keys() - _KEYWORDS_BESIDE_THE_PLAN - PLAN_KEYWORDS:
            msg = f"a request takes no keyword argument {min(unknown)!r}"
            raise TypeError(msg)
        if not _PLAIN.issuperset([kind for _, kind, _ in special]):
            return self._fold(options)
        key = tuple(special)
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            known = self._plans[key] = self._fold(options)
        return known

    def _fold(self, options: PlainOptions) -> Plan:
        timeout = timeout_of(options.get("timeout", self.timeout))
        raise_for_status = options.get("raise_for_status")
        return Plan(
            total_seconds=timeout.total or None,
            timeouts=timeout.before_exchange,
            exchange=reading(self.exchange, options, timeout),
            body_rules=self.body_rules.over(
                options.get("max_body_size", self.body_rules.max_bytes),
                reads_until_close=options.get("read_until_eof", self.body_rules.reads_until_close),
            ),
            proxies=self.proxies.over(
                proxy=options.get("proxy"),
                auth=options.get("proxy_auth"),
                headers=options.get("proxy_headers"),
                trust_env=options.get("trust_env"),
            ),
            tls=_tls(options),
            max_redirects=options.get("max_redirects", 10) if options.get("allow_redirects", True) else None,
            raise_for_status=self.raise_for_status if raise_for_status is None else raise_for_status,
            uploads=options.get("upload_tracker"),
        )

    def authenticate(self, auth: BasicAuth | None) -> None:
        """Take other credentials from now on."""
        self.auth = auth
        self._recent.clear()

    def limit(self, timeout: ClientTimeout) -> None:
        """Take other limits from now on."""
        self.timeout = timeout
        self.exchange = replace(self.exchange, **timeout.within_exchange)
        self._usual = self._fold({})
        self._plans.clear()

    def go_through(self, proxies: ProxyRules) -> None:
        """Take other rules about proxies from now on."""
        self.proxies = proxies
        self._usual = self._fold({})
        self._plans.clear()

    def _auth_for(self, url: URL) -> BasicAuth | None:
        """Return the session's own credentials, unless its base URL says that they are for elsewhere."""
        if self.auth is None or self.base_url is None or self.base_url.origin() == url.origin():
            return self.auth
        return None


def base_url_of(given: StrOrURL | None) -> URL | None:
    """Return the base URL.

    Raises:
        ValueError: It is relative, or has no scheme, or its path does not end with a slash.
    """
    if given is None:
        return None
    url = URL(given)
    if not url.scheme or not url.absolute or not url.path.endswith("/"):
        msg = "base_url must be absolute, scheme and all, and its path must end with '/'"
        raise ValueError(msg)
    return url


def lower(names: Iterable[str] | None) -> frozenset[str]:
    """Return `names` in lower case."""
    return frozenset(name.lower() for name in names) if names else frozenset()


def _tls(options: PlainOptions) -> TlsPolicy | None:
    tls = tls_policy(
        ssl=options.get("ssl"),
        verify_ssl=options.get("verify_ssl"),
        ssl_context=options.get("ssl_context"),
        fingerprint=options.get("fingerprint"),
    )
    server_hostname = options.get("server_hostname")
    if server_hostname is None:
        return tls
    return replace(TlsPolicy() if tls is None else tls, server_hostname=server_hostname)
