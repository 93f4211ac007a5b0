"""All that whimbrel does otherwise than aiohttp 3.14, as far as the scenes can see, and why.

The page `docs/compatibility.md` shows this table; run this file to write it there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DIFFERENCES", "PAGE", "Difference", "expected_in", "page_with", "shown"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "compatibility.md"
_BEGIN, _END = "<!-- the table begins -->", "<!-- the table ends -->"


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise.

    Attributes:
        aiohttp: What aiohttp does.
        whimbrel: What whimbrel does.
        why: The reason.
        seen: The scenes that show it, with the fields of their outcomes that differ.
    """

    aiohttp: str
    whimbrel: str
    why: str
    seen: Mapping[str, tuple[str, ...]]


RAISES = ("raised",)
REFUSES = ("raised", "requests", "connections")

DIFFERENCES: tuple[Difference, ...] = (
    # What a request says.
    Difference(
        "A POST, PUT or PATCH without a body says `Content-Type: application/octet-stream`.",
        "It says no type.",
        "What is not there has no type (RFC 9110 section 8.3).",
        {
            "method POST": ("request 1 content-type",),
            "method PUT": ("request 1 content-type",),
            "method PATCH": ("request 1 content-type",),
            "every verb of the session": tuple(f"request {number} content-type" for number in (4, 5, 6)),
            "header Content-Length without a body": ("request 1 content-type",),
            "json None": ("request 1 content-type",),
        },
    ),
    Difference(
        "`chunked=True` without a body sends an empty chunked one.",
        "`Content-Length: 0`.",
        "The shorter form of the same.",
        {
            "chunked without a body": (
                "request 1 content-type",
                "request 1 transfer-encoding",
                "request 1 content-length",
            )
        },
    ),
    Difference(
        "`compress` of any name says so, and compresses by deflate.",
        "By the coding that was named; `ValueError` where nobody knows it.",
        "Else the body is not what its head says.",
        {"compress by a coding that nobody knows": REFUSES},
    ),
    Difference(
        "An empty method, a header name with a blank in it, and the like, are sent.",
        "`ValueError` before anything is sent.",
        "They would be read as something else, or split the request.",
        {"method empty": REFUSES, "header with a bad name": REFUSES},
    ),
    Difference(
        "A connection is opened before a header that cannot be sent is noticed.",
        "None is.",
        "A head that cannot be written needs no connection.",
        {"header with a line break": ("connections",), "header with NUL": ("connections",)},
    ),
    Difference(
        "A header value that is no text is a `TypeError`.",
        "A `ValueError` that names the argument, before a connection is opened.",
        "All that a head cannot hold is one error, `whimbrel_http1.InvalidHead`.",
        {"header as a number": ("raised", "connections")},
    ),
    Difference(
        "Of two headers whose names differ in letter case the first is lost.",
        "Both are sent.",
        "Names have no letter case (RFC 9110 section 5.1).",
        {"headers as pairs": ("request 1 x-a",)},
    ),
    Difference(
        "A request that said `Connection: close` leaves its connection in the pool.",
        "It is closed.",
        "The server has been told that it may close (RFC 9112 section 9.6).",
        {"header Connection: close": ("request 2 connection", "connections")},
    ),
    Difference(
        "With `Transfer-Encoding: chunked` among the headers the body goes out without chunks.",
        "It is chunked.",
        "The server would wait for chunks for ever.",
        {"header Transfer-Encoding of one's own": ("raised", "requests")},
    ),
    Difference(
        "`params` given as text is quoted, and a valid `%20` becomes `%2520`.",
        "It is sent as it stands; only what no query can hold is quoted.",
        "A query that was signed or quoted already stays right.",
        {"params as text": ("url", "asked", "requests")},
    ),
    Difference(
        "`auth` of the session and an `Authorization` header of the request are a `ValueError`.",
        "The request's own header is sent.",
        "What a request says counts more than what its session says, here as everywhere.",
        {"auth of the session beside a header": REFUSES},
    ),
    # Cookies.
    Difference(
        "Cookie values are quoted the way `http.cookies` does, those of servers too.",
        "They are sent byte for byte; a semicolon is a `ValueError`.",
        "Octets of a value are a value's own (RFC 6265bis sections 5.6 and 5.8); few servers undo that quoting.",
        {
            "cookies with a blank in the value": ("request 1 cookie",),
            "cookies with quotes in the value": ("request 1 cookie",),
            "cookies with another script in the value": ("request 1 cookie",),
            "cookies with a comma in the value": ("request 1 cookie",),
            "cookies with a semicolon in the value": REFUSES,
            "cookies with quoted and odd values": ("request 2 cookie",),
        },
    ),
    Difference(
        "A cookie name with a blank in it is a `CookieError`.",
        "It is sent.",
        "Whatever a server may set can be given by hand, too (RFC 6265bis section 5.6).",
        {"cookies with a bad name": REFUSES},
    ),
    Difference(
        "A cookie without a name is dropped.",
        "It is kept and sent without one.",
        "RFC 6265bis section 5.6.",
        {"cookies malformed": ("jar", "request 2 cookie")},
    ),
    Difference(
        "A cookie that expired in 1970 is kept, empty.",
        "It is dropped.",
        "RFC 6265bis section 5.7.",
        {"cookies that expire": ("jar", "request 3 cookie")},
    ),
    Difference(
        "A `Secure` cookie is taken over http.",
        "It is not.",
        "RFC 6265bis section 5.7: who can change http must not set what https trusts.",
        {"cookies that are secure, over http": ("jar",)},
    ),
    Difference(
        "A cookie for a whole top level domain is taken, and sent to every host in it.",
        "It is not; which suffixes are public `publicsuffixlist` knows, where it is installed.",
        "RFC 6265bis section 5.7.",
        {
            "names: a cookie of the top": (
                "jar",
                *(f"request {number} cookie" for number in (2, 3, 4)),
            )
        },
    ),
    Difference(
        "A `Domain` in upper case fits no host.",
        "It fits in any letter case.",
        "RFC 6265bis section 5.6.3.",
        {
            "names: a cookie of a domain in upper case": ("jar", "request 2 cookie", "request 3 cookie"),
        },
    ),
    Difference(
        "Of two cookies of one name, for a path and for one below it, one is sent.",
        "Both are, that of the longer path first.",
        "RFC 6265bis section 5.8.3.",
        {"names: cookies of one name": ("request 2 cookie",)},
    ),
    Difference(
        "The prefixes `__Secure-` and `__Host-` say nothing.",
        "They keep what they promise.",
        "RFC 6265bis section 4.1.3.",
        {"names: cookies with a prefix": ("jar", "request 2 cookie")},
    ),
    # Bodies that are sent.
    Difference(
        "Escapes in a URL are undone where what they mean is allowed too: `%27` becomes `'`, and `%2F` in a query `/`.",
        "Those of letters, digits, `-`, `.`, `_` and `~` are; others stay, in the letter case that they have.",
        "A URL that was signed stays right, and `%26` is no `&` (RFC 3986 sections 2.2 and 6.2.2.2).",
        {
            "url with escapes": ("url", "asked", "requests"),
            "url with valid escapes": ("url", "asked", "requests"),
        },
    ),
    Difference(
        "What a generator raises becomes `ClientConnectionError`.",
        "It is raised as it is.",
        "It is the caller's own error.",
        {"data an async generator that breaks": RAISES},
    ),
    Difference(
        "A text file is declared as long as it is on the disk.",
        "It is sent chunked.",
        "Once it is encoded it may be longer or shorter.",
        {"file of text": ("request 1 content-length", "request 1 transfer-encoding")},
    ),
    Difference(
        "A file that is sent twice is empty the second time.",
        "It is sent whole again.",
        "The payload remembers where it began.",
        {"data BytesIO twice": ("request 2 content-length", "request 2 body")},
    ),
    Difference(
        "File names in forms are percent-encoded.",
        "They are UTF-8, with quotes and line breaks escaped.",
        "What browsers do (HTML, multipart/form-data encoding algorithm).",
        {
            "form with files": ("request 1 content-length", "request 1 body"),
            "form with files twice": tuple(
                f"request {number} {what}" for number in (1, 2) for what in ("content-length", "body")
            ),
        },
    ),
    Difference(
        "Parts of a multipart body that is no form have a `Content-Length`.",
        "They have none.",
        "MIME has no such field for parts; boundaries delimit them (RFC 2046 section 5.1).",
        {
            "multipart mixed": ("request 1 content-length", "request 1 body"),
            "multipart related": ("request 1 content-length", "request 1 body"),
        },
    ),
    # Responses.
    Difference(
        "Folded header lines, bare line feeds and other versions of HTTP are accepted.",
        "`ClientResponseError`.",
        "Where two readers may disagree, responses are smuggled (RFC 9112 sections 2.2, 2.3 and 5.2).",
        {"header value folded": RAISES, "bare line feeds": RAISES, "another version": RAISES},
    ),
    Difference(
        "Control characters in a header or in the reason phrase, a status 000, `chunked` named twice, and blanks "
        "behind a chunk size are accepted.",
        "`ClientResponseError`, and `ClientPayloadError` for the blanks, which "
        "`ClientSession(parser=partial(ResponseParser, leniencies=Leniency.BLANK_AFTER_CHUNK_SIZE))` overlooks.",
        "The same (RFC 9110 section 5.5, RFC 9112 sections 4, 6.1 and 7.1).",
        {
            "header value with a control character": RAISES,
            "reason phrase with NUL": RAISES,
            "status 000": RAISES,
            "chunked twice": RAISES,
            "chunk size with a blank behind": RAISES,
        },
    ),
    Difference(
        "One parameter of `Content-Disposition` that is none takes the type along; backslashes of a quoted path are lost.",
        "The rest stays; so do the backslashes.",
        "RFC 6266 section 4; old browsers sent paths of Windows as they were.",
        {
            "Content-Disposition: attachment; filename=": ("disposition",),
            "Content-Disposition: attachment; filename=a, inline": ("disposition",),
            'Content-Disposition: form-data; name="x"; filename="C:\\dir\\f.txt"': ("disposition",),
        },
    ),
    Difference(
        "`Link` is cut at quoted semicolons, loses parameters without a value, and breaks at a URL that is none.",
        "It is read to its end; a link that nobody can follow is passed over.",
        "RFC 8288 section 3.",
        {
            "Link: <a>; rel": ("links",),
            'Link: <a;b>; rel="c;d"': ("links",),
            "Link: <http://[bad>; rel=x": ("links",),
        },
    ),
    Difference(
        "A `101` that nobody asked for is a response.",
        "`ClientConnectionError`.",
        "Nobody is there to speak the other protocol (RFC 9110 section 15.2.2).",
        {"101 that nobody asked for": RAISES},
    ),
    Difference(
        "A body that breaks the chunked coding at once takes its head along: `ClientResponseError`.",
        "The head is a response, reading the body is a `ClientPayloadError`.",
        "What was understood is delivered, however the bytes were cut into packets.",
        {"chunk size that is none": RAISES},
    ),
    Difference(
        "Bytes behind a body make the response fail.",
        "The response stands, the connection is closed.",
        "It was whole; only what follows cannot be trusted.",
        {"bytes behind the body": REFUSES},
    ),
    Difference(
        "`x-gzip` and stacked content codings are returned as they came.",
        "They are decoded.",
        "RFC 9110 sections 8.4 and 8.4.1.3.",
        {"x-gzip": ("body",), "codings stacked": ("body",)},
    ),
    Difference(
        "A body that goes on until the connection ends is whole where that was reset, too.",
        "`ClientPayloadError`; what had come can be read from `content`.",
        "The end was none (RFC 9112 section 8).",
        {"reset in a body until the end": RAISES},
    ),
    Difference(
        "Any number of informational responses is read.",
        "More than 16 before a response are a `ClientResponseError`.",
        "Nobody should be kept waiting by a response that never comes.",
        {"informational without end": RAISES},
    ),
    Difference(
        "A gzip body that was cut is returned as if it were whole.",
        "`ClientPayloadError`.",
        "Nobody should take a part for the whole.",
        {"gzip cut": RAISES},
    ),
    Difference(
        "Bytes behind the last gzip member make the body fail.",
        "They are ignored.",
        "What gzip itself and browsers do.",
        {"gzip with rubbish behind": RAISES},
    ),
    Difference(
        "`read()` again after the response was released is a `ClientConnectionError`, though `text()` is not.",
        "A body that was read stays readable by both.",
        "It is there.",
        {"calls on a response": ("read after",)},
    ),
    Difference(
        "`read()` after a part was read from `content` returns the rest.",
        "`StreamConsumedError`.",
        "Nobody should take a part for the whole.",
        {"a part, then the whole": ("whole",), "content iterated twice": ("read",)},
    ),
    # Redirects.
    Difference(
        "A redirect without a `Location` is part of its own `history`.",
        "It is not.",
        "`history` is what led to the response.",
        {"redirect without a location": ("history",), "redirect with an empty location": ("history",)},
    ),
    Difference(
        "Credentials in a `Location` are sent.",
        "They are dropped.",
        "A server does not tell us who we are.",
        {"redirect to credentials that are for here": ("request 2 authorization",)},
    ),
    Difference(
        "The fragment is lost in a redirect.",
        "A `Location` without one inherits it.",
        "RFC 9110 section 10.2.2.",
        {"redirect inheriting the fragment": ("url", "asked")},
    ),
    Difference(
        "Escapes in a `Location` are rewritten, `%20` in a query becomes `+`.",
        "They stay as they are.",
        "A location that was signed stays right.",
        {
            "redirect with escapes": ("url", "asked", "requests"),
            "redirect with blanks": ("url", "asked", "requests"),
        },
    ),
    Difference(
        "`NonHttpUrlClientError` is no `InvalidURL` and has no `url`.",
        "It is one, and a `ValueError`.",
        "Whoever catches `InvalidURL` means these too.",
        {
            "redirect to another scheme": RAISES,
            "redirect to a script": RAISES,
            "url of another scheme": RAISES,
        },
    ),
    Difference(
        "Port 0 is dialled.",
        "`InvalidUrlRedirectClientError`.",
        "Nobody can listen there.",
        {"redirect to port 0": RAISES},
    ),
    Difference(
        "`TooManyRedirects` has status 0 and no headers.",
        "It has those of the last redirect.",
        "They say where it would have gone on.",
        {"redirects in a loop": RAISES, "redirects beyond a limit of one's own": RAISES},
    ),
    Difference(
        "`max_redirects=0` sets no limit.",
        "It follows none: `TooManyRedirects`.",
        "0 is a number.",
        {"redirects with a limit of 0": ("raised", "requests")},
    ),
    Difference(
        "The error of `raise_for_status=True` has lost the `history`.",
        "It has it.",
        "`ClientResponseError.history` is documented.",
        {"redirect to a failure that raises": RAISES},
    ),
    Difference(
        "To another origin all headers go along but `Authorization`, `Cookie` and `Proxy-Authorization`; "
        "so do `Host` and the session's `auth`.",
        "Only headers that are known to be harmless go along.",
        "A list of what is secret is never complete.",
        {
            "headers to another origin": ("elsewhere request 1 x-token",),
            "names: redirected to a subdomain": ("request 2 x-token",),
            "names: redirected to the parent domain": ("request 2 x-token",),
            "names: redirected to another port": ("request 2 x-token",),
            "names: redirected to the host with a dot": ("request 2 x-token",),
            "headers there and back": ("request 2 x-token", "elsewhere request 1 x-token"),
            "headers of the session to another origin": ("elsewhere request 1 x-token",),
            "auth of the session to another origin": ("elsewhere request 1 authorization",),
            "Host of one's own to another origin": ("elsewhere request 1 host",),
        },
    ),
    Difference(
        "A redirect to the usual port, said, is one to another origin.",
        "It is one to the same.",
        "http://shore.example:80/ and http://shore.example/ are one origin (RFC 6454 section 4).",
        {"names: redirected to the usual port, said": ("request 2 authorization",)},
    ),
    Difference(
        "Where a redirect drops the body, `Content-Language` and `Expect` stay, and a last chunk is sent all the same.",
        "All that belonged to the body goes with it.",
        "RFC 9110 section 15.4; the stray chunk would be read as the next request.",
        {
            "headers of the body after 303": ("request 2 content-language",),
            "expect100 after 303": ("request 2 expect",),
            "chunked after 303": ("requests",),
        },
    ),
    # Failures.
    Difference(
        "An idempotent request is sent a second time whenever a connection fails.",
        "Only where the connection was a kept one, which the server may have closed meanwhile.",
        "RFC 9110 section 9.2.2; a server that breaks down under a request is not asked again unseen.",
        {
            "closed without a word": ("requests", "connections"),
            "closed in the head": ("requests", "connections"),
            "traces of a failure": ("traces", "requests", "connections"),
            "websocket handshake: hung up": ("requests", "connections"),
        },
    ),
    Difference(
        "A reset connection is a `ClientOSError`, asked again as above.",
        "It is a `ClientOSError` and a `ServerDisconnectedError`.",
        "Both names fit.",
        {"reset without a word": REFUSES},
    ),
    Difference(
        "The limit of the whole request raises a bare `TimeoutError`.",
        "A `TimeoutError` that is a `ServerTimeoutError` too, and so a `ClientError`.",
        "Every error of the client has one root.",
        {
            "total time limit": RAISES,
            "total time limit in the body": ("raised", "body"),
            "time limit of the session": RAISES,
            "time limit as a number": RAISES,
            "time limit of the whole while connecting": RAISES,
            "time limit of the pool": ("third",),
        },
    ),
    Difference(
        "An `OSError` that a middleware raises becomes `ClientOSError`.",
        "It is raised as it is.",
        "It is the caller's own error.",
        {"middleware that raises an OSError": RAISES},
    ),
    Difference(
        "Tracers are told of a request whose URL has no scheme or host.",
        "It raises before they are told of anything.",
        "It is no request yet.",
        {"traces of what is no URL": ("traces",)},
    ),
    Difference(
        "`session.get` takes a ws URL.",
        "`NonHttpUrlClientError`; `ws_connect` takes http URLs and ws URLs.",
        "A plain request to a WebSocket's URL is a mistake.",
        {"url of ws": RAISES},
    ),
    Difference(
        "A host with blanks in it is looked up.",
        "`InvalidUrlClientError`.",
        "RFC 3986 section 3.2.2.",
        {"url with a host of blanks": RAISES},
    ),
    Difference(
        "A host name that no resolver can be asked is a bare `UnicodeError`.",
        "`ClientConnectorDNSError`.",
        "Every error of the client has one root.",
        {"url with a label too long": RAISES, "url with an empty label": RAISES},
    ),
    # Proxies.
    Difference(
        "`proxy_headers` are sent only with a tunnel.",
        "The proxy gets them with a forwarded request, too.",
        "They are meant for the proxy.",
        {"proxy with headers": ("request 1 x-proxy",)},
    ),
    Difference(
        "CONNECT has `Accept` and `Accept-Encoding` and a `Host` without its port; `real_url` of a refusal "
        "is the proxy's.",
        "It has no fields of the request behind it, `Host` is the target, `real_url` that of the request.",
        "RFC 9110 section 9.3.6; the proxy learns nothing it need not.",
        {
            "proxy that hangs up": ("request 1 host",),
            "proxy that speaks otherwise": (
                "request 1 accept",
                "request 1 accept-encoding",
                "request 1 host",
            ),
            "proxy that refuses a tunnel": (
                "raised",
                "request 1 accept",
                "request 1 accept-encoding",
                "request 1 host",
            ),
            "proxy that asks for credentials": (
                "raised",
                "request 1 accept",
                "request 1 accept-encoding",
                "request 1 host",
            ),
        },
    ),
    Difference(
        "A proxy that hangs up, or speaks no HTTP, or has no address, is one of the errors of an origin.",
        "`ClientProxyConnectionError`; it is not asked a second time.",
        "It was not the origin that failed.",
        {
            "proxy that nobody knows": RAISES,
            "proxy that hangs up": ("raised", "requests", "connections"),
            "proxy that speaks otherwise": RAISES,
        },
    ),
    Difference(
        "A proxy URL of an unknown scheme is dialled as http.",
        "`InvalidUrlClientError`.",
        "What is not understood is not guessed.",
        {"proxy of an unknown scheme": RAISES},
    ),
    # WebSockets.
    Difference(
        "Subprotocols are separated by commas alone.",
        "By a comma and a blank.",
        "The same list (RFC 9110 section 5.6.1).",
        {"websocket with protocols": ("request 1 sec-websocket-protocol",)},
    ),
    Difference(
        "A subprotocol or an extension that was not asked for is passed over.",
        "`WSServerHandshakeError`.",
        "RFC 6455 section 4.1: the client must fail the connection.",
        {
            "websocket with a protocol nobody asked for": RAISES,
            "websocket handshake: an extension nobody asked for": RAISES,
        },
    ),
    Difference(
        "A masked frame from the server is read.",
        "It is an error, and closes with 1002.",
        "RFC 6455 section 5.1.",
        {"websocket with a masked frame": ("messages", "closed")},
    ),
    Difference(
        "A close frame without a code is code 0, and `close_code` is 1006.",
        "Both are 1005.",
        "RFC 6455 section 7.1.5.",
        {"websocket closed without a code": ("messages", "closed")},
    ),
    Difference(
        "After a `receive` that took too long `close_code` is 1006, though nothing is closed.",
        "It is None until the WebSocket is closed.",
        "1006 says how a connection has ended (RFC 6455 section 7.4.1).",
        {"talk: receive in vain": ("closed",), "talk: receive in vain, by the session": ("closed",)},
    ),
)


def expected_in(scene: str) -> set[str]:
    """Return the fields of a scene's outcome that may differ, and must."""
    return {field for difference in DIFFERENCES for field in difference.seen.get(scene, ())}


def shown() -> str:
    """Return the table as users read it."""
    return "\n".join(["| aiohttp 3.14 | whimbrel | why |", "|---|---|---|", *_rows()])


def page_with(table: str, page: str) -> str:
    """Return `page` with `table` in its place."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}"


def _rows() -> Iterator[str]:
    for difference in DIFFERENCES:
        yield f"| {difference.aiohttp} | {difference.whimbrel} | {difference.why} |"


if __name__ == "__main__":
    PAGE.write_text(page_with(shown(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
