"""aiohttp.formdata: forms."""

from whimbrel_multipart import FormData

__all__ = ["FormData"]
