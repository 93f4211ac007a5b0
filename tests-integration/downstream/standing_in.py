"""Run a program that uses aiohttp with whimbrel in its place: `python standing_in.py PROGRAM ARGUMENTS...`."""

import importlib.util
import runpy
import sys

import whimbrel


def main(program: str) -> None:
    if importlib.util.find_spec("aiohttp") is not None:
        raise SystemExit("aiohttp itself can be imported here: this would prove nothing")
    whimbrel.install_as_aiohttp()
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    del sys.argv[0]
    main(sys.argv[0])
