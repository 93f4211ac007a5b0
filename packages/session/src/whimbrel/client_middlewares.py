"""Middlewares: functions that stand between the session and the wire, on each hop of a request.

A middleware is given the request and the rest of the way, and returns a response; it may change the
request, call the rest several times, or not at all. The first of a sequence stands outermost.
"""

from whimbrel._middleware_chain import build_client_middlewares
from whimbrel.client import ClientHandlerType, ClientMiddlewareType

__all__ = ["ClientHandlerType", "ClientMiddlewareType", "build_client_middlewares"]
