"""aiohttp.client_middleware_digest_auth: the Digest scheme."""

from whimbrel.client_middleware_digest_auth import DigestAuthMiddleware

__all__ = ["DigestAuthMiddleware"]
