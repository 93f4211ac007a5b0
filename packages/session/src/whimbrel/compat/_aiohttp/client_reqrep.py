"""aiohttp.client_reqrep: requests and responses."""

from types import MappingProxyType

from whimbrel.client_request import ClientRequest
from whimbrel.errors import ConnectionKey
from whimbrel.request_info import RequestInfo
from whimbrel.response import ClientResponse, ContentDisposition
from whimbrel.upload_tracker import UploadTracker
from whimbrel_connector import Fingerprint

__all__ = [
    "ClientRequest",
    "ClientResponse",
    "ConnectionKey",
    "ContentDisposition",
    "Fingerprint",
    "MappingProxyType",
    "RequestInfo",
    "UploadTracker",
]
