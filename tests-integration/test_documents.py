"""Every example that users are shown runs, each in an interpreter of its own."""

import os
import re
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```python([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _examples() -> list[ParameterSet]:
    """Return every block of Python that is meant to run, named by file and line."""
    found = []
    for path in [
        ROOT / "README.md",
        *sorted(ROOT.glob("packages/*/README.md")),
        *sorted(ROOT.glob("docs/**/*.md")),
    ]:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        for block in FENCE.finditer(text):
            if "notest" in block[1].split() or re.search(r"(?<![\w.\[(,] )\.\.\.", block[2]):
                continue
            line = text.count("\n", 0, block.start()) + 1
            found.append(pytest.param(block[2], id=f"{path.relative_to(ROOT)}:{line}"))
    return found


@pytest.mark.parametrize("example", _examples())
def test_an_example_runs(example: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(example, encoding="utf-8")
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def _named_files() -> list[str]:
    """Return every file and folder that the picture of the architecture names."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return sorted({name for name in re.findall(r"`([\w./*-]+)`", text) if re.search(r"/|\.(py|toml)$", name)})


@pytest.mark.parametrize("name", _named_files())
def test_what_the_architecture_names_is_there(name: str) -> None:
    found = ROOT.glob(name.rstrip("/") if "/" in name else f"packages/*/src/**/{name}")
    assert any(found) or (ROOT / name).is_file()


def test_the_architecture_has_the_storeys_that_are_held() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    held = contracts["importlinter:contract:storeys"]["layers"].strip().splitlines()
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*\|$", text.partition("| storey |")[2].partition("\n\n")[0], re.MULTILINE)[1:]
    told = [{Path(name).stem for name in re.findall(r"`([^`]+)`", row)} for row in rows]
    assert told == [{name.strip() for name in storey.split(":")} for storey in held]
