"""Split a header value with parameters: `form-data; name="a"; filename=b` (RFC 9110 section 5.6.6).

One scanner serves Content-Type and Content-Disposition. It passes over each character once.
"""

from typing import NamedTuple

__all__ = ["Parameter", "media_type", "split_parameters"]


class Parameter(NamedTuple):
    """One `name=value`; the name in lower case, the value without its quotes."""

    name: str
    value: str
    quoted: bool


def split_parameters(text: str) -> tuple[str, list[Parameter], bool]:
    """Split a header value into its head and its parameters.

    A backslash in a quoted value escapes a quote or a backslash and nothing else, because browsers
    send Windows paths unescaped.

    Returns:
        The head without outer blanks, the parameters in order of appearance, and whether the whole
        value was well formed. Scanning ends at the first fault: what stood before it is returned.
    """
    head, _, _ = text.partition(";")
    found: list[Parameter] = []
    position = len(head)
    end = len(text)
    while position < end:
        position = _skip(text, position, " \t;")
        if position == end:
            break
        equals = text.find("=", position)
        if equals < 0 or ";" in text[position:equals]:
            return head.strip(), found, False
        name = text[position:equals].strip().lower()
        position = _skip(text, equals + 1, " \t")
        if position < end and text[position] == '"':
            value, position = _unquote(text, position + 1)
            if position < 0:
                return head.strip(), found, False
            found.append(Parameter(name, value, quoted=True))
            position = _skip(text, position, " \t")
            if position < end and text[position] != ";":
                return head.strip(), found, False
        else:
            semicolon = text.find(";", position)
            stop = end if semicolon < 0 else semicolon
            found.append(Parameter(name, text[position:stop].strip(), quoted=False))
            position = stop
    return head.strip(), found, True


def _skip(text: str, position: int, blanks: str) -> int:
    while position < len(text) and text[position] in blanks:
        position += 1
    return position


def _unquote(text: str, position: int) -> tuple[str, int]:
    """Return the value that begins after a quote, and the offset after its closing quote or -1."""
    pieces: list[str] = []
    quote = -1
    while True:
        if quote < position:
            quote = text.find('"', position)
        if quote < 0:
            return "", -1
        backslash = text.find("\\", position, quote)
        if backslash < 0:
            pieces.append(text[position:quote])
            return "".join(pieces), quote + 1
        escaped = text[backslash + 1]
        pieces.append(text[position:backslash] + (escaped if escaped in '"\\' else "\\" + escaped))
        position = backslash + 2


def media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return the type in lower case and its parameters, the first of each name (RFC 9110 section 8.3.1).

    >>> media_type('Multipart/Mixed; boundary="a b"')
    ('multipart/mixed', {'boundary': 'a b'})
    """
    head, parameters, _ = split_parameters(text)
    first: dict[str, str] = {}
    for parameter in parameters:
        first.setdefault(parameter.name, parameter.value)
    return head.lower(), first
