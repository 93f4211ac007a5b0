"""Who answers `import aiohttp`: a finder before all others, that knows this one name and what is below it."""

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from importlib.metadata import Distribution, DistributionFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

__all__ = ["AIOHTTP_VERSION", "install_as_aiohttp", "uninstall_as_aiohttp"]

# Whose clients are offered: libraries ask for it, or for the distribution's, to know what they may use.
AIOHTTP_VERSION = "3.14.5"
_METADATA = f"""\
Metadata-Version: 2.1
Name: aiohttp
Version: {AIOHTTP_VERSION}
Summary: whimbrel, in the place of aiohttp
"""
_ALL = DistributionFinder.Context()
_NAME = "aiohttp"
_MODULES = Path(__file__).parent / "_aiohttp"
_OF_THE_SERVER = ("pytest_plugin", "test_utils", "web", "web_", "worker")


def install_as_aiohttp() -> None:
    """Let `import aiohttp` give whimbrel in this process from now on, whether aiohttp is installed or not.

    Call it once, before anything imports aiohttp: it is the program's decision, never a library's.
    A second call does nothing. Modules of aiohttp that a client has no use for, such as
    `aiohttp.web`, raise ImportError and say so.

    Raises:
        RuntimeError: aiohttp itself is imported already.
    """
    if _installed() is not None:
        return
    imported = _imported()
    if imported:
        place = getattr(next(iter(imported.values())), "__file__", None) or "somewhere unknown"
        msg = (
            f"aiohttp is imported already (from {place}), and whoever did so keeps it: "
            "call whimbrel.install_as_aiohttp() before anything imports aiohttp"
        )
        raise RuntimeError(msg)
    sys.meta_path.insert(0, _StandInFinder())


def uninstall_as_aiohttp() -> None:
    """Let `import aiohttp` mean what it meant before; who has imported it keeps what they have.

    Nothing happens where whimbrel is not installed as aiohttp.
    """
    finder = _installed()
    if finder is None:
        return
    sys.meta_path.remove(finder)
    for name in _imported():
        del sys.modules[name]


class _StandInFinder(DistributionFinder):
    """Finds the modules that stand in for those of aiohttp."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  of the import system
        target: ModuleType | None = None,  # noqa: ARG002  of the import system
    ) -> ModuleSpec | None:
        """Return where the module is; None for modules of others.

        Raises:
            ImportError: It is a part of aiohttp that whimbrel does not offer.
        """
        top, _, rest = fullname.partition(".")
        if top != _NAME:
            return None
        if not rest:
            return spec_from_file_location(
                fullname, _MODULES / "__init__.py", submodule_search_locations=[str(_MODULES)]
            )
        file = _MODULES / f"{rest}.py"
        if not file.is_file():
            raise _not_offered(fullname, rest)
        return spec_from_file_location(fullname, file)

    def find_distributions(self, context: DistributionFinder.Context = _ALL) -> Iterable[Distribution]:
        """Yield what `importlib.metadata` shall know of aiohttp, where it is asked for that, or for all."""
        if context.name is None or context.name.lower() == _NAME:
            yield _StandIn()


class _StandIn(Distribution):
    """What `importlib.metadata.version("aiohttp")` goes by."""

    def read_text(self, filename: str) -> str | None:
        """Return a file of metadata, None for those that are not there."""
        return _METADATA if filename == "METADATA" else None

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        """Return where a file would be."""
        return _MODULES / path


def _not_offered(fullname: str, rest: str) -> ImportError:
    where = "whimbrel.install_as_aiohttp() has put it in the place of aiohttp in this process"
    if rest.startswith(_OF_THE_SERVER):
        # No ModuleNotFoundError: `from aiohttp import web` would swallow that one, and these words with it.
        what = f"{fullname} belongs to aiohttp's server, and whimbrel is a client: {where}"
        return ImportError(what, name=fullname)
    return ModuleNotFoundError(f"whimbrel has no {fullname}: {where}", name=fullname)


def _installed() -> _StandInFinder | None:
    return next((finder for finder in sys.meta_path if isinstance(finder, _StandInFinder)), None)


def _imported() -> dict[str, ModuleType]:
    """Return the modules that are imported under aiohttp's name, the package first."""
    found = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == _NAME}
    return dict(sorted(found.items()))
