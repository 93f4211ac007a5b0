"""aiohttp, played by whimbrel; see `whimbrel.compat`.

The modules beside this one have aiohttp's names and hold what a client needs of each. They are
imported under those names alone, and only re-export.
"""

import sys

from whimbrel import *  # noqa: F403  all that whimbrel offers has aiohttp's names
from whimbrel import __all__ as _offered
from whimbrel import abc, hdrs, typedefs
from whimbrel.compat._install import AIOHTTP_VERSION

from . import (
    base_protocol,
    client,
    client_exceptions,
    client_middleware_digest_auth,
    client_middlewares,
    client_proto,
    client_reqrep,
    client_ws,
    compression_utils,
    connector,
    cookiejar,
    formdata,
    helpers,
    http,
    http_exceptions,
    http_websocket,
    http_writer,
    log,
    multipart,
    payload,
    payload_streamer,
    resolver,
    streams,
    tracing,
)

__version__ = AIOHTTP_VERSION

for _module in (abc, hdrs, typedefs):  # whimbrel's own have those names: one module under both will do
    sys.modules[f"{__name__}.{_module.__name__.rpartition('.')[2]}"] = _module

__all__ = [  # noqa: PLE0604  names, all of them
    *(name for name in _offered if not name.startswith("_")),
    "abc",
    "base_protocol",
    "client",
    "client_exceptions",
    "client_middleware_digest_auth",
    "client_middlewares",
    "client_proto",
    "client_reqrep",
    "client_ws",
    "compression_utils",
    "connector",
    "cookiejar",
    "formdata",
    "helpers",
    "http",
    "http_exceptions",
    "http_websocket",
    "http_writer",
    "log",
    "multipart",
    "payload",
    "payload_streamer",
    "resolver",
    "streams",
    "tracing",
    "typedefs",
]
