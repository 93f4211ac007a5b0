"""Public suffixes (RFC 6265bis section 5.7, step 9)."""

import sys
from types import ModuleType

import pytest

from whimbrel_cookies import SuffixRules, _suffixes
from whimbrel_cookies._suffixes import suffix_test

RULES = """
// comment
com
co.uk
*.ck
!www.ck
github.io   trailing words
公司.cn
"""


@pytest.mark.parametrize(
    ("domain", "public"),
    [
        ("com", True),
        ("unknown", True),
        ("shore.com", False),
        ("co.uk", True),
        ("shore.co.uk", False),
        ("uk", True),
        ("any.ck", True),
        ("www.ck", False),
        ("a.www.ck", False),
        ("github.io", True),
        ("me.github.io", False),
        ("xn--55qx5d.cn", True),
    ],
)
def test_rules_are_those_of_the_list(domain: str, public: bool) -> None:
    assert SuffixRules(RULES.splitlines())(domain) is public


def test_a_function_is_asked_itself() -> None:
    assert suffix_test(lambda domain: domain == "x.y")("x.y")


@pytest.fixture
def unloaded() -> None:
    _suffixes._installed_list.cache_clear()


@pytest.mark.usefixtures("unloaded")
def test_an_installed_list_is_used_from_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("publicsuffixlist")

    class PublicSuffixList:
        def is_public(self, domain: str) -> bool:
            return domain == "co.uk"

    package.PublicSuffixList = PublicSuffixList  # type: ignore[attr-defined] # a module made by hand
    monkeypatch.setitem(sys.modules, "publicsuffixlist", package)
    assert suffix_test(None)("co.uk")
    assert not suffix_test(None)("shore.co.uk")
    _suffixes._installed_list.cache_clear()


@pytest.mark.usefixtures("unloaded")
def test_without_a_list_single_labels_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "publicsuffixlist", None)
    assert suffix_test(None)("uk")
    assert not suffix_test(None)("co.uk")
    _suffixes._installed_list.cache_clear()


def test_the_real_list_knows_private_suffixes() -> None:
    pytest.importorskip("publicsuffixlist")
    assert suffix_test(None)("github.io")
    assert suffix_test(None)("co.uk")
    assert not suffix_test(None)("shore.co.uk")
