"""aiohttp.base_protocol: the protocol of a connection; a client has one kind."""

from whimbrel_connector import Http1Connection as BaseProtocol

__all__ = ["BaseProtocol"]
