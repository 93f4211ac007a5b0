"""Read what `CookieJar.save` of aiohttp 3.14 wrote, as rows of this package.

There an object maps "domain|path" to an object from names to one flat object per cookie.
"""

from collections.abc import Iterator, Mapping

from whimbrel_cookies._rows import Row

__all__ = ["looks_like_aiohttp", "rows_from_aiohttp"]


def looks_like_aiohttp(content: Mapping[str, object]) -> bool:
    """Tell whether every key is made of domain and path; an empty jar looks like it, too."""
    return all("|" in key and isinstance(group, Mapping) for key, group in content.items())


def rows_from_aiohttp(content: Mapping[str, object]) -> Iterator[Row]:
    """Yield a row for each cookie; what is malformed becomes an empty row, to be counted and passed over."""
    for key, group in content.items():
        domain, _, path = key.partition("|")
        for saved in group.values() if isinstance(group, Mapping) else ():
            yield _row(domain, path, saved) if isinstance(saved, Mapping) else {}


def _row(domain: str, path: str, saved: Mapping[str, object]) -> Row:
    return {
        "name": saved.get("key"),
        "value": saved.get("coded_value"),
        "domain": domain,
        "path": saved.get("path") or path or "/",
        "host_only": saved.get("host_only") is True,
        "secure": bool(saved.get("secure")),
        "http_only": bool(saved.get("httponly")),
        "partitioned": bool(saved.get("partitioned")),
        "same_site": saved.get("samesite"),
        "creation": 0,
        "last_access": 0,
        "expiry": saved.get("expires_timestamp"),
    }
