"""Credentials from the netrc file: whose they are, who gets them, and what a bad file does."""

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from scripted_peer import Serve, answer
from yarl import URL

from whimbrel import BasicAuth, ClientSession
from whimbrel._netrc import NetrcFile, auth_for, read_netrc

ME = BasicAuth("me", "secret")
VALUE = b"Authorization: " + ME.encode().encode()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def put(path: Path, content: str | bytes | None) -> None:
    """Let the file hold `content`, or be gone."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that NETRC names."""
    path = tmp_path / "secrets"
    monkeypatch.setenv("NETRC", str(path))
    return path


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("http://shore.example/", "one"),
        ("https://SHORE.example./path", "one"),
        ("http://shore.example:8080/", "two"),
        ("http://маяк.example/", "three"),
        ("http://[::1]/", "four"),
        ("http://sub.shore.example/", None),
        ("http://example/", None),
        ("http://default/", None),
        ("http://cliff.example/", None),
    ],
)
def test_a_machine_is_one_host(tmp_path: Path, url: str, login: str | None) -> None:
    path = tmp_path / "netrc"
    path.write_text(
        "machine Shore.Example login one password a\n"
        "machine shore.example:8080 login two password b\n"
        "machine xn--80aue1f.example login three password c\n"
        "machine [::1] login four password d\n"
        "default login anybody password e\n",
        "utf-8",
    )
    found = auth_for(URL(url), read_netrc(str(path)))
    assert (None if found is None else found.login) == login


@pytest.mark.parametrize(
    ("line", "auth"),
    [
        ("machine h login me password secret", ME),
        ("machine h\n  login me\n  password secret\n", ME),
        ("machine h account me password secret", ME),
        ("machine h password secret", BasicAuth("", "secret")),
        ("machine h login a:b password secret", None),
        ("# h\nmachine h login me password secret", ME),
        pytest.param(
            'machine h login me password "sec#ret \\" x"',
            BasicAuth("me", 'sec#ret " x'),
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="its netrc module knows no quotes"),
        ),
    ],
)
def test_a_line_is_read_as_the_standard_library_does(
    tmp_path: Path, line: str, auth: BasicAuth | None
) -> None:
    path = tmp_path / "netrc"
    path.write_text(line, "utf-8")
    assert read_netrc(str(path)).get("h") == auth


async def test_the_host_s_credentials_are_sent_where_the_environment_is_trusted(
    serve: Serve, file: Path
) -> None:
    peer = await serve(answer())
    put(file, "machine 127.0.0.1 login me password secret")
    async with ClientSession(trust_env=True) as session:
        await session.get(peer.url)
        await session.get(peer.url, trust_env=False)
        await session.get(peer.url, auth=BasicAuth("other"))
        await session.get(peer.url, headers={"authorization": "Bearer x"})
        await session.get(peer.url.replace("//", "//user@"))
    async with ClientSession() as session:
        await session.get(peer.url)
        await session.get(peer.url, trust_env=True)
    assert [VALUE in head for head in peer.heads] == [True, False, False, False, False, False, True]


async def test_a_redirect_to_another_origin_takes_nothing_along(serve: Serve, file: Path) -> None:
    there = await serve(answer())
    here = await serve(
        answer(b"", "Location: /again", status="302 Found"),
        answer(b"", f"Location: {there.url}", status="302 Found"),
    )
    put(file, "machine 127.0.0.1 login me password secret")
    async with ClientSession(trust_env=True) as session:
        await session.get(here.url)
    assert [VALUE in head for head in here.heads] == [True, True]
    assert [b"Authorization" in head for head in there.heads] == [False]


@pytest.mark.skipif(sys.platform == "win32", reason="the home directory has another name")
async def test_the_home_directory_is_looked_into(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = await serve(answer())
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    async with ClientSession(trust_env=True) as session:
        await session.get(peer.url)
    assert VALUE in peer.heads[0]


async def test_what_has_changed_is_read_again_and_only_that(file: Path) -> None:
    netrc = NetrcFile()
    put(file, "machine h login me password secret")
    await netrc.refresh()
    first = netrc.entries
    assert first == {"h": ME}
    await netrc.refresh()
    assert netrc.entries is first
    put(file, "machine h login me password changed")
    await netrc.refresh()
    assert netrc.entries == {"h": BasicAuth("me", "changed")}
    put(file, None)
    await netrc.refresh()
    assert netrc.entries == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"machine h login me password secret\nhush now", "Could not parse .netrc file .*line 2"),
        (b"\xff\xfe\xfa", "Could not parse .netrc file"),
        (b" " * (1024 * 1024 + 1), "Could not read .netrc file .*larger than"),
    ],
)
async def test_a_bad_file_is_logged_once_and_counts_as_empty(
    file: Path, caplog: pytest.LogCaptureFixture, content: bytes, words: str
) -> None:
    netrc = NetrcFile()
    put(file, content)
    with caplog.at_level(logging.WARNING, "whimbrel"):
        for _ in range(3):
            await netrc.refresh()
    assert netrc.entries == {}
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert re.search(words, record.getMessage())
    assert "hush" not in record.getMessage()


async def test_a_file_that_somebody_names_should_be_there(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    netrc = NetrcFile()
    with caplog.at_level(logging.WARNING, "whimbrel"):
        for _ in range(3):
            await netrc.refresh()
    (record,) = caplog.records
    assert record.getMessage() == f"Could not read .netrc file {file}: No such file or directory"


async def test_without_a_file_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    netrc = NetrcFile()
    await netrc.refresh()
    assert not caplog.records


async def test_a_directory_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path))
    await NetrcFile().refresh()
    assert "Could not read" in caplog.text


async def test_a_proxy_of_the_environment_gets_its_own(
    serve: Serve, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await serve(answer())
    put(file, "machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("http_proxy", proxy.url)
    async with ClientSession(trust_env=True) as session:
        await session.get("http://shore.example/")
        await session.get("http://shore.example/", proxy_auth=BasicAuth("other"))
        monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//user@"))
        await session.get("http://shore.example/")
        await session.get("http://shore.example/", proxy=proxy.url)
    assert [b"Proxy-" + VALUE in head for head in proxy.heads] == [True, False, False, False]
    assert not any(b"\r\nAuthorization" in head for head in proxy.heads)


def test_the_module_that_reads_it_is_not_imported_before() -> None:
    script = "import sys, whimbrel; sys.exit('netrc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
