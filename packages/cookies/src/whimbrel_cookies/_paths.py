"""Default paths and which path covers which (RFC 6265bis section 5.1.4)."""

__all__ = ["default_path", "path_match"]


def default_path(request_path: str) -> str:
    """Return the path of a cookie that names none: the folder of the request.

    >>> default_path("/book/page"), default_path("/page"), default_path("")
    ('/book', '/', '/')
    """
    if not request_path.startswith("/"):
        return "/"
    return request_path[: request_path.rfind("/")] or "/"


def path_match(request_path: str, cookie_path: str) -> bool:
    """Tell whether a cookie of `cookie_path` belongs to a request for `request_path`.

    >>> path_match("/book/page", "/book"), path_match("/bookshop", "/book")
    (True, False)
    """
    if not request_path.startswith(cookie_path):
        return False
    return (
        cookie_path.endswith("/")
        or len(request_path) == len(cookie_path)
        or request_path[len(cookie_path)] == "/"
    )
