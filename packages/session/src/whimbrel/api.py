"""`request`: one request without a session of one's own."""

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING

from whimbrel._urls import StrOrURL
from whimbrel.client import ClientSession, ConnectorLike
from whimbrel.response import ClientResponse
from whimbrel_connector import TCPConnector
from whimbrel_http1 import HTTP_1_1, HttpVersion

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from whimbrel.client import RequestOptions

__all__ = ["request"]


class _OneRequest:
    """A request whose session begins and ends with it."""

    __slots__ = ("_connector", "_method", "_options", "_response", "_session", "_url", "_version")

    _session: ClientSession
    _response: ClientResponse

    def __init__(
        self,
        method: str,
        url: StrOrURL,
        connector: ConnectorLike | None,
        version: HttpVersion,
        options: "RequestOptions",
    ) -> None:
        self._method, self._url, self._connector, self._version = method, url, connector, version
        self._options = options

    async def __aenter__(self) -> ClientResponse:
        is_own = self._connector is None
        connector = TCPConnector(force_close=True) if self._connector is None else self._connector
        self._session = ClientSession(connector=connector, connector_owner=is_own, version=self._version)
        try:
            self._response = await self._session.request(self._method, self._url, **self._options)
        except BaseException:
            await self._session.close()
            raise
        return self._response

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.release()
        await self._session.close()


def request(
    method: str,
    url: StrOrURL,
    *,
    connector: ConnectorLike | None = None,
    version: HttpVersion = HTTP_1_1,
    loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG001  documented by aiohttp
    **options: "Unpack[RequestOptions]",
) -> _OneRequest:
    """Make one request: `async with whimbrel.request("GET", url) as response`.

    A session is made for it and closed at the end of the block; use a `ClientSession` for more than one.

    Args:
        method: The method.
        url: The URL.
        connector: A connector, which stays open; one of its own by default.
        version: The HTTP version, as for `ClientSession`.
        loop: Accepted for compatibility and not used.
        **options: As for `ClientSession.request`.
    """
    return _OneRequest(method, url, connector, version, options)
