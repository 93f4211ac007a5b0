"""Rows of the guide that no other scene is about."""

import gzip
import hashlib
import ssl
from pathlib import Path

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from peers.bin import Bin, pattern
from peers.certificates import Authority
from peers.scripted import OK, ScriptedServer, always
from yarl import URL

import whimbrel
from whimbrel import ClientSession, RequestInfo, TCPConnector


async def test_a_request_without_a_url_names_what_is_missing(httpbin: Bin) -> None:
    """S021: the empty reference leads to the base URL."""
    async with ClientSession(f"{httpbin.url}anything/") as session:
        with pytest.raises(TypeError, match="url"):
            session.post(json={"test": "object"})  # type: ignore[call-arg]  # as the guide has it
        async with session.post("", json={"test": "object"}) as resp:
            echo = await resp.json()
    assert (echo["target"], echo["data"]) == ("/anything/", '{"test": "object"}')


async def test_a_transfer_coding_is_no_content_coding() -> None:
    """S050: what the transfer added to the body beyond the chunks stays as it came."""
    coded = gzip.compress(b"tide")
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
        len(coded),
        coded,
    )
    async with ScriptedServer(always(answer)) as server, ClientSession() as session:
        async with session.get(server.url) as resp:
            assert gzip.decompress(await resp.read()) == b"tide"
            assert "Content-Encoding" not in resp.headers


def test_a_request_info_is_made_of_three_facts_or_four() -> None:
    """S068."""
    url, headers = URL("http://shore.example/"), CIMultiDictProxy(CIMultiDict({"a": "b"}))
    info = RequestInfo(url, "GET", headers)
    assert info == RequestInfo(url=url, method="GET", headers=headers, real_url=url)
    assert (len(info), info.real_url) == (4, url)
    assert RequestInfo(url, "GET", headers, url / "x").real_url == url / "x"


def test_the_multipart_chapter_is_at_hand() -> None:
    """S094."""
    assert whimbrel.MultipartWriter().content_type.startswith("multipart/mixed; boundary=")
    reader = whimbrel.MultipartReader(
        {"Content-Type": "multipart/mixed; boundary=b"}, whimbrel.StreamReader()
    )
    assert isinstance(reader, whimbrel.MultipartReader)


async def test_a_large_body_of_bytes_is_sent_without_a_word(httpbin: Bin) -> None:
    """S100: bytes of the caller's that are there anyway are no cause for a warning; here one is an error."""
    body = pattern(3 << 20)
    async with ClientSession() as session, session.post(f"{httpbin.url}post", data=body) as resp:
        assert (await resp.json())["data"].encode("latin-1") == body


@pytest.mark.parametrize("kind", ["md5", "sha1"])
async def test_a_weak_fingerprint_is_taken_with_a_warning(
    authority: Authority, tmp_path: Path, kind: str
) -> None:
    """S190."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    authority.write("127.0.0.1", certificate=certificate, key=key)
    der = ssl.PEM_cert_to_DER_cert(
        certificate.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with ScriptedServer(always(OK), ssl=context) as server, ClientSession() as session:
        with pytest.warns(DeprecationWarning, match="sha256"):
            resp = await session.get(
                server.url, fingerprint=hashlib.new(kind, der).digest(), ssl_context=authority.client()
            )
        assert await resp.text() == "ok"
        with pytest.warns(DeprecationWarning, match="sha256"), pytest.raises(whimbrel.FingerprintMismatch):
            await session.get(
                server.url, fingerprint=bytes(len(hashlib.new(kind).digest())), ssl_context=authority.client()
            )


@pytest.mark.parametrize("length", [0, 8, 31, 33, 63, 65])
async def test_a_fingerprint_has_the_length_of_a_digest(length: int) -> None:
    """S191."""
    async with ClientSession() as session:
        with pytest.raises(ValueError, match="fingerprint"):
            await session.get("https://shore.example", fingerprint=b"0" * length)
    with pytest.raises(ValueError, match="fingerprint"):
        TCPConnector(fingerprint=b"0" * length)


def test_a_connector_shows_what_it_was_told_of_tls() -> None:
    """S194, S195."""
    context, pin = ssl.create_default_context(), bytes(32)
    assert TCPConnector(ssl_context=context).ssl_context is context
    assert TCPConnector(fingerprint=pin).fingerprint == pin
    assert TCPConnector(verify_ssl=False).verify_ssl is False
    usual = TCPConnector()
    assert (usual.verify_ssl, usual.ssl_context, usual.fingerprint) == (True, None, None)
