"""Which proxy a request goes through.

`ProxyRules` are a request's own, folded once; they are asked again for each redirect, because another
host may have another proxy, or none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from multidict import CIMultiDict
from yarl import URL

from whimbrel._credentials import BasicAuth, split_credentials
from whimbrel._netrc import NETRC, auth_for
from whimbrel._urls import StrOrURL
from whimbrel.errors import InvalidUrlClientError
from whimbrel_connector import Proxy

__all__ = ["ProxyRules"]

_NO_HEADERS: tuple[tuple[str, str], ...] = ()
_NONE_AT_ALL: tuple[StrOrURL, ...] = ("", URL())


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRules:
    """What decides about a request's proxy.

    Attributes:
        proxy: The proxy of every URL, or None.
        auth: Credentials for a proxy of the environment that brings none; else the netrc file is asked.
        headers: Headers for an HTTP proxy of the environment.
        trusts_environment: Whether the environment may name the proxy, where `proxy` does not.
        may_apply: Whether some URLs go through a proxy.
    """

    proxy: Proxy | None = None
    auth: BasicAuth | None = None
    headers: tuple[tuple[str, str], ...] = _NO_HEADERS
    trusts_environment: bool = False
    may_apply: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Note once, for every request, whether there is anything to decide."""
        object.__setattr__(self, "may_apply", self.proxy is not None or self.trusts_environment)

    def over(
        self,
        *,
        proxy: "StrOrURL | Proxy | None" = None,
        auth: BasicAuth | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        trust_env: bool | None = None,
    ) -> "ProxyRules":
        """Return these rules with what is given here in place of theirs.

        Credentials and headers of one proxy are not sent to another that is given here. An empty URL is no
        proxy at all, not the environment's either.

        Raises:
            ValueError: Credentials are given twice, or are no BasicAuth, or the proxy cannot be used.
            whimbrel_http1.LocalError: A header cannot be written by the rules.
        """
        own_auth = _checked(auth)
        if proxy in _NONE_AT_ALL:
            return ProxyRules()
        own_headers = None if headers is None else tuple(CIMultiDict(headers).items())
        given = None if proxy is None else _read(proxy)
        base = self
        if given is not None and self.proxy is not None and given.url != self.proxy.url:
            base = replace(self, auth=None, headers=_NO_HEADERS)
        if own_auth is not None and given is not None and _has_credentials(given):
            msg = "credentials of the proxy are given twice: in its URL, and as proxy_auth"
            raise ValueError(msg)
        chosen = given if given is not None else self.proxy
        if chosen is not None:
            chosen = base.told(chosen, own_auth, own_headers)
        return ProxyRules(
            proxy=chosen,
            auth=own_auth or base.auth,
            headers=base.headers if own_headers is None else own_headers,
            trusts_environment=self.trusts_environment if trust_env is None else trust_env,
        )

    def told(
        self, proxy: Proxy, auth: BasicAuth | None, headers: tuple[tuple[str, str], ...] | None
    ) -> Proxy:
        """Return the proxy with what it is told: what is given, else its own, else what stands here."""
        if auth is not None or not _has_credentials(proxy):
            proxy = _with_credentials(proxy, auth or self.auth)
        if headers is None:
            headers = proxy.headers or (_NO_HEADERS if proxy.is_socks else self.headers)
        return replace(proxy, headers=headers)

    def proxy_for(self, url: URL, *, asks_environment: bool = True) -> Proxy | None:
        """Return the proxy for `url`, or None where it goes directly.

        Args:
            url: The URL of this hop.
            asks_environment: Whether the environment is asked, where these rules trust it.

        Raises:
            whimbrel_connector.InvalidProxy: The environment names no usable proxy.
            InvalidUrlClientError: It names one with credentials that cannot be used.
        """
        if self.proxy is not None or not (self.trusts_environment and asks_environment):
            return self.proxy
        from whimbrel_connector import ProxyEnvironment  # noqa: PLC0415  few programs let the environment decide

        named = ProxyEnvironment.current().proxy_for(url)
        if named is None:
            return None
        proxy = _read(named)
        own = None if self.auth is not None or _has_credentials(proxy) else auth_for(proxy.url, NETRC.entries)
        return self.told(proxy, own, None)


def _checked(auth: object) -> BasicAuth | None:
    if auth is None or isinstance(auth, BasicAuth):
        return auth
    msg = "proxy_auth must be None or a BasicAuth"  # a str has an encode too, which means something else
    raise ValueError(msg)


def _has_credentials(proxy: Proxy) -> bool:
    return proxy.authorization is not None or proxy.credentials is not None


def _with_credentials(proxy: Proxy, auth: BasicAuth | None) -> Proxy:
    """Return the proxy with credentials in the form of its kind."""
    if auth is None:
        return proxy
    if proxy.is_socks:
        return replace(proxy, credentials=(auth.login, auth.password))
    return replace(proxy, authorization=auth.encode())


def _read(given: StrOrURL | Proxy) -> Proxy:
    if isinstance(given, Proxy):
        return given
    try:
        place, credentials = split_credentials(URL(given))
    except ValueError:  # its text may quote the password: it is not chained
        raise InvalidUrlClientError(_masked(given), "it is no URL of a proxy") from None
    try:
        return _with_credentials(Proxy(place), credentials)
    except ValueError as fault:
        raise InvalidUrlClientError(_masked(given), str(fault)) from fault


def _masked(given: StrOrURL) -> str:
    """Return what stands behind the user information."""
    return str(given).rpartition("@")[2][:100]
