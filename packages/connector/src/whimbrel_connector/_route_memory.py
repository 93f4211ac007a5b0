"""The route of what was asked for last: who asks again for the very same need not have it found again."""

from yarl import URL

from whimbrel_connector.proxy import Proxy
from whimbrel_connector.route import Route
from whimbrel_connector.tls import TlsPolicy

__all__ = ["RouteMemory"]


class RouteMemory:
    """One route, and what it was found for, which is known again by identity."""

    __slots__ = ("_base", "_proxy", "_route", "_tls", "_url")

    def __init__(self) -> None:
        self._url: URL | str | None = None
        self._tls: TlsPolicy | None = None
        self._base: TlsPolicy | None = None
        self._proxy: Proxy | None = None
        self._route: Route | None = None

    def recall(
        self, url: URL | str, tls: TlsPolicy | None, base: TlsPolicy, proxy: Proxy | None
    ) -> Route | None:
        """Return the route to `url` by `tls` over `base` and by `proxy`, if it was asked for last."""
        is_known = url is self._url and tls is self._tls and base is self._base and proxy is self._proxy
        return self._route if is_known else None

    def keep(
        self, url: URL | str, tls: TlsPolicy | None, base: TlsPolicy, proxy: Proxy | None, route: Route
    ) -> None:
        """Remember `route`."""
        self._url, self._tls, self._base, self._proxy, self._route = url, tls, base, proxy, route
