"""How a hop passes through its middlewares: each is given the request and the rest of the way.

It is all the same here what a request is. The first middleware of a sequence stands outermost.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from whimbrel.response import ClientResponse

__all__ = ["Handler", "Middleware", "build_client_middlewares", "pass_through"]

_Request = TypeVar("_Request")
Handler = Callable[[_Request], Awaitable[ClientResponse]]
Middleware = Callable[[_Request, Handler[_Request]], Awaitable[ClientResponse]]


def build_client_middlewares(
    handler: Handler[_Request], middlewares: Sequence[Middleware[_Request]]
) -> Handler[_Request]:
    """Return a handler that goes through `middlewares`, the first outermost, to `handler`."""
    for middleware in reversed(middlewares):
        handler = _before(middleware, handler)
    return handler


async def pass_through(
    middlewares: Sequence[Middleware[_Request]], request: _Request, send: Handler[_Request]
) -> ClientResponse:
    """Send a request by way of its middlewares; if they fail, no response they have got stays open."""
    got: list[ClientResponse] = []

    async def sent(request: _Request) -> ClientResponse:
        response = await send(request)
        got.append(response)
        return response

    try:
        return await build_client_middlewares(sent, middlewares)(request)
    except BaseException:
        for response in got:
            response.close()
        raise


def _before(middleware: Middleware[_Request], handler: Handler[_Request]) -> Handler[_Request]:
    async def handle(request: _Request) -> ClientResponse:
        return await middleware(request, handler)

    return handle
