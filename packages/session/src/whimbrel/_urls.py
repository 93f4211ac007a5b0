"""From what the caller gives as URL and `params` to the URL that is asked for."""

import re
from collections.abc import Mapping, Sequence

from multidict import MultiDict
from yarl import URL

from whimbrel.errors import InvalidUrlClientError, NonHttpUrlClientError

__all__ = [
    "Params",
    "StrOrURL",
    "build_url",
    "check_scheme",
    "escape_illegal",
    "host_fault",
    "host_field",
    "request_target",
    "schemes_of",
]

StrOrURL = str | URL
_Value = str | int | float | Sequence[str | int | float]
Params = str | Mapping[str, _Value] | Sequence[tuple[str, _Value]] | None

HTTP_SCHEMES = frozenset({"http", "https"})
WS_SCHEMES = frozenset({"ws", "wss"})

# RFC 3986 section 2, with what browsers and yarl leave alone besides; `%` only before two digits.
_ILLEGAL = re.compile(r"""[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%\[\]{}|\\^`"<>]|%(?![0-9A-Fa-f]{2})""")
# RFC 3986 section 3.2.2, without escapes: names that are looked up have none.
_REG_NAME = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=]+")
# RFC 3986 section 2.3: a letter, digit, `-`, `.`, `_` or `~` means the same escaped or not.
_SCHEME = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")
_ZONE = re.compile(r"%[^\]]*(?=\])")
_ESCAPE = re.compile("%(?=[0-9A-Fa-f]{2})")
_HIDDEN_ESCAPE = re.compile("%25(?=[0-9A-Fa-f]{2})")
_UNRESERVED_ESCAPE = re.compile("%(2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|5[Ff]|6[1-9A-Fa-f]|7[0-9Aa]|7[Ee])")


def build_url(base: URL | None, given: StrOrURL, params: Params = None) -> URL:
    """Return the URL to ask for.

    Args:
        base: What a relative URL is relative to, or None.
        given: The URL; a `yarl.URL` made with `encoded=True` stays as it is, byte for byte.
        params: Added to the query: a mapping or pairs, which are encoded; or a str, which goes out
            verbatim but for octets that a query cannot hold.

    Raises:
        InvalidUrlClientError: It is no URL, or has no host.
    """
    url = _parse(given)
    if base is not None and not url.scheme:
        url = base.join(url)
    if isinstance(params, str):
        url = _append_query(url, params)
    elif params:
        url = url.extend_query(MultiDict(params)) if url.raw_query_string else url.with_query(params)
    return url


def schemes_of(connector: object) -> frozenset[str]:
    """Return the schemes of URLs that may be asked for over `connector`: http, https, its own."""
    own: frozenset[str] = getattr(connector, "allowed_protocol_schema_set", HTTP_SCHEMES)
    return HTTP_SCHEMES | own - WS_SCHEMES - {""}


def check_scheme(url: URL, allowed: frozenset[str]) -> None:
    """Refuse a URL that cannot be asked.

    Raises:
        NonHttpUrlClientError: Its scheme is none of `allowed`.
        InvalidUrlClientError: It has no scheme, or no host that could be one.
    """
    if url.scheme not in allowed:
        if not url.scheme:
            raise InvalidUrlClientError(url, "it has no scheme")
        raise NonHttpUrlClientError(url)
    fault = host_fault(url)
    if fault is not None:
        raise InvalidUrlClientError(url, fault)


def host_fault(url: URL) -> str | None:
    """Return what is wrong with the host; yarl lets pass what no name and no address can be."""
    host = url.raw_host
    if not host:
        return "it has no host"
    if ":" in host or _REG_NAME.fullmatch(host):  # an IPv6 address in brackets has been read as one
        return None
    return "its host is neither a name nor an address (RFC 3986 section 3.2.2)"


def host_field(url: URL) -> str:
    """Return the value of Host: the zone of an IPv6 address means something here alone (RFC 6874)."""
    host = url.host_port_subcomponent or ""
    return _ZONE.sub("", host) if "%" in host else host


def request_target(url: URL) -> str:
    """Return the origin form: path and query, never the fragment (RFC 9112 section 3.2.1)."""
    return url.raw_path_qs


def _parse(given: StrOrURL) -> URL:
    if isinstance(given, URL):
        return given
    try:
        url = URL(given)
        return _with_exact_escapes(url, given) if "%" in given else url
    except ValueError as fault:
        raise InvalidUrlClientError(given, str(fault)) from fault


def _with_exact_escapes(url: URL, given: str) -> URL:
    """Return `url` with the escapes that were given, but for those of unreserved characters.

    Decoding others changes what the URL says, and breaks the signature of a signed one.
    """
    front, _, query = given.partition("#")[0].partition("?")
    if url.raw_authority:
        front = "//host/" + front.partition("//")[2].partition("/")[2]
    if "%" not in front + query:  # but in the credentials, say
        return url
    path = _exact_path(front) if "%" in front else url.raw_path
    exact = _UNRESERVED_ESCAPE.sub(_decode, escape_illegal(query)) if "%" in query else url.raw_query_string
    return _rebuilt(url, path, exact)


def _exact_path(front: str) -> str:
    """Return the path in canonical form, but with its escapes of reserved characters: yarl undoes some."""
    decoded = _UNRESERVED_ESCAPE.sub(_decode, front)
    hidden = _ESCAPE.sub("%25", decoded)
    if _SCHEME.match(decoded) and not _SCHEME.match(front):  # which only a path has (RFC 3986 section 4.2)
        hidden = hidden.replace(":", "%253A", decoded.partition("/")[0].count(":"))
    return _HIDDEN_ESCAPE.sub("%", URL(hidden).raw_path)


def _append_query(url: URL, text: str) -> URL:
    if not text:
        return url
    query = escape_illegal(text)
    raw = url.raw_query_string
    return _rebuilt(url, url.raw_path, f"{raw}&{query}" if raw else query)


def _rebuilt(url: URL, path: str, query: str) -> URL:
    return URL.build(
        scheme=url.scheme,
        authority=url.raw_authority,
        path=path,
        query_string=query,
        fragment=url.raw_fragment,
        encoded=True,
    )


def escape_illegal(text: str) -> str:
    """Percent-encode what a URL cannot hold, and nothing else."""
    return _ILLEGAL.sub(_percent_encode, text)


def _percent_encode(found: "re.Match[str]") -> str:
    return "".join(f"%{octet:02X}" for octet in found.group().encode("utf-8", "surrogateescape"))


def _decode(found: "re.Match[str]") -> str:
    return chr(int(found.group(1), 16))
