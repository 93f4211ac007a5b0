"""Test what goes into a connector, and connectors themselves: conformance kits, and peers on the loopback.

Each kit is a function that is handed a part and returns what that gets wrong, a sentence each:
`check_connector`, `check_resolver`, `check_transports`, and `check_wire_parser`. `Origin` answers
requests, `NameServer` questions of DNS.
"""

from whimbrel_connector.testing.connectors import AnyConnector, check_connector
from whimbrel_connector.testing.name_server import NameServer
from whimbrel_connector.testing.origin import Origin
from whimbrel_connector.testing.parsers import check_wire_parser
from whimbrel_connector.testing.resolvers import check_resolver
from whimbrel_connector.testing.transports import TlsPair, check_transports

__all__ = [
    "AnyConnector",
    "NameServer",
    "Origin",
    "TlsPair",
    "check_connector",
    "check_resolver",
    "check_transports",
    "check_wire_parser",
]
