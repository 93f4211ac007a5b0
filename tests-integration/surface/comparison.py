"""What a module of aiohttp offers and whimbrel does not, name by name and parameter by parameter.

A difference is one line: a path such as `ClientSession.get(timeout)`, a colon, and what is different.
"""

import ast
import enum
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from types import ModuleType
from typing import Any

__all__ = ["differences"]

_DUNDERS = (
    "__aenter__", "__aiter__", "__anext__", "__await__", "__call__", "__contains__",
    "__enter__", "__eq__", "__getitem__", "__hash__", "__iter__", "__len__",
)  # fmt: skip
_BY_POSITION = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
_OF_PYTHON = (object, Exception, OSError, tuple, int, str, enum.Enum)


def differences(theirs: ModuleType, ours: ModuleType) -> Iterator[str]:
    """Yield what `ours` lacks of all that `theirs` lists in `__all__`."""
    for name in sorted(theirs.__all__):
        if hasattr(ours, name):
            yield from _compare(name, getattr(theirs, name), getattr(ours, name))
        else:
            yield f"{name}: missing"


def _compare(path: str, theirs: Any, ours: Any) -> Iterator[str]:
    if inspect.isclass(theirs):
        yield from _compare_classes(path, theirs, ours)
    elif inspect.isfunction(theirs):
        yield from _compare_signatures(path, theirs, ours)
    elif isinstance(theirs, (str, int, tuple, frozenset)) and theirs != ours:
        yield f"{path}: is {ours!r}, not {theirs!r}"
    elif inspect.ismodule(theirs):
        constants = {name: value for name, value in vars(theirs).items() if name.isupper()}
        yield from _compare_values(path, constants, ours)


def _compare_classes(path: str, theirs: type, ours: Any) -> Iterator[str]:
    if not inspect.isclass(ours):
        yield f"{path}: no class"
        return
    if issubclass(theirs, enum.Enum):
        yield from _compare_values(path, theirs.__members__, ours)
        return
    yield from _compare_signatures(path, theirs, ours)
    yield from _compare_protocols(path, theirs, ours)
    has = _attributes(ours)
    for name in sorted(_attributes(theirs)):
        if name not in has:
            yield f"{path}.{name}: missing"
        elif inspect.isroutine(method := getattr(theirs, name, None)):
            yield from _compare_signatures(f"{path}.{name}", method, getattr(ours, name, None))


def _compare_values(path: str, theirs: Mapping[str, object], ours: object) -> Iterator[str]:
    for name, value in theirs.items():
        if getattr(ours, name, None) != value:
            yield f"{path}.{name}: missing, or of another value"


def _compare_protocols(path: str, theirs: type, ours: type) -> Iterator[str]:
    """Compare what they derive from, and what Python's syntax can do with them."""
    bases = {base.__name__ for base in theirs.__mro__ if not base.__name__.startswith("_")}
    for name in sorted(bases - {base.__name__ for base in ours.__mro__}):
        yield f"{path}: does not derive from {name}"
    for name in _DUNDERS:
        if getattr(theirs, name, None) is not None and getattr(ours, name, None) is None:
            yield f"{path}.{name}: missing"


def _attributes(cls: type) -> set[str]:
    """Return the public names of a class and of its instances, but for those that Python gave it."""
    found = {name for base in cls.__mro__ for name in vars(base)} | _names_in_source(cls)
    of_python = {name for base in cls.__mro__ if base in _OF_PYTHON for name in vars(base)}
    return {name for name in found - of_python if not name.startswith("_")}


def _names_in_source(cls: type) -> set[str]:
    """Return what the class and its bases annotate, and what they assign to `self`."""
    found: set[str] = set()
    for base in cls.__mro__:
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
        except (OSError, TypeError):
            continue
        found.update(
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        )
        for node in tree.body if isinstance(tree, ast.ClassDef) else ():
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
    return found


def _compare_signatures(path: str, theirs: Callable[..., object], ours: Any) -> Iterator[str]:
    if not callable(ours):
        yield f"{path}: cannot be called"
        return
    asked, offered = _parameters(theirs), _parameters(ours)
    if asked is None or offered is None:
        return
    yield from _compare_parameters(path, asked, offered)
    for name, parameter in offered.items():
        if name not in asked and parameter.default is Parameter.empty and parameter.kind not in _VARIADIC:
            yield f"{path}({name}): asked for by whimbrel alone"
    if inspect.iscoroutinefunction(theirs) and not _can_be_awaited(ours):
        yield f"{path}: cannot be awaited"


def _compare_parameters(
    path: str, asked: Mapping[str, Parameter], offered: Mapping[str, Parameter]
) -> Iterator[str]:
    order = [name for name, parameter in offered.items() if parameter.kind in _BY_POSITION]
    position = 0
    for name, parameter in asked.items():
        if parameter.kind in _VARIADIC:
            continue
        by_position = parameter.kind in _BY_POSITION
        if name not in offered:
            yield f"{path}({name}): missing"
        elif by_position and order[position : position + 1] != [name]:
            yield f"{path}({name}): not the argument number {position + 1}"
        elif parameter.default is not Parameter.empty:
            yield from _compare_defaults(f"{path}({name})", parameter.default, offered[name].default)
        position += by_position


def _compare_defaults(path: str, theirs: object, ours: object) -> Iterator[str]:
    if ours is Parameter.empty:
        yield f"{path}: has no default"
    elif not _is_unset(theirs) and not _is_unset(ours) and _plain(theirs) != _plain(ours):
        yield f"{path}: is {_plain(ours)} by default, not {_plain(theirs)}"


def _is_unset(default: object) -> bool:
    """Tell whether a default only says that nothing was given; what that means is for tests of behaviour."""
    return (
        type(default).__name__ == "_SENTINEL"
        or isinstance(default, BaseException)
        or default is _FROM_OPTIONS
    )


def _plain(default: object) -> str:
    """Return a default in words that do not depend on whose class or function it is."""
    if inspect.isfunction(default):
        return "a function"
    return default.__name__ if inspect.isclass(default) else str(default)


def _can_be_awaited(function: Callable[..., object]) -> bool:
    result = inspect.signature(function).return_annotation
    return (
        inspect.iscoroutinefunction(function)
        or hasattr(result, "__await__")
        or str(result).startswith(("Coroutine", "collections.abc.Coroutine"))
    )


_FROM_OPTIONS = object()


def _parameters(function: Callable[..., object]) -> dict[str, Parameter] | None:
    """Return the parameters, those that a TypedDict lists for `**options` among them; None where unknown."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    found: dict[str, Parameter] = {}
    for parameter in signature.parameters.values():
        if parameter.kind is Parameter.VAR_KEYWORD and "Unpack[" in str(parameter.annotation):
            for name in _keys(function, str(parameter.annotation)):
                if name not in found:
                    found[name] = Parameter(name, Parameter.KEYWORD_ONLY, default=_FROM_OPTIONS)
        else:
            found[parameter.name] = parameter
    found.pop("self", None)
    return found


def _keys(function: Callable[..., object], annotation: str) -> list[str]:
    """Return the keys of the TypedDict in `Unpack[...]`, which stands where the function does or in its module."""
    name = annotation.partition("Unpack[")[2].partition("]")[0].rpartition(".")[2]
    known = vars(sys.modules[function.__module__])
    options = known.get(name) or vars(sys.modules["whimbrel.client"])[name]
    return [*options.__annotations__]
