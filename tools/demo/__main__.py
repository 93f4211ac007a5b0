"""`python -m tools.demo [URL]`: the tour against a server of its own, or one fetch of `URL`."""

import asyncio
import sys

from tools.demo.fetch import fetch
from tools.demo.tour import tour

if __name__ == "__main__":
    sys.exit(asyncio.run(fetch(sys.argv[1]) if sys.argv[1:] else tour()))
