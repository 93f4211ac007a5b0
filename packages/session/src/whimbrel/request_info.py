"""What was asked, as a response and its errors remember it."""

from typing import TYPE_CHECKING, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["RequestInfo"]


class _Fields(NamedTuple):
    url: URL
    method: str
    headers: CIMultiDictProxy[str]
    real_url: URL


class RequestInfo(_Fields):
    """What was asked.

    Attributes:
        url: The URL without its fragment.
        method: The method.
        headers: All headers that were sent, the automatic ones too.
        real_url: The URL with its fragment; `url` when it is left out.
    """

    __slots__ = ()

    def __new__(
        cls, url: URL, method: str, headers: CIMultiDictProxy[str], real_url: URL | None = None
    ) -> "Self":
        """Make one of three or four facts."""
        return super().__new__(cls, url, method, headers, url if real_url is None else real_url)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the headers as pairs: their proxy cannot be pickled."""
        return _restored, (self.url, self.method, tuple(self.headers.items()), self.real_url)


def _restored(url: URL, method: str, headers: tuple[tuple[str, str], ...], real_url: URL) -> RequestInfo:
    return RequestInfo(url, method, CIMultiDictProxy(CIMultiDict(headers)), real_url)
