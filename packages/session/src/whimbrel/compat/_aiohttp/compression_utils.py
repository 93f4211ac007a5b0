"""aiohttp.compression_utils: what undoes gzip and deflate."""

from whimbrel import set_zlib_backend

__all__ = ["set_zlib_backend"]
