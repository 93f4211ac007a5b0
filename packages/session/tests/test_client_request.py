"""A request in the hands of its middlewares."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from whimbrel import (
    BasicAuth,
    ClientHandlerType,
    ClientPayloadError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    Fingerprint,
    FormData,
    HttpVersion10,
    HttpVersion11,
    UnixConnector,
)
from whimbrel._plan import Plan
from whimbrel._proxies import ProxyRules
from whimbrel_connector import ExchangeOptions, Proxy, Timeouts, TlsPolicy


def plan() -> Plan:
    """Return what a request obeys that says nothing special."""
    return Plan(total_seconds=None, timeouts=Timeouts(), exchange=ExchangeOptions(), proxies=ProxyRules())


def request_for(method: str = "GET", data: object = None) -> ClientRequest:
    return ClientRequest(method, URL("http://shore.example/path#part"), data=data, cookies={"a": "b"})


def test_it_shows_what_will_be_sent() -> None:
    request = request_for("POST", b"birds")
    assert (request.method, str(request.url)) == ("POST", "http://shore.example/path")
    assert str(request.original_url) == str(request.request_info.real_url) == "http://shore.example/path#part"
    assert (request.host, request.port, request.is_ssl(), request.chunked) == (
        "shore.example",
        80,
        False,
        False,
    )
    assert request.version == HttpVersion11
    assert request.headers["Content-Length"] == "5"
    assert request.skip_auto_headers == frozenset()
    assert str(request.request_info.url) == "http://shore.example/path"
    assert repr(request) == "<ClientRequest POST http://shore.example/path>"
    assert request_for().body == b""


@pytest.mark.parametrize(
    ("url", "host", "cookie"),
    [
        ("http://shore.example/other", "shore.example", "a=b"),
        ("http://shore.example:81/", "shore.example:81", None),
        ("https://shore.example/", "shore.example", "a=b"),
        ("http://user:secret@cliff.example/", "cliff.example", None),
    ],
)
def test_a_new_url_takes_the_host_along_and_secrets_only_within_an_origin(
    url: str, host: str, cookie: str | None
) -> None:
    request = request_for()
    request.url = URL(url)
    assert (request.headers["Host"], request.headers.get("Cookie")) == (host, cookie)
    assert request.url.user is None


def test_a_host_header_of_the_callers_stays() -> None:
    request = request_for()
    request.headers["Host"] = "own.example"
    request.url = URL("http://cliff.example/")
    assert request.headers["Host"] == "own.example"


async def test_another_body_brings_its_own_type_and_framing() -> None:
    request = request_for("POST", {"a": "1"})
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    form = FormData(default_to_multipart=True)
    form.add_field("bird", "whimbrel")
    await request.update_body(form)
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    await request.update_body(b"12345678")
    assert request.headers["Content-Length"] == "8"
    assert request.headers["Content-Type"] == "application/octet-stream"
    await request.update_body(None)
    assert (request.body, request.headers["Content-Length"]) == (b"", "0")


async def test_a_body_without_a_size_is_chunked() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    request = request_for("POST", b"x")
    await request.update_body(pieces())
    assert request.chunked
    assert "Content-Length" not in request.headers


async def test_a_body_that_is_spent_is_not_sent_again() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    class Sink:
        async def write(self, data: bytes, /) -> None:
            pass

    request = request_for("POST", pieces())
    outgoing, _, _ = request.begin(plan())
    assert outgoing.body is not None
    await outgoing.body.write(Sink())
    with pytest.raises(ClientPayloadError):
        request.begin(plan())
    await request.update_body(b"another")
    request.begin(plan())


def test_what_was_sent_does_not_change_any_more() -> None:
    request = request_for()
    _, head, _ = request.begin(plan())
    request.headers["X"] = "1"
    assert "X" not in head.headers


def test_expect_is_taken_from_the_headers() -> None:
    request = request_for("POST", b"x")
    request.headers["Expect"] = "100-Continue"
    assert request.begin(plan())[0].expects_continue
    del request.headers["Expect"]
    assert not request.begin(plan())[0].expects_continue


def test_it_can_be_made_by_hand() -> None:
    request = ClientRequest(
        "post",
        URL("http://user:pass@shore.example/"),
        params={"q": "1"},
        headers={"X-Bird": "whimbrel"},
        skip_auto_headers=["User-Agent"],
        data=b"x" * 9,
        version=HttpVersion10,
        expect100=True,
    )
    assert (request.method, str(request.url)) == ("POST", "http://shore.example/?q=1")
    assert request.headers["Authorization"] == "Basic dXNlcjpwYXNz"
    assert (request.headers["X-Bird"], request.headers["Expect"]) == ("whimbrel", "100-continue")
    assert "User-Agent" not in request.headers
    assert (request.version, request.response_class) == (HttpVersion10, None)
    with pytest.raises(RuntimeError, match="without a session"):
        _ = request.session
    key = request.connection_key
    assert (key.host, key.port, key.is_ssl, key.ssl, key.proxy) == ("shore.example", 80, False, True, None)


async def test_another_body_is_compressed_as_the_former_was() -> None:
    request = ClientRequest("PUT", URL("http://shore.example/"), data=b"x", compress="gzip")
    assert (request.compress, request.headers["Content-Encoding"], request.chunked) == ("gzip", "gzip", True)
    await request.update_body(b"y")
    assert (request.headers["Content-Encoding"], request.chunked) == ("gzip", True)
    await request.update_body(None)
    assert "Content-Encoding" not in request.headers
    request.body = b"z"
    assert request.headers.getall("Content-Encoding") == ["gzip"]
    request.compress = None
    request.body = "text"
    assert "Content-Encoding" not in request.headers
    assert request.headers["Content-Length"] == "4"


def test_the_way_stays_as_planned_where_nothing_is_said() -> None:
    planned = plan()
    assert request_for().begin(planned)[2] is planned


def test_what_is_said_of_tls_takes_the_place_of_all_that_was() -> None:
    request, pin = request_for(), Fingerprint(bytes(32))
    request.ssl = pin
    assert request.begin(plan())[2].tls == TlsPolicy(verify=False, fingerprint=pin, is_whole=True)
    request.server_hostname = "cliff.example"
    tls = request.begin(plan())[2].tls
    assert tls is not None
    assert (tls.fingerprint, tls.server_hostname) == (pin, "cliff.example")


def test_a_proxy_that_is_named_is_taken_and_none_is_none() -> None:
    request = request_for()
    request.proxy = URL("http://proxy.example:3128")
    request.proxy_auth = BasicAuth("me", "secret")
    rules = request.begin(plan())[2].proxies
    assert rules.proxy == Proxy(URL("http://proxy.example:3128"), BasicAuth("me", "secret").encode())
    request.proxy = request.proxy_auth = None
    request.proxy_headers = None
    assert request.begin(plan())[2].proxies.proxy is None


@pytest.mark.parametrize("authorization", [None, "Bearer x", BasicAuth("me", "secret").encode()])
async def test_a_hop_shows_its_proxy_and_leaves_it_as_it_is(authorization: str | None) -> None:
    seen: list[ClientRequest] = []

    async def look(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        seen.append(request)
        raise LookupError

    proxy = Proxy(URL("http://proxy.example:3128"), authorization, (("X-Proxy", "1"),))
    async with ClientSession(middlewares=[look]) as session:
        with pytest.raises(LookupError):
            await session.get("http://shore.example", proxy=proxy, ssl=False, server_hostname="x")
    request = seen[0]
    assert (request.proxy, request.ssl, request.server_hostname) == (proxy.url, False, "x")
    assert request.proxy_auth == (
        BasicAuth("me", "secret") if authorization and "Basic" in authorization else None
    )
    assert request.proxy_headers is not None
    assert request.proxy_headers["X-Proxy"] == "1"
    assert request.session is session
    assert request.begin(plan())[2].proxies.proxy == proxy
    request.proxy_headers["X-Proxy"] = "2"
    changed = request.begin(plan())[2].proxies.proxy
    assert changed is not None
    assert changed.headers == (("X-Proxy", "2"),)


async def test_a_class_of_ones_own_is_what_each_hop_passes_through() -> None:
    made: list[ClientRequest] = []

    class Own(ClientRequest):
        def __init__(self, method: str, url: URL, **options: Any) -> None:
            super().__init__(method, url, **options)
            self.headers["X-Own"] = "1"
            made.append(self)

    async with ClientSession(connector=UnixConnector("/nowhere"), request_class=Own) as session:
        with pytest.raises(OSError):
            await session.get("http://shore.example")
    assert [request.headers["X-Own"] for request in made] == ["1"]
