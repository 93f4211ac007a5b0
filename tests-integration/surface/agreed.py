"""What of aiohttp's surface whimbrel does not have, and why; the one table of that.

A pattern covers whole differences, as `surface.comparison` words them; `*` stands for anything.
"""

__all__ = ["AGREED"]

SERVER = "the server's"
GONE = "deprecated in aiohttp 3, and gone in 4 by its own words"
DEPRECATED = "deprecated in aiohttp 3"
INSIDE = "a step or a table inside aiohttp's client that its documents do not mention"
BY_THE_SESSION = "only a session makes one; aiohttp documents no constructor"
BY_THE_READER = "only a MultipartReader makes one; aiohttp documents no constructor"
BY_URL = "a connector knows no ClientRequest, so that it serves without a session: it is asked by URL"
FEEDING = "for who feeds a stream: here `feed_data` is told of chunks by `keep_chunk_open`"

AGREED = {
    # Of the server.
    "ChainMapProxy: missing": SERVER,
    "ETag: missing": SERVER,
    "GunicornUVLoopWebWorker: missing": SERVER,
    "GunicornWebWorker: missing": SERVER,
    "MultipartReader(client_max_size): missing": SERVER
    + ", as max_size_error_cls; here `limits=` bounds all",
    "MultipartReader(max_size_error_cls): missing": SERVER
    + ", as client_max_size; here `limits=` bounds all",
    # Sessions, requests, responses.
    "ClientRequest.*_METHODS: missing": INSIDE,
    "ClientRequest.DEFAULT_HEADERS: missing": INSIDE,
    "ClientRequest.auth: missing": "it stands in `headers` as Authorization, where a middleware may change it",
    "ClientRequest.close: missing": INSIDE,
    "ClientRequest.length: missing": INSIDE,
    "ClientRequest.loop: missing": INSIDE,
    "ClientRequest.response: missing": INSIDE,
    "ClientRequest.send: missing": INSIDE,
    "ClientRequest.terminate: missing": INSIDE,
    "ClientRequest.update_*: missing": INSIDE,
    "ClientRequest.write_bytes: missing": INSIDE,
    "ClientResponse.ATTRS: missing": INSIDE,
    "ClientResponse.output_size: missing": DEPRECATED,
    "ClientResponse.start: missing": INSIDE,
    "ClientResponse.upload_complete: missing": DEPRECATED,
    "ClientResponse.url_obj: missing": DEPRECATED,
    "ClientResponse: does not derive from HeadersMixin": INSIDE,
    "ClientSession(read_bufsize): is 65536 by default, not 262144": "64 KiB, as its guide documents",
    "ClientSession.ATTRS: missing": INSIDE,
    "ClientSession.ws_connect(ssl): is None by default, not True": "None leaves it to the connector",
    # WebSockets.
    "ClientWSTimeout(ws_close): is 10.0 by default, not None": "10 s wherever nothing is said, so that closing ends",
    "ClientWebSocketResponse(*": BY_THE_SESSION,
    "ClientWebSocketResponse: does not derive from Generic": "only type checkers see it",
    # Connectors.
    "*Connector.connect(*": BY_URL,
    "TCPConnector(verify_ssl): is None by default, not True": "None says nothing, which means the same",
    "Fingerprint.HASHFUNC_BY_DIGESTLEN: missing": INSIDE,
    "Fingerprint.check: missing": INSIDE,
    # Cookies.
    "CookieJar(quote_cookie): is False by default, not True": "values go out as they were set (RFC 6265bis section 5.8.3)",
    "CookieJar.DATE_*: missing": INSIDE,
    "CookieJar.*MAX_TIME: missing": INSIDE,
    # Bodies.
    "BodyPartReader(*": BY_THE_READER,
    "FlowControlDataQueue: missing": GONE,
    "MultipartReader(max_field_size): missing": "`limits=` bounds all: MultipartLimits",
    "MultipartReader(max_headers): missing": "`limits=` bounds all: MultipartLimits",
    "StreamReader.begin_http_chunk_receiving: missing": FEEDING,
    "StreamReader.end_http_chunk_receiving: missing": FEEDING,
    "StreamReader.set_read_chunk_size: missing": INSIDE,
    "StreamReader.total_compressed_bytes: missing": INSIDE,
}
