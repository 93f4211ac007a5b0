"""What a response can be asked about its head; nothing here touches its body or its connection."""

import re
from functools import cached_property
from http.cookies import SimpleCookie
from types import MappingProxyType
from typing import NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy, MultiDictProxy
from yarl import URL

from whimbrel._by_hand import NO_HEAD, NO_REQUEST
from whimbrel._links import parse_links
from whimbrel.request_info import RequestInfo
from whimbrel_cookies import response_cookies
from whimbrel_http1 import HttpVersion, ResponseHead
from whimbrel_multipart import content_disposition_filename, parse_content_disposition

__all__ = ["ContentDisposition", "ResponseFacts"]

# RFC 9110 section 5.6.6: the charset is a token, or the same quoted; whatever else is quoted is passed over.
_CHARSET_OR_QUOTED = re.compile(
    r""";[ \t]*charset[ \t]*=[ \t]*(?:"([^"]+)"|([^\s";]+))|"(?:[^"\\]|\\.)*\"""", re.IGNORECASE
)


class ContentDisposition(NamedTuple):
    """What Content-Disposition says (RFC 6266).

    Attributes:
        type: Such as "attachment"; None when the header is not well formed.
        parameters: The parameters by name.
        filename: The file name, decoded, or None.
    """

    type: str | None
    parameters: MappingProxyType[str, str]
    filename: str | None


class ResponseFacts:
    """The attributes of a `ClientResponse` that its head tells, and what was asked."""

    # Each response has its own; mocks that are made after the class look here.
    method: str = ""
    status: int = 0
    version: HttpVersion = NO_HEAD.version
    request_info: RequestInfo = NO_REQUEST
    _head: ResponseHead
    _url: URL

    @cached_property
    def reason(self) -> str:
        """The reason phrase."""
        return self._head.reason

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status < 400

    @property
    def url(self) -> URL:
        """The URL of the request, without its fragment."""
        url = self._url
        return url.with_fragment(None) if url.raw_fragment else url

    @property
    def real_url(self) -> URL:
        """The URL of the request, with its fragment."""
        return self._url

    @property
    def host(self) -> str | None:
        """The host of the URL."""
        return self._url.host

    @cached_property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Names and values as they came, in wire order."""
        return self._head.raw_headers

    @cached_property
    def headers(self) -> CIMultiDictProxy[str]:
        """Names and values as text (UTF-8 with surrogate escapes), names in any letter case."""
        return CIMultiDictProxy(
            CIMultiDict(
                (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
                for name, value in self._head.raw_headers
            )
        )

    @cached_property
    def cookies(self) -> SimpleCookie:
        """The cookies that this response set, whether the jar took them or not."""
        return response_cookies(self._head.get_all(b"set-cookie"))

    @cached_property
    def content_type(self) -> str:
        """The media type, lower case, without parameters."""
        named = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return named if named.count("/") == 1 else "application/octet-stream"

    @property
    def content_length(self) -> int | None:
        """What Content-Length says, or None."""
        length = self.headers.get("Content-Length")
        return None if length is None else int(length)

    @cached_property
    def charset(self) -> str | None:
        """The charset parameter of the media type."""
        found = _CHARSET_OR_QUOTED.finditer(self.headers.get("Content-Type", ""))
        return next((charset for each in found if (charset := each[1] or each[2])), None)

    @cached_property
    def content_disposition(self) -> ContentDisposition | None:
        """What Content-Disposition says; None without that header."""
        header = self.headers.get("Content-Disposition")
        if header is None:
            return None
        kind, parameters = parse_content_disposition(header)
        return ContentDisposition(
            kind, MappingProxyType(dict(parameters)), content_disposition_filename(parameters)
        )

    @cached_property
    def links(self) -> MultiDictProxy[MultiDictProxy[str | URL]]:
        """What Link says, by relation, or by URL where no relation is named (RFC 8288)."""
        return parse_links(self.headers.getall("Link", ()), self.url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.url}) [{self.status} {self.reason}]>"
