"""The fixture, in runs of pytest of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = 'pytest_plugins = ["whimbrel.testing.fixtures"]\n'
TESTS = """
import asyncio
import pytest
import whimbrel
from whimbrel.testing import Answer, MemoryConnector, Site

async def ask(site: Site) -> str:
    async with whimbrel.ClientSession(connector=MemoryConnector(site)) as session:
        async with session.get("http://shore.example/birds") as response:
            return await response.text()

MARK
async def test_the_answer_comes(site: Site) -> None:
    site.get("/birds", Answer("whimbrel"))
    assert await ask(site) == "whimbrel"

def test_without_a_plugin(site: Site) -> None:
    site.get("/birds", Answer("whimbrel"))
    assert asyncio.run(ask(site)) == "whimbrel"

def test_swallows(site: Site) -> None:
    with pytest.raises(BaseException):
        asyncio.run(ask(site))

def test_forgets(site: Site) -> None:
    site.get("/birds")
"""


@pytest.mark.parametrize("style", ["asyncio", "anyio"])
def test_the_fixture_serves_both_plugins_and_none(style: str, tmp_path: Path) -> None:
    pytest.importorskip({"asyncio": "pytest_asyncio", "anyio": "anyio"}[style])
    fixture = (
        '@pytest.fixture\ndef anyio_backend() -> str:\n    return "asyncio"\n' if style == "anyio" else ""
    )
    (tmp_path / "conftest.py").write_text(CONFTEST + ("import pytest\n" + fixture if fixture else ""))
    (tmp_path / "test_it.py").write_text(TESTS.replace("MARK", f"@pytest.mark.{style}"))
    plugins = ("-p", "no:cacheprovider", *(("-p", "no:asyncio") if style == "anyio" else ()))
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", *plugins, str(tmp_path)]
    if style == "asyncio":
        command += ["-o", "asyncio_default_fixture_loop_scope=function"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert "4 passed, 2 errors" in done.stdout, done.stdout + done.stderr
    assert "unexpected request: GET http://shore.example/birds" in done.stdout
    assert "GET /birds was to be requested at least once" in done.stdout


def test_nothing_of_it_is_imported_with_the_client() -> None:
    code = (
        "import sys, whimbrel; print([name for name in sys.modules if 'testing' in name or name == 'pytest'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    assert done.stdout.strip() == "[]"


def test_pytest_is_imported_by_the_fixture_alone() -> None:
    code = "import sys, whimbrel.testing; print('pytest' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=50, check=True
    )
    assert done.stdout.strip() == "False"
