"""Test what goes into a connector: conformance kits, and peers on the loopback.

`check_resolver` tells what a resolver gets wrong. `NameServer` answers questions of DNS from a table.
"""

from whimbrel_connector.testing.name_server import NameServer
from whimbrel_connector.testing.resolvers import check_resolver

__all__ = ["NameServer", "check_resolver"]
