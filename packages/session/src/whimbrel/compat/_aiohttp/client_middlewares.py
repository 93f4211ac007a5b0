"""aiohttp.client_middlewares: the types of middlewares."""

from whimbrel.client_middlewares import ClientHandlerType, ClientMiddlewareType, build_client_middlewares

__all__ = ["ClientHandlerType", "ClientMiddlewareType", "build_client_middlewares"]
