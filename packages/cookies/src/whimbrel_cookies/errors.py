"""What can go wrong at the caller's side.

Bad cookies from the wire are never an error: they are ignored, as RFC 6265bis asks. Every error here
means that the caller gave something that cannot be stored, sent or read, and says what and why.
"""

__all__ = ["CookieError", "CookieFileError", "InvalidCookie", "InvalidUrl"]


class CookieError(Exception):
    """The root of all errors of this package."""


class InvalidCookie(CookieError, ValueError):
    """A cookie given by the caller could not be sent without changing its meaning.

    Attributes:
        what: What is wrong, such as "the value contains ';'".
        name: The cookie's name, escaped and shortened.
        rule: The clause that was broken, such as "RFC 6265bis 5.7".
    """

    def __init__(self, what: str, *, name: str, rule: str) -> None:
        super().__init__(what, name, rule)
        self.what, self.name, self.rule = what, excerpt(name), rule

    def __str__(self) -> str:
        return f"cookie {self.name}: {self.what} ({self.rule})"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)


class InvalidUrl(CookieError, ValueError):
    """A URL given by the caller names no host.

    Attributes:
        url: The URL, escaped and shortened.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = excerpt(url)

    def __str__(self) -> str:
        return f"{self.url} is not an absolute URL with a host"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.args, self.__dict__)


class CookieFileError(CookieError, ValueError):
    """A file does not hold saved cookies. The jar was not changed.

    Attributes:
        path: The file.
        reason: What was found instead.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def excerpt(text: str, limit: int = 100) -> str:
    """Return `text` quoted, in ASCII, escaped, and at most `limit` characters of it."""
    if len(text) <= limit:
        quoted = ascii(text)
        if len(quoted) <= limit + 2:
            return quoted
    return ascii(text[:limit])[:limit] + "..."


def _rebuilt(kind: type[CookieError], args: tuple[object, ...], facts: dict[str, object]) -> CookieError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error
