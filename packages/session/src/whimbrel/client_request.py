"""`ClientRequest`: a request in the hands of its middlewares, to be looked at and changed."""

from whimbrel.client import ClientRequest

__all__ = ["ClientRequest"]
