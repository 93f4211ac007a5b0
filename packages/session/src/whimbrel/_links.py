"""The Link header (RFC 8288)."""

import re
from collections.abc import Iterable

from multidict import MultiDict, MultiDictProxy
from yarl import URL

__all__ = ["parse_links"]

# Quotes are double; some servers write single ones.
_PARAMETER = re.compile(
    r"""\s*;\s*([^\s=;,<"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|'([^\s;,"']*)'|([^\s;,"]*)))?"""
)
_ESCAPED = re.compile(r"\\(.)")


def parse_links(headers: Iterable[str], base: URL) -> MultiDictProxy[MultiDictProxy[str | URL]]:
    """Return links by relation, each with its parameters and its absolute `url`.

    Args:
        headers: The values of the Link fields.
        base: What relative URLs are relative to.
    """
    links: MultiDict[MultiDictProxy[str | URL]] = MultiDict()
    text = ", ".join(headers)
    position = 0
    # Each search goes on where the last one ended: hostile text costs no more than its length.
    while (start := text.find("<", position)) >= 0 and (end := text.find(">", start)) >= 0:
        target = text[start + 1 : end]
        link, position = _read_parameters(text, end + 1)
        try:
            link["url"] = base.join(URL(target))
        except ValueError:
            continue  # nobody can follow it
        links.add(str(link.get("rel") or target), MultiDictProxy(link))
    return MultiDictProxy(links)


def _read_parameters(text: str, position: int) -> tuple[MultiDict[str | URL], int]:
    parameters: MultiDict[str | URL] = MultiDict()
    while (found := _PARAMETER.match(text, position)) is not None:
        name, quoted, oddly_quoted, bare = found.groups()
        value = oddly_quoted or bare or "" if quoted is None else _ESCAPED.sub(r"\1", quoted)
        parameters.add(name.lower(), value)
        position = found.end()
    return parameters, position
