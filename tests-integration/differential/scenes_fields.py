"""Fields of responses that are taken apart: Content-Type, Content-Disposition, Link."""

import warnings
from typing import Any

from differential.origin import text
from differential.stage import Scene, Stage

__all__ = ["SCENES"]

TYPES = [
    'text/plain; note="a;charset=b"; charset=latin-1',
    "text/plain; charset = latin-1",
    "text/plain;charset=latin-1;charset=utf-8",
    "text/plain, text/html",
    "text/plain/x",
    "; charset=latin-1",
]
DISPOSITIONS = [
    'attachment; filename="a b.txt"',
    "attachment; filename*0=a; filename*1=b",
    'attachment; filename="a\\"b"',
    'attachment; filename="../x;y"; size=3',
    "ATTACHMENT; FILENAME=A",
    "attachment filename=x",
    'attachment; filename="x',
    "attachment; name=a; name=b",
    "attachment; filename=",
    "attachment; filename=a, inline",
    'form-data; name="x"; filename="C:\\dir\\f.txt"',
]
LINKS = [
    "<a>; rel='next'",
    "<a>; rel",
    "<a>",
    '<a>; rel="x y", <b>; rel=z; title="p, q"',
    '<a;b>; rel="c;d"',
    "<http://[bad>; rel=x",
    "rubbish",
]


async def _taken_apart(stage: Stage) -> None:
    async with stage.session.get(stage.at("/dir/page")) as response:
        stage.note("type", (response.content_type, response.charset))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a disposition that is none: both warn
            found = response.content_disposition
        stage.note("disposition", found and (found.type, dict(found.parameters), found.filename))
        await stage.attempt("links", _links(response))


async def _links(response: Any) -> object:
    return {key: {name: str(value) for name, value in link.items()} for key, link in response.links.items()}


SCENES = [
    Scene(f"{name}: {value}", _taken_apart, text("", f"{name}: {value}"))
    for name, values in (("Content-Type", TYPES), ("Content-Disposition", DISPOSITIONS), ("Link", LINKS))
    for value in values
]
