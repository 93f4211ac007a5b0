"""The package as a whole: its names, its docstrings' examples, and what it imports."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import whimbrel_cookies

MODULES = [f"whimbrel_cookies.{module.name}" for module in pkgutil.iter_modules(whimbrel_cookies.__path__)]


@pytest.mark.parametrize("name", ["whimbrel_cookies", *MODULES])
def test_every_listed_name_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert all(hasattr(module, listed) for listed in module.__all__)


def test_public_names_are_sorted() -> None:
    assert sorted(whimbrel_cookies.__all__) == whimbrel_cookies.__all__


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_neither_yarl_nor_an_event_loop_is_imported() -> None:
    code = (
        "import sys, whimbrel_cookies.testing; print({'yarl', 'asyncio', 'socket', 'ssl'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
