"""From a request and its headers to what goes out: origin form or absolute form (RFC 9112 section 3.2)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from multidict import CIMultiDict
from yarl import URL

from whimbrel._outgoing import Head, Outgoing
from whimbrel._urls import host_field, request_target
from whimbrel_connector import Body, Proxy, Request

if TYPE_CHECKING:
    from whimbrel._plan import RequestWatcher

__all__ = ["direct_request", "leased_url", "wire_request"]


def leased_url(outgoing: Outgoing) -> URL:
    """Return the URL that a connection is asked for.

    A WebSocket at an http URL is one at a ws URL: through a proxy it needs a tunnel (RFC 6455
    section 4.1).
    """
    url = outgoing.url
    return url.with_scheme("ws") if outgoing.offers_upgrade and url.scheme == "http" else url


def direct_request(outgoing: Outgoing, head: Head) -> Request:
    """Return the request as it goes to the origin itself, as `wire_request` does where nothing is special."""
    known = head.direct if outgoing.body is None else None
    return known or wire_request(outgoing, head, None, hides_proxy_fields=False)


def wire_request(
    outgoing: Outgoing,
    head: Head,
    proxy: Proxy | None,
    *,
    hides_proxy_fields: bool,
    traces: "RequestWatcher | None" = None,
) -> Request:
    """Return the request as it goes out, to be sent once.

    Args:
        outgoing: What is asked.
        head: Its head.
        proxy: What the connection goes through, or None.
        hides_proxy_fields: Proxy-* fields are for proxies alone, not for origins. Where no proxy is
            in play they are the caller's word like any other.
        traces: Who watches the body go out, or None.
    """
    is_direct = proxy is None and not hides_proxy_fields
    first = head.model or head
    known = first.direct if is_direct else None
    body = outgoing.body
    content: bytes | Body = b""
    if body is not None:
        in_memory = body.in_memory()
        content = body if in_memory is None else in_memory
        if traces is not None:
            content = traces.seen(outgoing, content)
        if known is not None and head.length is not None:
            return known.resized(content, head.length)
    target, fields = _form(outgoing, head.headers, proxy, hides_proxy_fields)
    request = Request(
        outgoing.method,
        target,
        fields,
        content,
        expects_continue=outgoing.expects_continue,
        offers_upgrade=outgoing.offers_upgrade,
        version=outgoing.version,
    )
    if is_direct and body is None and request.encoder.done:  # else its end is written once
        first.direct = request
    elif is_direct and head.length is not None:
        first.direct = request.with_body(b"")  # what is kept holds no body
    return request


def _form(
    outgoing: Outgoing, headers: CIMultiDict[str], proxy: Proxy | None, hides_proxy_fields: bool
) -> tuple[str, Iterable[tuple[str, str]]]:
    """Return the request target and the fields.

    They are of the origin form, unless a proxy reads the request: then of the absolute form (RFC 9112
    section 3.2.2), with what the proxy is told.
    """
    url = outgoing.url
    if proxy is None or not proxy.forwards(leased_url(outgoing)):
        fields: Iterable[tuple[str, str]] = headers.items()
        if hides_proxy_fields:
            fields = [item for item in fields if not item[0].lower().startswith("proxy-")]
        return request_target(url), fields
    told = {name.lower() for name, _ in proxy.fields}
    kept = [item for item in headers.items() if item[0].lower() not in told]
    target = f"{url.scheme}://{host_field(url)}{request_target(url)}"
    return target, [*kept, *proxy.fields]
