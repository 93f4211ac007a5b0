"""The way a hop takes, TLS and proxy, in the words of aiohttp: as middlewares see it and may change it."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from multidict import CIMultiDict
from yarl import URL

from whimbrel._credentials import BasicAuth
from whimbrel._proxies import ProxyRules
from whimbrel.errors import ClientError, ssl_of
from whimbrel_connector import ConnectorError, Fingerprint, Proxy, TlsPolicy, tls_policy

if TYPE_CHECKING:
    from ssl import SSLContext

    from whimbrel._plan import Plan

__all__ = ["HopWay", "plan_for", "way_of"]


class HopWay(NamedTuple):
    """The way a hop takes.

    Attributes:
        ssl: What `ssl=` would have to be.
        server_hostname: What is checked in place of the URL's host, or None.
        proxy: The proxy, or None.
        proxy_auth: Its credentials, or None.
        proxy_headers: Its headers, or None.
    """

    ssl: "SSLContext | Fingerprint | bool" = True
    server_hostname: str | None = None
    proxy: URL | None = None
    proxy_auth: BasicAuth | None = None
    proxy_headers: CIMultiDict[str] | None = None


def way_of(plan: "Plan", url: URL) -> HopWay:
    """Return the way that `plan` takes to `url`."""
    host = None if plan.tls is None else plan.tls.server_hostname
    proxy = _proxy_of(plan.proxies, url)
    if proxy is None:
        return HopWay(ssl_of(plan.tls), host)
    return HopWay(
        ssl_of(plan.tls),
        host,
        proxy.url,
        _auth_of(proxy),
        CIMultiDict(proxy.headers) if proxy.headers else None,
    )


def plan_for(plan: "Plan", before: HopWay, way: HopWay) -> "Plan":
    """Return `plan` as it is, or with what in `way` is no longer as it was `before`.

    Raises:
        ValueError: The proxy cannot be used.
        TypeError: `ssl` is nothing that TLS can obey.
    """
    if way == before:
        return plan
    if way[:2] != before[:2]:
        tls = (plan.tls if way.ssl == before.ssl else tls_policy(ssl=way.ssl)) or TlsPolicy()
        plan = replace(plan, tls=replace(tls, server_hostname=way.server_hostname))
    if way[2:] != before[2:]:
        plan = replace(plan, proxies=_rules(plan.proxies.proxy, way))
    return plan


def _proxy_of(rules: ProxyRules, url: URL) -> Proxy | None:
    try:
        return rules.proxy_for(url)
    except (ConnectorError, ClientError):
        return None  # whoever sends the request is told


def _auth_of(proxy: Proxy) -> BasicAuth | None:
    if proxy.credentials is not None:
        return BasicAuth(*proxy.credentials)
    if proxy.authorization is None:
        return None
    try:
        return BasicAuth.decode(proxy.authorization)
    except ValueError:  # of another scheme
        return None


def _rules(former: Proxy | None, way: HopWay) -> ProxyRules:
    """Return the rules for the proxy that was named; the environment is not asked any more."""
    rules = ProxyRules().over(proxy=way.proxy, auth=way.proxy_auth, headers=way.proxy_headers)
    if former is None or rules.proxy is None or former.url != rules.proxy.url:
        return rules
    return replace(rules, proxy=replace(rules.proxy, tls=former.tls))
