"""`install_as_aiohttp`: whom `import aiohttp` gives, and what it refuses; each scene has an interpreter of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

import whimbrel
from whimbrel.compat import _install

SHARED = ["abc", "hdrs", "typedefs"]  # whimbrel's own modules, under aiohttp's names too
STAND_INS = sorted(
    [*SHARED, *(file.stem for file in (Path(_install.__file__).parent / "_aiohttp").glob("[a-z]*.py"))]
)

# What libraries written against aiohttp were seen to take from its modules.
WANTED = {
    "client": "URL ClientSession ClientTimeout DEFAULT_TIMEOUT hdrs _RequestContextManager _RequestOptions",
    "client_exceptions": "ClientConnectorDNSError ServerFingerprintMismatch UnixClientConnectorError",
    "client_proto": "ResponseHandler",
    "client_reqrep": "ClientRequest ClientResponse ConnectionKey UploadTracker ContentDisposition Fingerprint RequestInfo",
    "client_ws": "ClientWebSocketResponse ClientWSTimeout DEFAULT_WS_CLIENT_TIMEOUT",
    "connector": "AddrInfoType BaseConnector NamedPipeConnector SocketFactoryType TCPConnector",
    "helpers": "BasicAuth HeadersMixin TimerNoop encode_basic_auth parse_mimetype strip_auth_from_url",
    "http": "RESPONSES HttpProcessingError HttpVersion11 WSMsgType WS_KEY",
    "http_exceptions": "BadStatusLine HttpProcessingError",
    "multipart": "MultipartReader MultipartWriter parse_content_disposition",
    "payload": "PAYLOAD_REGISTRY JsonBytesPayload Order Payload register_payload",
    "resolver": "AsyncResolver DefaultResolver ThreadedResolver",
    "streams": "EMPTY_PAYLOAD DataQueue EmptyStreamReader EofStream StreamReader",
    "tracing": "TraceConfig TraceRequestStartParams",
    "typedefs": "JSONDecoder JSONEncoder LooseCookies LooseHeaders Query StrOrURL",
    "abc": "AbstractCookieJar AbstractResolver AbstractStreamWriter ResolveResult",
}


def told(script: str, *path: Path) -> list[str]:
    """Run `script` with `path` in front of the import path, and return the lines it printed."""
    lines = f"import sys\nsys.path[:0] = {[str(folder) for folder in path]}\n{script}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", lines], capture_output=True, text=True, timeout=50, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture
def someone_elses_aiohttp(tmp_path: Path) -> Path:
    package = tmp_path / "aiohttp"
    package.mkdir()
    (package / "__init__.py").write_text("__version__ = 'not whimbrel'\n")
    (package / "web.py").write_text("")
    return tmp_path


def test_import_aiohttp_gives_whimbrel_even_where_aiohttp_is_installed(someone_elses_aiohttp: Path) -> None:
    script = """
import whimbrel
whimbrel.install_as_aiohttp()
whimbrel.install_as_aiohttp()
import aiohttp, aiohttp.client, aiohttp.hdrs
from aiohttp import client_exceptions
print(aiohttp.ClientSession is aiohttp.client.ClientSession is whimbrel.ClientSession)
print(client_exceptions.ClientError is whimbrel.ClientError, aiohttp.client_exceptions is client_exceptions)
print(aiohttp.hdrs is whimbrel.hdrs, aiohttp.__name__, aiohttp.client.__name__, len(sys.meta_path) == before + 1)
print(aiohttp.__version__.split(".")[0])
"""
    assert told("before = len(sys.meta_path)" + script, someone_elses_aiohttp) == [
        "True",
        "True True",
        "True aiohttp aiohttp.client True",
        "3",
    ]


def test_every_module_can_be_imported_first_and_has_all_that_it_names() -> None:
    script = f"""
import importlib, whimbrel
whimbrel.install_as_aiohttp()
for name in {STAND_INS}:
    module = importlib.import_module("aiohttp." + name)
    names = getattr(module, "__all__", ())
    print(name, all(hasattr(module, name) for name in names))
import aiohttp
print(all(hasattr(aiohttp, name) for name in {STAND_INS}))
"""
    assert told(script) == [*(f"{name} True" for name in STAND_INS), "True"]


REFUSED = {
    "aiohttp.web": "aiohttp.web belongs to aiohttp's server, and whimbrel is a client",
    "aiohttp.web_request": "aiohttp.web_request belongs to aiohttp's server",
    "aiohttp.test_utils": "aiohttp.test_utils belongs to aiohttp's server",
    "aiohttp.nonsense": "whimbrel has no aiohttp.nonsense",
}


def test_what_a_client_does_not_offer_is_refused_clearly() -> None:
    script = f"""
import importlib, whimbrel
whimbrel.install_as_aiohttp()
for name in {list(REFUSED)}:
    try:
        importlib.import_module(name)
    except ImportError as fault:
        print(fault.name, fault)
try:
    from aiohttp import web
except ImportError as fault:
    print(fault.name, fault)
"""
    said = told(script)
    expected = [
        f"{name} {words}" for name, words in [*REFUSED.items(), ("aiohttp.web", REFUSED["aiohttp.web"])]
    ]
    for beginning, line in zip(expected, said, strict=True):
        assert line.startswith(beginning)
        assert line.endswith("in the place of aiohttp in this process")


def test_aiohttp_that_is_imported_already_is_left_alone(someone_elses_aiohttp: Path) -> None:
    script = """
import aiohttp, whimbrel
try:
    whimbrel.install_as_aiohttp()
except RuntimeError as fault:
    print(fault)
print(sys.modules["aiohttp"].__version__)
"""
    complaint, version = told(script, someone_elses_aiohttp)
    assert complaint.startswith(f"aiohttp is imported already (from {someone_elses_aiohttp}")
    assert "before anything imports aiohttp" in complaint
    assert version == "not whimbrel"


def test_it_can_be_undone(someone_elses_aiohttp: Path) -> None:
    script = """
import whimbrel.compat
whimbrel.compat.uninstall_as_aiohttp()
whimbrel.install_as_aiohttp()
import aiohttp.client
whimbrel.compat.uninstall_as_aiohttp()
kept, aiohttp = aiohttp, None
print(kept.ClientSession is whimbrel.ClientSession, any(name.startswith("aiohttp") for name in sys.modules))
import aiohttp
print(aiohttp.__version__)
"""
    assert told(script, someone_elses_aiohttp) == ["True False", "not whimbrel"]


def test_modules_have_what_libraries_take_from_them() -> None:
    script = f"""
import importlib, whimbrel
whimbrel.install_as_aiohttp()
for module, names in {WANTED}.items():
    found = importlib.import_module("aiohttp." + module)
    print([module + "." + name for name in names.split() if not hasattr(found, name)])
"""
    assert told(script) == ["[]"] * len(WANTED)


def test_the_distribution_is_known_where_nothing_else_is(someone_elses_aiohttp: Path) -> None:
    """Libraries such as OpenTelemetry's ask for the version of the distribution."""
    metadata = someone_elses_aiohttp / "aiohttp-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: aiohttp\nVersion: 1.0\n")
    script = """
import importlib.metadata, whimbrel.compat
whimbrel.install_as_aiohttp()
import aiohttp
print(importlib.metadata.version("aiohttp") == aiohttp.__version__)
print([found.version for found in importlib.metadata.distributions(name="aiohttp")][:2])
print(importlib.metadata.version("multidict") != aiohttp.__version__)
whimbrel.compat.uninstall_as_aiohttp()
print(importlib.metadata.version("aiohttp"))
"""
    assert told(script, someone_elses_aiohttp) == ["True", "['3.14.5', '1.0']", "True", "1.0"]


def test_who_does_not_call_it_does_not_import_it() -> None:
    script = "import whimbrel; print([name for name in sys.modules if name.startswith('whimbrel.compat')])"
    assert told(script) == ["[]"]


def test_names_that_come_late_are_there() -> None:
    assert "install_as_aiohttp" in dir(whimbrel)
    assert all(hasattr(whimbrel, name) for name in whimbrel.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = whimbrel.nonsense  # type: ignore[attr-defined]  # the scene
