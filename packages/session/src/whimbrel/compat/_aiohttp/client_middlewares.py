"""aiohttp.client_middlewares: the types of middlewares."""

from whimbrel.client_middlewares import ClientHandlerType, ClientMiddlewareType

__all__ = ["ClientHandlerType", "ClientMiddlewareType"]
