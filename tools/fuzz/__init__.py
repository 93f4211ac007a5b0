"""Fuzz the HTTP/1.1 parser: `python -m tools.fuzz [target ...] [--seconds 60]`.

Each target is a function from bytes to nothing that raises where a promise of whimbrel_http1 is broken.
Where atheris is installed it searches by coverage; elsewhere the same targets get random mutations of
the same seeds. Every input is one line of options and then what goes over the wire (`choices`), so a
seed can be read, and written, in a text editor that leaves CR LF alone.
"""
