"""The names of the package: all there, whether imported with it or when they are asked for."""

import subprocess
import sys

import pytest

import whimbrel
from whimbrel import client_exceptions

ASKED_FOR = ["abc", "client", "client_exceptions", "client_ws", "hdrs", "resolver", "tracing", "typedefs"]


def alone(script: str) -> str:
    """Run `script` in an interpreter of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, timeout=50, check=True
    )
    return done.stdout.strip()


def test_every_listed_name_is_there() -> None:
    script = (
        "import whimbrel; print(sorted(name for name in whimbrel.__all__ if not hasattr(whimbrel, name)))"
    )
    assert alone(script) == "[]"
    assert set(whimbrel.__all__) <= set(dir(whimbrel))


@pytest.mark.parametrize("name", ASKED_FOR)
def test_a_module_is_an_attribute_without_an_import_of_its_own(name: str) -> None:
    assert alone(f"import whimbrel as aiohttp; print(aiohttp.{name}.__name__)") == f"whimbrel.{name}"


@pytest.mark.parametrize("name", ["Trace", "TraceNothing", "web", "nothing"])
def test_another_name_is_an_attribute_error_that_says_it(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"'whimbrel(\.tracing)?' has no attribute '{name}'"):
        getattr(whimbrel, name)


def test_what_few_programs_need_is_not_imported_with_the_rest() -> None:
    later = [
        "tracing",
        "_trace_events",
        "_traces",
        "client_exceptions",
        "typedefs",
        "abc",
        "hdrs",
        "compat",
        "upload_tracker",
    ]
    script = f"import sys, whimbrel; print([name for name in {later} if f'whimbrel.{{name}}' in sys.modules])"
    assert alone(script) == "[]"


def test_who_wraps_a_session_can_annotate_its_options() -> None:
    assert {"params", "timeout", "middlewares"} <= set(whimbrel.typedefs.RequestOptions.__annotations__)


def test_every_error_of_the_client_is_in_client_exceptions_wherever_it_stands() -> None:
    errors = {
        name
        for name in whimbrel.__all__
        if isinstance(each := getattr(whimbrel, name), type) and issubclass(each, whimbrel.ClientError)
    }
    assert {"ClientResponseError", "ClientPayloadError"} <= errors <= set(client_exceptions.__all__)
