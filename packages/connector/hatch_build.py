"""Compile the hot modules with mypyc, or build plain Python where that cannot be done.

The listed modules are compiled by `hatch-mypyc`. Where no C compiler stands the build does not
fail: it prints a notice and packs the same files uncompiled. `WHIMBREL_PURE=1` asks for that;
`WHIMBREL_COMPILE=1` turns the fallback into an error, for those who publish wheels.

From Python 3.12 on modules with coroutines stay as they are: those of mypyc throw into what they await in a
way that Python has deprecated since, and warns of.
"""

import ast
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatch_mypyc.plugin import MypycBuildHook


class CompileOrFallBack(MypycBuildHook):
    """`hatch-mypyc`, with plain Python as the second choice."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile for a wheel; leave editable installs and source archives as they are."""
        if self.target_name != "wheel" or version == "editable":
            return
        if os.environ.get("WHIMBREL_PURE") == "1":
            self.app.display_info("WHIMBREL_PURE=1: building plain Python.")
            return
        must_compile = os.environ.get("WHIMBREL_COMPILE") == "1"
        if not must_compile and not _c_compiler_stands():
            self._fall_back("no C compiler was found")
            return
        try:
            with _flags_for_one_library():
                super().initialize(version, build_data)
        except Exception as fault:
            if must_compile:
                raise
            self._fall_back(str(fault))

    def include_path(self, relative_path: str) -> bool:
        """Tell whether to compile a file: it is listed, and its coroutines do no harm."""
        if not super().include_path(relative_path):
            return False
        return sys.version_info < (3, 12) or not _has_coroutines(Path(self.root, relative_path))

    def _fall_back(self, reason: str) -> None:
        self.clean([])
        self.app.display_warning(f"Building plain Python, slower but complete: {reason}")


def _has_coroutines(file: Path) -> bool:
    return any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(file.read_bytes())))


@contextmanager
def _flags_for_one_library() -> Iterator[None]:
    """Let its functions call each other directly: nobody else calls them, or puts others in their place.

    Else each call goes by way of two tables, which cost as much memory as the functions.
    """
    before = os.environ.get("CFLAGS")
    if sys.platform == "linux":
        os.environ["CFLAGS"] = f"{before or ''} -fvisibility=hidden -fno-semantic-interposition -fno-plt"
    try:
        yield
    finally:
        if before is not None:
            os.environ["CFLAGS"] = before
        else:
            os.environ.pop("CFLAGS", None)


def _c_compiler_stands() -> bool:
    if os.name == "nt":
        return True  # setuptools finds MSVC by other means than PATH
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return shutil.which(command.split()[0]) is not None


def get_build_hook() -> type[MypycBuildHook]:
    """Name the hook of this file (the imported base class is a hook too)."""
    return CompileOrFallBack
