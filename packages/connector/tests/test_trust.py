"""Whom a context trusts: the system, a library's list, or nobody; and that it is said."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING

import pytest

from whimbrel_connector import UnusableTls
from whimbrel_connector._trust import trusting_context

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems keep their stores elsewhere")


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this a system without a trust store; nothing of it is named by variables."""
    defaults = ssl.get_default_verify_paths()

    def empty() -> ssl.DefaultVerifyPaths:
        return defaults._replace(cafile=None, capath=str(tmp_path))  # type: ignore[arg-type]  # it may be None

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr(ssl, "get_default_verify_paths", empty)
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda _context, _purpose: None)
    return tmp_path


@pytest.fixture
def authority_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "authority.pem"
    pytest.importorskip("trustme").CA().cert_pem.write_to_path(str(path))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return path


@pytest.mark.parametrize("trust", [None, "system"])
def test_the_file_that_a_variable_names_is_the_systems(
    authority_file: Path, monkeypatch: pytest.MonkeyPatch, trust: None
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority_file))
    context, words = trusting_context(trust)
    assert context.cert_store_stats()["x509_ca"] == 1
    assert words.startswith(f"the system's store ({authority_file}")


def test_a_folder_counts_where_it_holds_certificates(nowhere: Path) -> None:
    (nowhere / "readme.txt").write_text("nothing here")
    assert "the system's store" not in trusting_context(None)[1]
    (nowhere / "5ed36f99.0").write_text("a certificate, by its name")
    assert trusting_context(None)[1] == f"the system's store ({nowhere})"


@pytest.mark.usefixtures("nowhere")
def test_without_a_system_store_certifi_steps_in() -> None:
    certifi = pytest.importorskip("certifi")
    context, words = trusting_context(None)
    assert context.cert_store_stats()["x509_ca"] > 50
    assert words == f"certifi {certifi.__version__}; no system store was found"


@pytest.mark.usefixtures("nowhere")
def test_without_either_nobody_is_trusted_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "certifi", None)
    context, words = trusting_context(None)
    assert context.cert_store_stats()["x509_ca"] == 0
    assert words.startswith("nobody: no system store was found")
    assert "pip install 'whimbrel-connector[certifi]'" in words


@pytest.mark.usefixtures("nowhere")
def test_who_names_a_store_that_is_not_there_gets_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    context, words = trusting_context(None)
    assert context.cert_store_stats()["x509_ca"] == 0
    assert words == "nobody: no system store was found; SSL_CERT_FILE=/nowhere.pem"


@pytest.mark.usefixtures("nowhere")
def test_who_asks_for_the_systems_store_gets_no_other() -> None:
    assert trusting_context("system")[1].startswith("nobody")


def test_libraries_are_asked_where_the_policy_says() -> None:
    certifi = pytest.importorskip("certifi")
    truststore = pytest.importorskip("truststore")
    context, words = trusting_context("certifi")
    assert (words, context.verify_mode) == (f"certifi {certifi.__version__}", ssl.CERT_REQUIRED)
    context, words = trusting_context("truststore")
    assert isinstance(context, truststore.SSLContext)
    assert (words, context.verify_mode) == (f"truststore {truststore.__version__}", ssl.CERT_REQUIRED)


@pytest.mark.parametrize("trust", ["certifi", "truststore"])
def test_a_library_that_is_absent_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, trust: str
) -> None:
    monkeypatch.setitem(sys.modules, trust, None)
    with pytest.raises(UnusableTls, match=rf"pip install 'whimbrel-connector\[{trust}\]'"):
        trusting_context(trust)  # type: ignore[arg-type]  # one of its words
