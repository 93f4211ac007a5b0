"""Names for the annotations of who wraps a session, or makes a part of it: aiohttp's, and the session's own.

`RequestOptions` are the keywords of a request, for `**options: Unpack[RequestOptions]`.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from http.cookies import BaseCookie, Morsel

from yarl import Query

from whimbrel._cookies import CookieJarLike
from whimbrel._life import ConnectorLike
from whimbrel._plan import LooseHeaders, RaiseForStatus
from whimbrel._urls import Params, StrOrURL
from whimbrel.client import RequestOptions
from whimbrel_cookies import LooseCookies
from whimbrel_http1 import RawHeaders

Byteish = bytes | bytearray | memoryview
LooseCookiesMappings = Mapping[str, str | BaseCookie[str] | Morsel[str]]
LooseCookiesIterables = Iterable[tuple[str, str | BaseCookie[str] | Morsel[str]]]
JSONEncoder = Callable[[object], str]
JSONBytesEncoder = Callable[[object], bytes]
JSONDecoder = Callable[[str], object]
PathLike = str | os.PathLike[str]
DEFAULT_JSON_ENCODER = json.dumps
DEFAULT_JSON_DECODER = json.loads

__all__ = [
    "DEFAULT_JSON_DECODER",
    "DEFAULT_JSON_ENCODER",
    "Byteish",
    "ConnectorLike",
    "CookieJarLike",
    "JSONBytesEncoder",
    "JSONDecoder",
    "JSONEncoder",
    "LooseCookies",
    "LooseCookiesIterables",
    "LooseCookiesMappings",
    "LooseHeaders",
    "Params",
    "PathLike",
    "Query",
    "RaiseForStatus",
    "RawHeaders",
    "RequestOptions",
    "StrOrURL",
]
