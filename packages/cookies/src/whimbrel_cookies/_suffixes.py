"""Which domains are public suffixes, under which anybody may register (RFC 6265bis section 5.7, step 9).

The knowledge is pluggable: a function, a list of rules in the notation of publicsuffix.org, or the optional
package `publicsuffixlist`, loaded at the first question. Nothing here ever asks the network.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import import_module
from typing import TypeAlias

from whimbrel_cookies._hosts import canonical_host

__all__ = ["PublicSuffixes", "SuffixRules", "suffix_test"]

PublicSuffixes: TypeAlias = Callable[[str], bool] | Iterable[str] | None


class SuffixRules:
    """Rules of the Public Suffix List, such as `com`, `*.ck` and `!www.ck`.

    Args:
        rules: One rule each, in Unicode or encoded. Blank lines and comments (`//`) are passed over.
    """

    def __init__(self, rules: Iterable[str]) -> None:
        self._plain: set[str] = set()
        self._wildcards: set[str] = set()
        self._exceptions: set[str] = set()
        for line in rules:
            rule = line.strip()
            if rule and not rule.startswith("//"):
                self._add(rule.split(maxsplit=1)[0])

    def __call__(self, domain: str) -> bool:
        """Tell whether a canonical domain is a public suffix; a single label always is."""
        if "." not in domain or domain in self._plain:
            return True
        return domain.partition(".")[2] in self._wildcards and domain not in self._exceptions

    def _add(self, rule: str) -> None:
        if rule.startswith("!"):
            group, name = self._exceptions, rule[1:]
        elif rule.startswith("*."):
            group, name = self._wildcards, rule[2:]
        else:
            group, name = self._plain, rule.removeprefix(".")
        canonical = canonical_host(name)
        if canonical is not None:
            group.add(canonical)


def suffix_test(public_suffixes: PublicSuffixes) -> Callable[[str], bool]:
    """Return the question "is this canonical domain a public suffix?" for what a jar was given.

    None means: by the package `publicsuffixlist` where it is installed, else single labels only.
    """
    if public_suffixes is None:
        return _installed
    if callable(public_suffixes):
        return public_suffixes
    return SuffixRules(public_suffixes)


def _installed(domain: str) -> bool:
    return _installed_list()(domain)


@lru_cache(maxsize=1)
def _installed_list() -> Callable[[str], bool]:
    try:
        package = import_module("publicsuffixlist")
    except ImportError:
        return SuffixRules(())
    is_public: Callable[[str], bool] = package.PublicSuffixList().is_public
    return is_public
