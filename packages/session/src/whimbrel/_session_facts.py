"""What a session can be asked about itself: each documented attribute, and nothing that does anything."""

import asyncio
import json as json_module

from multidict import CIMultiDict

from whimbrel._cookies import CookieJarLike
from whimbrel._credentials import BasicAuth
from whimbrel._defaults import Dumps
from whimbrel._inside_names import InsideNames
from whimbrel._life import ConnectorLike
from whimbrel._plan import RaiseForStatus
from whimbrel.client_timeout import ClientTimeout
from whimbrel_http1 import HttpVersion

__all__ = ["SessionFacts"]


class SessionFacts(InsideNames):
    """The attributes of a `ClientSession`, all but two of them read-only."""

    _connector: ConnectorLike | None = None
    _connector_owner: bool = True
    _json_serialize: Dumps = json_module.dumps
    _skip_auto_headers: frozenset[str] = frozenset()

    @property
    def closed(self) -> bool:
        """Whether the session was closed or detached, or its connector closed."""
        return self._connector is None or self._connector.closed

    @property
    def connector(self) -> ConnectorLike | None:
        """Where connections come from; None once the session is closed or detached."""
        return self._connector

    @property
    def connector_owner(self) -> bool:
        """Whether closing the session closes the connector."""
        return self._connector_owner

    @property
    def cookie_jar(self) -> CookieJarLike:
        """The jar."""
        return self._life.jar

    @property
    def headers(self) -> CIMultiDict[str]:
        """Headers of every request; they may be changed."""
        return self._defaults.headers

    @property
    def skip_auto_headers(self) -> frozenset[str]:
        """Names of automatic headers that are left out, as they were given."""
        return self._skip_auto_headers

    @property
    def auth(self) -> BasicAuth | None:
        """Credentials of every request."""
        return self._defaults.auth

    @property
    def json_serialize(self) -> Dumps:
        """What turns `json=` into text."""
        return self._json_serialize

    @property
    def timeout(self) -> ClientTimeout:
        """The limits of requests that bring none of their own."""
        return self._defaults.timeout

    @property
    def version(self) -> HttpVersion:
        """The HTTP version of requests."""
        return self._defaults.version

    @property
    def raise_for_status(self) -> RaiseForStatus:
        """Whether a status of 400 and above raises, or what decides."""
        return self._defaults.raise_for_status

    @property
    def auto_decompress(self) -> bool:
        """Whether content codings are undone."""
        return self._defaults.exchange.decode

    @property
    def trust_env(self) -> bool:
        """Whether the environment may name proxies and credentials."""
        return self._defaults.proxies.trusts_environment

    @property
    def requote_redirect_url(self) -> bool:
        """Whether redirect targets are put into canonical form; it may be changed."""
        return self._life.requote

    @requote_redirect_url.setter
    def requote_redirect_url(self, value: bool) -> None:
        self._life.requote = value

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The running loop; sessions are not bound to one before their first use.

        Raises:
            RuntimeError: No loop runs.
        """
        return asyncio.get_running_loop()
