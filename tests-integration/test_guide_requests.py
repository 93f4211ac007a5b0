"""The guide, from "Make a Request" to "Passing Parameters In URLs", with its URLs as printed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from multidict import MultiDict
from peers.bin import EVENTS, Bin
from peers.certificates import Authority
from peers.detour import Detour
from yarl import URL

import whimbrel as aiohttp


@pytest.fixture
async def session(httpbin: Bin) -> AsyncIterator[aiohttp.ClientSession]:
    """A session to which every host is the guide's site."""
    connector = aiohttp.TCPConnector(resolver=Detour({80: httpbin.port}))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def test_the_first_example_prints_the_timeline(
    httpbin: Bin, capsys: pytest.CaptureFixture[str]
) -> None:
    """S001 to S005, S019: the example as printed, but for the URL."""
    url = f"{httpbin.url}events"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as resp:
            print(resp.status)  # noqa: T201  the example does
            print(await resp.text())  # noqa: T201  the example does

    status, text = capsys.readouterr().out.splitlines()
    assert status == "200"
    assert json.loads(text) == EVENTS
    assert session.closed
    with pytest.raises(RuntimeError, match="Session is closed"):
        await session.get(url)


async def test_the_first_example_works_over_tls_with_its_own_url(authority: Authority) -> None:
    """S018: the host name is verified and sent as SNI."""
    async with Bin(ssl=authority.server("api.github.com")) as site:
        connector = aiohttp.TCPConnector(resolver=Detour({443: site.port}), ssl=authority.client())
        async with aiohttp.ClientSession(connector=connector) as session:
            async with session.get("https://api.github.com/events") as resp:
                assert resp.status == 200
                assert json.loads(await resp.text()) == EVENTS


@pytest.mark.parametrize("method", ["post", "put", "delete", "head", "options", "patch", "get"])
async def test_every_method_sends_its_name(session: aiohttp.ClientSession, method: str) -> None:
    """S008 to S013, S020."""
    sends_data = method in ("post", "put", "patch")
    options: dict[str, Any] = {"data": b"data"} if sends_data else {}
    async with getattr(session, method)(f"http://httpbin.org/{method}", **options) as resp:
        assert resp.status == 200
        assert resp.method == method.upper()
        if method != "head":
            echo = await resp.json()
            assert echo["method"] == method.upper()
            assert echo["data"] == ("data" if sends_data else "")


async def test_request_takes_the_method_first(session: aiohttp.ClientSession) -> None:
    """S020."""
    async with session.request("PUT", "http://httpbin.org/put", json={"test": "object"}) as resp:
        echo = await resp.json()
    assert (echo["method"], echo["data"]) == ("PUT", '{"test": "object"}')


async def test_bytes_go_out_as_they_are(session: aiohttp.ClientSession) -> None:
    """S008."""
    async with session.post("http://httpbin.org/post", data=b"data") as resp:
        echo = await resp.json()
    assert echo["headers"]["Content-Type"] == "application/octet-stream"
    assert echo["headers"]["Content-Length"] == "4"


async def test_json_is_serialised_by_the_standard_library(session: aiohttp.ClientSession) -> None:
    """S022, S023."""
    async with session.post("http://httpbin.org/post", json={"test": "object"}) as resp:
        echo = await resp.json()
    assert echo["data"] == '{"test": "object"}'
    assert echo["headers"]["Content-Type"] == "application/json"


@pytest.mark.parametrize("dumps", [lambda _: "as text", lambda _: b"as bytes"], ids=["str", "bytes"])
async def test_the_session_may_bring_a_serialiser(httpbin: Bin, dumps: Any) -> None:
    """S024 to S026."""
    async with aiohttp.ClientSession(json_serialize=dumps) as session:
        async with session.post(f"{httpbin.url}post", json={"test": "object"}) as resp:
            echo = await resp.json()
    assert echo["data"].startswith("as ")


async def test_json_and_data_exclude_each_other(session: aiohttp.ClientSession) -> None:
    """S027."""
    with pytest.raises(ValueError, match="data and json"):
        await session.post("http://httpbin.org/post", json={}, data=b"")


@pytest.mark.parametrize("value", [{}, [], 0, False, ""])
async def test_falsy_json_is_sent(session: aiohttp.ClientSession, value: object) -> None:
    """S028."""
    async with session.post("http://httpbin.org/post", json=value) as resp:
        echo = await resp.json()
    assert echo["data"] == json.dumps(value)


@pytest.mark.parametrize(
    ("params", "url"),
    [
        pytest.param(
            {"key1": "value1", "key2": "value2"}, "?key1=value1&key2=value2", id="S029 S030 dict in order"
        ),
        pytest.param([("key", "value1"), ("key", "value2")], "?key=value1&key=value2", id="S033 list"),
        pytest.param(
            MultiDict([("key", "value1"), ("key", "value2")]), "?key=value1&key=value2", id="S032 multidict"
        ),
        pytest.param("key=value+1", "?key=value+1", id="S035 str"),
        pytest.param("a=%40&b=%2F", "?a=%40&b=%2F", id="S034 str verbatim"),
        pytest.param({"a+b c&d": "п/%"}, "?a%2Bb+c%26d=%D0%BF/%25", id="S036 dict is encoded"),
        pytest.param({"number": 1, "more": 1.5}, "?number=1&more=1.5", id="S043 numbers"),
        pytest.param({}, "", id="S044 empty"),
    ],
)
async def test_params_go_into_the_query(session: aiohttp.ClientSession, params: Any, url: str) -> None:
    """S031: what is printed is what was sent."""
    async with session.get("http://httpbin.org/get", params=params) as resp:
        assert str(resp.url) == f"http://httpbin.org/get{url}"
        assert (await resp.json())["target"] == f"/get{url}"


async def test_params_join_the_query_and_the_fragment_stays_home(session: aiohttp.ClientSession) -> None:
    """S044."""
    async with session.get("http://httpbin.org/get?a=1#here", params={"b": "2"}) as resp:
        assert (await resp.json())["target"] == "/get?a=1&b=2"


@pytest.mark.parametrize("value", [True, None])
async def test_params_without_an_obvious_spelling_are_refused(
    session: aiohttp.ClientSession, value: Any
) -> None:
    """S043."""
    with pytest.raises(TypeError):
        await session.get("http://httpbin.org/get", params={"key": value})


@pytest.mark.parametrize(
    ("url", "target"),
    [
        pytest.param("http://example.com/путь%30?a=%31", "/%D0%BF%D1%83%D1%82%D1%8C0?a=1", id="S039"),
        pytest.param(URL("http://example.com/%30?a=%31&b=%2F", encoded=True), "/%30?a=%31&b=%2F", id="S041"),
    ],
)
async def test_a_url_is_put_into_canonical_form_unless_it_is_encoded(
    session: aiohttp.ClientSession, url: str | URL, target: str
) -> None:
    """S037 to S041."""
    async with session.get(url) as resp:
        assert (await resp.json())["target"] == target


async def test_an_encoded_url_keeps_its_query_when_params_are_added(session: aiohttp.ClientSession) -> None:
    """S042."""
    url = URL("http://example.com/%30?a=%31&b=%2F", encoded=True)
    async with session.get(url, params={"c": "d"}) as resp:
        assert (await resp.json())["target"] == "/%30?a=%31&b=%2F&c=d"


async def test_an_international_host_is_encoded_everywhere(httpbin: Bin) -> None:
    """S038."""
    detour = Detour({80: httpbin.port})
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=detour)) as session:
        async with session.get("http://маяк.example/get") as resp:
            echo = await resp.json()
    encoded = "xn--80aue1f.example"
    assert echo["headers"]["Host"] == encoded
    assert detour.asked == [encoded]


async def test_relative_urls_join_the_base(httpbin: Bin) -> None:
    async with aiohttp.ClientSession(f"{httpbin.url}some/") as session:
        async with session.get("endpoint") as resp:
            assert (await resp.json())["target"] == "/some/endpoint"


async def test_valid_escapes_in_the_query_of_a_url_stay(session: aiohttp.ClientSession) -> None:
    """Signed URLs hold such escapes, and their signature covers them."""
    async with session.get("http://example.com/a%2Fb?credential=key%2Fdate&plus=%2B&colon=%3A") as resp:
        assert (await resp.json())["target"] == "/a%2Fb?credential=key%2Fdate&plus=%2B&colon=%3A"


@pytest.mark.parametrize("method", ["GE T", "GET\r\nX: y", "", "GET\0"])
async def test_a_method_is_a_token(session: aiohttp.ClientSession, method: str) -> None:
    with pytest.raises(ValueError):
        await session.request(method, "http://example.com/")
