"""What aiohttp calls the inside of a session, by the names that libraries and programs read and set.

A name that can be set here counts from then on: to pass over it in silence might pass over a proxy.
"""

import asyncio

from multidict import CIMultiDict
from yarl import URL

from whimbrel._cookies import CookieJarLike
from whimbrel._credentials import BasicAuth
from whimbrel._defaults import Defaults
from whimbrel._life import ConnectorLike, RequestLife
from whimbrel._plan import LooseHeaders, RaiseForStatus
from whimbrel._proxies import ProxyRules
from whimbrel._urls import StrOrURL
from whimbrel.client_timeout import ClientTimeout

__all__ = ["InsideNames"]


class InsideNames:
    """Private attributes of aiohttp's `ClientSession`, over what this one is made of."""

    _connector: ConnectorLike | None
    _defaults: Defaults
    _life: RequestLife

    @property
    def _base_url(self) -> URL | None:
        return self._defaults.base_url

    @property
    def _raise_for_status(self) -> RaiseForStatus:
        return self._defaults.raise_for_status

    @property
    def _cookie_jar(self) -> CookieJarLike:
        return self._life.jar

    @_cookie_jar.setter
    def _cookie_jar(self, jar: CookieJarLike) -> None:
        self._life.keep_cookies_in(jar)

    @property
    def _default_headers(self) -> CIMultiDict[str]:
        return self._defaults.headers

    @_default_headers.setter
    def _default_headers(self, headers: LooseHeaders) -> None:
        self._defaults.headers = CIMultiDict(headers)

    @property
    def _default_auth(self) -> BasicAuth | None:
        return self._defaults.auth

    @_default_auth.setter
    def _default_auth(self, auth: BasicAuth | None) -> None:
        self._defaults.authenticate(auth)

    @property
    def _timeout(self) -> ClientTimeout:
        return self._defaults.timeout

    @_timeout.setter
    def _timeout(self, timeout: ClientTimeout) -> None:
        self._defaults.limit(timeout)

    @property
    def _default_proxy(self) -> URL | None:
        proxy = self._defaults.proxies.proxy
        return None if proxy is None else proxy.url

    @_default_proxy.setter
    def _default_proxy(self, proxy: StrOrURL | None) -> None:
        rules = self._defaults.proxies
        bare = ProxyRules(auth=rules.auth, headers=rules.headers, trusts_environment=rules.trusts_environment)
        self._defaults.go_through(bare.over(proxy=proxy))

    @property
    def _default_proxy_auth(self) -> BasicAuth | None:
        return self._defaults.proxies.auth

    @_default_proxy_auth.setter
    def _default_proxy_auth(self, auth: BasicAuth | None) -> None:
        self._defaults.go_through(self._defaults.proxies.over(auth=auth))

    @property
    def _trust_env(self) -> bool:
        return self._defaults.proxies.trusts_environment

    @_trust_env.setter
    def _trust_env(self, trust_env: bool) -> None:
        self._defaults.go_through(self._defaults.proxies.over(trust_env=trust_env))

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the first use, which may have ended meanwhile; before it, the running one."""
        return getattr(self._connector, "_loop", None) or asyncio.get_running_loop()

    @_loop.setter
    def _loop(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do nothing: subclasses that say it mean the one they are made in."""
