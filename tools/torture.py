"""Cancel requests at random moments, on each event loop that is here; the arguments go to each run.

What is cancelled, and what must hold, stands in `tests-integration/torture/randomly.py`.
"""

import importlib.util
import subprocess
import sys

from tools.source_tree import INTEGRATION

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run once for each loop; return 1 where a run found a defect, else 0."""
    loops = ["asyncio", *(["uvloop"] if importlib.util.find_spec("uvloop") is not None else [])]
    command = [sys.executable, "-m", "torture.randomly", *arguments]
    runs = [subprocess.run([*command, "--loop", loop], cwd=INTEGRATION, check=False) for loop in loops]
    return 1 if any(run.returncode for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
