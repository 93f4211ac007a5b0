"""Content-Type taken apart, as aiohttp's helpers do it (RFC 9110 section 8.3.1)."""

from typing import NamedTuple

from multidict import CIMultiDictProxy, MultiDict, MultiDictProxy

__all__ = ["HeadersMixin", "MimeType", "parse_mimetype"]


class MimeType(NamedTuple):
    """A media type in its parts.

    Attributes:
        type: Before the slash, in lower case.
        subtype: Behind it, up to a plus sign, in lower case.
        suffix: Behind the plus sign, in lower case (RFC 6839).
        parameters: The parameters, names in lower case.
    """

    type: str
    subtype: str
    suffix: str
    parameters: MultiDictProxy[str]


def parse_mimetype(mimetype: str) -> MimeType:
    """Take a media type apart.

    >>> parse_mimetype("application/problem+json; charset=utf-8")[:3]
    ('application', 'problem', 'json')
    """
    essence, *rest = mimetype.split(";")
    parameters: MultiDict[str] = MultiDict()
    for item in filter(str.strip, rest):
        name, _, value = item.partition("=")
        parameters.add(name.strip().lower(), value.strip(' "'))
    essence = essence.strip().lower()
    kind, _, rest_of_it = ("*/*" if essence == "*" else essence).partition("/")
    subtype, _, suffix = rest_of_it.partition("+")
    return MimeType(kind, subtype, suffix, MultiDictProxy(parameters))


class HeadersMixin:
    """Properties of a message that follow from its headers.

    Attributes:
        _headers: The headers; whoever mixes this in sets them.
    """

    _headers: CIMultiDictProxy[str]

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        essence = self._headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return essence if essence.count("/") == 1 else "application/octet-stream"

    @property
    def charset(self) -> str | None:
        """The charset parameter of the media type."""
        return parse_mimetype(self._headers.get("Content-Type", "")).parameters.get("charset")

    @property
    def content_length(self) -> int | None:
        """What Content-Length says; None without one.

        Raises:
            ValueError: It is no number.
        """
        given = self._headers.get("Content-Length")
        return None if given is None else int(given)
