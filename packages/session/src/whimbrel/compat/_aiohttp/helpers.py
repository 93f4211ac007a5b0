"""aiohttp.helpers: the few of them that libraries use."""

from functools import cached_property as reify

from whimbrel._credentials import BasicAuth, encode_basic_auth
from whimbrel._credentials import split_credentials as strip_auth_from_url
from whimbrel.compat._media_types import HeadersMixin, MimeType, parse_mimetype
from whimbrel.compat._timers import BaseTimerContext, TimerNoop
from whimbrel_multipart import content_disposition_header

__all__ = [
    "BaseTimerContext",
    "BasicAuth",
    "HeadersMixin",
    "MimeType",
    "TimerNoop",
    "content_disposition_header",
    "encode_basic_auth",
    "parse_mimetype",
    "reify",
    "strip_auth_from_url",
]
