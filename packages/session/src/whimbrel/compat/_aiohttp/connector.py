"""aiohttp.connector: where connections come from."""

from whimbrel_connector import AddrInfoType, BaseConnector, SocketFactoryType, TCPConnector, UnixConnector

__all__ = ["AddrInfoType", "BaseConnector", "SocketFactoryType", "TCPConnector", "UnixConnector"]
