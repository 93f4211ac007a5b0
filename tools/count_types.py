"""Count what escapes the type checker, and hold it below a ceiling.

`mypy --strict` accepts an explicit `Any`, a `cast` and a reasoned `type: ignore`; each is a place where
nobody checks. They are counted by package in `src`, and `tools/type_ceilings.json` keeps the most
that may stand. Who removes some lowers the ceiling (`--lower` does it, and sets one where there was
none); nobody raises it unseen.
"""

import ast
import io
import json
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.source_tree import ROOT, packages

__all__ = ["count", "main"]

CEILINGS = ROOT / "tools" / "type_ceilings.json"
KINDS = ("Any in public signatures", "Any elsewhere", "casts", "ignores")

Counts = dict[str, dict[str, int]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def main(arguments: list[str]) -> int:
    """Print the counts; return 1 where one is above its ceiling, else 0."""
    counts: Counts = {package.name: count(package.source) for package in packages()}
    ceilings: Counts = json.loads(CEILINGS.read_text(encoding="utf-8"))
    for name, found in counts.items():
        print(f"{name:<10} {', '.join(f'{kind}: {found[kind]}' for kind in KINDS)}")
    if "--lower" in arguments:
        ceilings = {name: _lower(found, ceilings.get(name, {})) for name, found in counts.items()}
        CEILINGS.write_text(json.dumps(ceilings, indent=2) + "\n", encoding="utf-8")
    above = [
        f"{name}: {kind}: {number} above the ceiling of {ceilings.get(name, {}).get(kind, 0)}"
        for name, found in counts.items()
        for kind, number in found.items()
        if number > ceilings.get(name, {}).get(kind, 0)
    ]
    print("\n".join(above), end="\n" if above else "")
    return 1 if above else 0


def count(source: Path) -> dict[str, int]:
    """Return how often each of `KINDS` occurs below `source`."""
    found: Counter[str] = Counter()
    for file in sorted(source.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        public = sum(map(_count_any, _public_annotations(tree)))
        found["Any in public signatures"] += public
        found["Any elsewhere"] += _count_any(tree) - public
        found["casts"] += sum(map(_is_cast, ast.walk(tree)))
        found["ignores"] += sum("type: ignore" in comment for comment in _comments(text))
    return {kind: found[kind] for kind in KINDS}


def _lower(found: dict[str, int], ceiling: dict[str, int]) -> dict[str, int]:
    return {kind: min(number, ceiling.get(kind, number)) for kind, number in found.items()}


def _public_annotations(tree: ast.Module | ast.ClassDef) -> Iterator[ast.expr]:
    """Yield every annotation that a user of the module's or class's public names sees."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if _is_public(name):
                yield from _signature(node)
            case ast.ClassDef(name=name) if _is_public(name):
                yield from _public_annotations(node)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if _is_public(name):
                yield annotation


def _signature(function: Function) -> Iterator[ast.expr]:
    taken = function.args
    for argument in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg):
        if argument is not None and argument.annotation is not None:
            yield argument.annotation
    if function.returns is not None:
        yield function.returns


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name.endswith("__")


def _count_any(tree: ast.AST) -> int:
    return sum(map(_is_any, ast.walk(tree)))


def _is_any(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="Any") | ast.Attribute(attr="Any"):
            return True
        case _:
            return False


def _is_cast(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="cast") | ast.Attribute(attr="cast")):
            return True
        case _:
            return False


def _comments(text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
