"""Run a scene in an interpreter of its own, where nothing may be left behind in silence."""

import asyncio
import os
import re
import sys
from pathlib import Path

__all__ = ["run_alone"]

# What asyncio's debug mode says of a slow step: it tells of a busy machine, and of nothing left behind.
_SLOW_STEP = re.compile(rb"^Executing <.*> took \d+\.\d+ seconds\n", re.MULTILINE)

_HERE = Path(__file__).resolve().parent.parent


async def run_alone(
    script: Path, *arguments: str, env: dict[str, str] | None = None, strict: bool = True
) -> str:
    """Run `script` and return what it printed.

    Args:
        script: What is run.
        *arguments: Its arguments.
        env: Variables beside those of this process.
        strict: Run in Python's development mode, with every warning an error; it is slow.

    Raises:
        AssertionError: It failed, or said anything on its standard error.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *(("-X", "dev") if strict else ()), "-W", "error", str(script), *arguments),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(_import_path())} | (env or {}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, complained = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    complained = _SLOW_STEP.sub(b"", complained)
    if process.returncode or complained:
        raise AssertionError(
            f"{script.name} {' '.join(arguments)}: {process.returncode}\n{complained.decode()}"
        )
    return printed.decode()


def _import_path() -> list[str]:
    return [str(_HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
