"""The example of the README runs."""

import re
import subprocess
import sys
from pathlib import Path


def test_the_example_prints_what_it_promises(tmp_path: Path) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    [example] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == [
        'Cookie: tide="high, 4 m"; sid=31d4d96e',
        'Cookie: tide="high, 4 m"',
        "Cookie: (none)",
    ]
