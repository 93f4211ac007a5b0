"""Files saved by aiohttp 3.14."""

import asyncio
import json
from pathlib import Path

import pytest

from whimbrel_cookies import CookieJar
from whimbrel_cookies._aiohttp_file import looks_like_aiohttp, rows_from_aiohttp

SAVED: dict[str, object] = {
    "shore.example|/x": {
        "sid": {
            "key": "sid",
            "value": "a b",
            "coded_value": '"a b"',
            "domain": "shore.example",
            "path": "/x",
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
            "host_only": True,
            "expires_timestamp": 1e12,
        },
        "bad": 1,
    },
    "|": {"all": {"key": "all", "value": "1", "coded_value": "1", "path": "/"}},
    "worse|": 3,
}


def test_its_form_is_recognised() -> None:
    assert looks_like_aiohttp({"a|/": {}})
    assert looks_like_aiohttp({})
    assert not looks_like_aiohttp({"a": {}})
    assert not looks_like_aiohttp({"a|/": 1})


def test_a_jar_loads_it(tmp_path: Path) -> None:
    file = tmp_path / "jar.json"
    file.write_text(json.dumps({key: group for key, group in SAVED.items() if isinstance(group, dict)}))
    jar = CookieJar()
    jar.load(file)
    assert jar.cookie_header("https://shore.example/x") == 'sid="a b"; all=1'
    assert jar.cookie_header("https://www.shore.example/x") == "all=1"
    assert jar.cookie_header("http://shore.example/x") == "all=1"


def test_malformed_entries_become_empty_rows() -> None:
    assert [bool(row) for row in rows_from_aiohttp(SAVED)] == [True, False, True]


def test_what_aiohttp_really_saves_is_understood(tmp_path: Path) -> None:
    aiohttp, yarl = pytest.importorskip("aiohttp"), pytest.importorskip("yarl")

    async def save() -> None:
        theirs = aiohttp.CookieJar()
        theirs.update_cookies({"all": "1"})
        theirs.update_cookies_from_headers(
            ["own=2; Path=/", "domain=3; Path=/; Domain=shore.example; Max-Age=1000; Secure"],
            yarl.URL("https://www.shore.example/"),
        )
        theirs.save(tmp_path / "jar.json")

    asyncio.run(save())
    jar = CookieJar()
    jar.load(tmp_path / "jar.json")
    assert jar.cookie_header("https://www.shore.example/") == "all=1; own=2; domain=3"
    assert jar.cookie_header("https://cam.shore.example/") == "all=1; domain=3"
    assert jar.cookie_header("http://cam.shore.example/") == "all=1"
