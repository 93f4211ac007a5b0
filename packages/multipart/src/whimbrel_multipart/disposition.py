"""What a Content-Disposition says: the name of a form field and of a file (RFC 7578 section 4.2, RFC 6266).

Writing follows the WHATWG rule that browsers use; reading takes what browsers, mail programs and older
HTTP software write.
"""

import builtins
import warnings
from collections.abc import Mapping
from enum import Enum
from urllib.parse import quote, unquote_to_bytes

from whimbrel_http1 import is_token
from whimbrel_multipart._header_text import check_text, check_token
from whimbrel_multipart._parameters import Parameter, split_parameters
from whimbrel_multipart.errors import BadContentDispositionHeader, BadContentDispositionParam

__all__ = [
    "Quoting",
    "content_disposition_filename",
    "content_disposition_header",
    "parse_content_disposition",
]

_WHATWG = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
_BACKSLASH = str.maketrans({'"': '\\"', "\\": "\\\\"})


class Quoting(Enum):
    r"""How names and file names are written into a Content-Disposition.

    Attributes:
        WHATWG: UTF-8 as it is, and only `"`, CR and LF percent-encoded, as browsers do.
        BACKSLASH: UTF-8 as it is, with a backslash before `"` and `\`; CR and LF are refused.
        EXTENDED: As WHATWG, and a name outside ASCII a second time as `name*=` (RFC 5987), for
            receivers older than RFC 7578, which forbids this form.
    """

    WHATWG = "whatwg"
    BACKSLASH = "backslash"
    EXTENDED = "extended"


def content_disposition_header(
    disptype: str, params: Mapping[str, str], *, quoting: Quoting = Quoting.WHATWG, charset: str = "utf-8"
) -> str:
    """Return the value of a Content-Disposition header.

    Args:
        disptype: Such as "form-data" or "attachment".
        params: Names and values in the order in which they are written.
        quoting: How values are written.
        charset: The character set of the extended form; the plain form is always UTF-8.

    Raises:
        InvalidField: `disptype` or a parameter's name is not a token, or a value holds a control
            character that the quoting does not replace.

    >>> content_disposition_header("form-data", {"name": 'a "b"'})
    'form-data; name="a %22b%22"'
    """
    check_token("disposition type", disptype)
    pieces = [disptype]
    for name, value in params.items():
        check_token("disposition parameter", name)
        pieces.append(f'{name}="{_quoted(name, value, quoting)}"')
        if quoting is Quoting.EXTENDED and not value.isascii():
            pieces.append(f"{name}*={charset}''{quote(value, safe='', encoding=charset)}")
    return "; ".join(pieces)


def _quoted(name: str, value: str, quoting: Quoting) -> str:
    written = value.translate(_BACKSLASH if quoting is Quoting.BACKSLASH else _WHATWG)
    check_text(name, written)
    return written


def parse_content_disposition(header: str | None) -> tuple[str | None, dict[str, str]]:
    r"""Return the disposition type in lower case and its parameters.

    Extended parameters (`filename*`) are percent-decoded; continued ones (`filename*0`) are kept as
    they are: `content_disposition_filename` joins them. A malformed value gives `(None, {})` and a
    `BadContentDispositionHeader` warning; a malformed parameter is left out with a
    `BadContentDispositionParam` warning.

    >>> parse_content_disposition('form-data; name="a"; filename*=utf-8\'\'%C3%BC')
    ('form-data', {'name': 'a', 'filename*': 'ü'})
    """
    if not header:
        return None, {}
    disptype, found, whole = split_parameters(header)
    params: dict[str, str] = {}
    if not whole or not is_token(disptype):
        warnings.warn(BadContentDispositionHeader(header), stacklevel=2)
        return None, {}
    for parameter in found:
        if parameter.name in params:
            # Two readers that pick different ones of a pair disagree about the file: take neither.
            warnings.warn(BadContentDispositionHeader(header), stacklevel=2)
            return None, {}
        value = _parameter_value(parameter)
        if value is None:
            warnings.warn(BadContentDispositionParam(parameter.name), stacklevel=2)
        else:
            params[parameter.name] = value
    return disptype.lower(), params


def _parameter_value(parameter: Parameter) -> str | None:
    name, value, quoted = parameter
    if not is_token(name):
        return None
    if name.endswith("*") and "*" not in name[:-1]:
        return None if quoted else _decode_extended(value)
    return value if quoted or is_token(value) else None


def _decode_extended(value: str) -> str | None:
    """Decode `charset'language'percent-encoded` (RFC 8187), or return None."""
    charset, first, rest = value.partition("'")
    _, second, encoded = rest.partition("'")
    if not first or not second:
        return None
    try:
        return unquote_to_bytes(encoded).decode(charset or "utf-8", "strict")
    except (builtins.LookupError, UnicodeError, ValueError):
        return None


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """Return the value of `name`: its extended form first, then the plain, then the continued (RFC 2231).

    Args:
        params: What `parse_content_disposition` returned.
        name: The parameter, in lower case.
    """
    extended = params.get(name + "*")
    if extended is not None:
        return extended
    plain = params.get(name)
    if plain is not None:
        return plain
    return _join_continued(params, name)


def _join_continued(params: Mapping[str, str], name: str) -> str | None:
    pieces: list[str] = []
    encoded = False
    while True:
        key = f"{name}*{len(pieces)}"
        if key + "*" in params:
            encoded = True
            pieces.append(params[key + "*"])
        elif key in params:
            pieces.append(params[key])
        else:
            break
    if not pieces:
        return None
    joined = "".join(pieces)
    return _decode_extended(joined) if encoded else joined
