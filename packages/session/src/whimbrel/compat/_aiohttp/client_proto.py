"""aiohttp.client_proto: the protocol of a connection."""

from whimbrel_connector import Http1Connection as ResponseHandler

__all__ = ["ResponseHandler"]
