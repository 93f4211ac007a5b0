"""Middlewares: functions that stand between the session and the wire, on each hop of a request.

A middleware is given the request and the rest of the way, and returns a response; it may change the
request, call the rest several times, or not at all. The first of a sequence stands outermost.
"""

from collections.abc import Awaitable, Callable, Sequence

from whimbrel.client_request import ClientRequest
from whimbrel.response import ClientResponse

__all__ = ["ClientHandlerType", "ClientMiddlewareType", "build_client_middlewares", "pass_through"]

ClientHandlerType = Callable[[ClientRequest], Awaitable[ClientResponse]]
ClientMiddlewareType = Callable[[ClientRequest, ClientHandlerType], Awaitable[ClientResponse]]


def build_client_middlewares(
    handler: ClientHandlerType, middlewares: Sequence[ClientMiddlewareType]
) -> ClientHandlerType:
    """Return a handler that goes through `middlewares`, the first outermost, to `handler`."""
    for middleware in reversed(middlewares):
        handler = _before(middleware, handler)
    return handler


async def pass_through(
    middlewares: Sequence[ClientMiddlewareType], request: ClientRequest, send: ClientHandlerType
) -> ClientResponse:
    """Send a request by way of its middlewares; if they fail, no response they have got stays open."""
    got: list[ClientResponse] = []

    async def sent(request: ClientRequest) -> ClientResponse:
        response = await send(request)
        got.append(response)
        return response

    try:
        return await build_client_middlewares(sent, middlewares)(request)
    except BaseException:
        for response in got:
            response.close()
        raise


def _before(middleware: ClientMiddlewareType, handler: ClientHandlerType) -> ClientHandlerType:
    async def handle(request: ClientRequest) -> ClientResponse:
        return await middleware(request, handler)

    return handle
