"""aiohttp.streams: bodies as streams, and the queue beside them."""

from whimbrel import EMPTY_PAYLOAD, DataQueue, EofStream, StreamReader
from whimbrel.compat.queues import EmptyStreamReader

__all__ = ["EMPTY_PAYLOAD", "DataQueue", "EmptyStreamReader", "EofStream", "StreamReader"]
