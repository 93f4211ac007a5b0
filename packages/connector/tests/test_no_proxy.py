"""Which hosts NO_PROXY covers, beside what curl and Go make of the same entries."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from whimbrel_connector._no_proxy import NoProxy, read_host


class Row(NamedTuple):
    """One value of NO_PROXY, one URL, and whether the URL goes directly: here, in curl and in Go.

    curl is 8.23 (7.88, which was built with IDN, for international names), Go is 1.27. Both were run.
    """

    origin: str
    entries: str
    url: str
    here: bool
    curl: bool
    go: bool


DIRECT, PROXY = True, False

ROWS = [
    # Names.
    Row("curl unit1614 exact", "foobar", "http://foobar/", DIRECT, DIRECT, DIRECT),
    Row("curl unit1614 other name", "barfoo", "http://foobar/", PROXY, PROXY, PROXY),
    Row(
        "curl unit1614 in a list",
        "localhost,example.com,.example.de",
        "http://example.com/",
        DIRECT,
        DIRECT,
        DIRECT,
    ),
    Row(
        "curl unit1614 below",
        "localhost,example.com,.example.de",
        "http://www.example.com/",
        DIRECT,
        DIRECT,
        DIRECT,
    ),
    Row(
        "curl unit1614 label border", "example.com,example.net", "http://nonexample.com/", PROXY, PROXY, PROXY
    ),
    Row(
        "curl unit1614 sibling",
        "www2.example.com,.example.net",
        "http://www.example.com/",
        PROXY,
        PROXY,
        PROXY,
    ),
    Row("curl unit1614 letter case", "foo,bar", "http://BAr/", DIRECT, DIRECT, DIRECT),
    Row(
        "RFC 4343 letter case of the entry", "EXAMPLE.Com", "http://www.example.com/", DIRECT, DIRECT, DIRECT
    ),
    Row("curl doc ample.com", "ample.com", "http://example.com/", PROXY, PROXY, PROXY),
    Row("curl doc ample.com below", "ample.com", "http://www.ample.com/", DIRECT, DIRECT, DIRECT),
    Row("curl doc ample.com at any port", "ample.com", "http://ample.com:8080/", DIRECT, DIRECT, DIRECT),
    Row("curl doc ample.com.org", "ample.com", "http://ample.com.org/", PROXY, PROXY, PROXY),
    Row("Go foofoobar", "foobar.com", "http://foofoobar.com/", PROXY, PROXY, PROXY),
    Row("Go below", "foobar.com", "http://www.foobar.com/", DIRECT, DIRECT, DIRECT),
    Row("Go above", "barbaz.net", "http://baz.net/", PROXY, PROXY, PROXY),
    Row("Go top label", "com", "http://foobar.com/", DIRECT, DIRECT, DIRECT),
    Row("Go name in front", "localhost", "http://localhost.net/", PROXY, PROXY, PROXY),
    Row("Go https like http", "foobar.com", "https://foobar.com/", DIRECT, DIRECT, DIRECT),
    Row("underscore", "a_b.example", "http://a_b.example/", DIRECT, DIRECT, DIRECT),
    # A leading dot, a leading "*.".
    Row(
        "curl unit1614 dot below", "localhost,.example.com", "http://www.example.com/", DIRECT, DIRECT, DIRECT
    ),
    Row("curl unit1614 dot itself", "localhost,.example.com", "http://example.com/", DIRECT, DIRECT, PROXY),
    Row(
        "curl unit1614 dot border", ".example.com,.example.net", "http://nonexample.com/", PROXY, PROXY, PROXY
    ),
    Row("two dots in front", "..example.com", "http://a.example.com/", PROXY, PROXY, PROXY),
    Row("Go star below", "*.wildcard.io", "http://nested.wildcard.io/", DIRECT, PROXY, DIRECT),
    Row("Go star far below", "*.wildcard.io", "http://a.b.wildcard.io/", DIRECT, PROXY, DIRECT),
    Row("Go star itself", "*.wildcard.io", "http://wildcard.io/", PROXY, PROXY, PROXY),
    Row("Go star border", "*.wildcard.io", "http://awildcard.io/", PROXY, PROXY, PROXY),
    Row("star without dot", "*wildcard.io", "http://awildcard.io/", PROXY, PROXY, PROXY),
    Row("star at the end", "wildcard.*", "http://wildcard.io/", PROXY, PROXY, PROXY),
    # Everything.
    Row("curl * alone", "*", "http://example.com/", DIRECT, DIRECT, DIRECT),
    Row("Go * for an address", "*", "http://[2001:db8::1]:8080/", DIRECT, DIRECT, DIRECT),
    Row("Go * among others", "foo.example,*", "http://example.com/", DIRECT, PROXY, DIRECT),
    Row("* with a port", "*:80", "http://example.com/", PROXY, PROXY, PROXY),
    Row("nothing", "", "http://example.com/", PROXY, PROXY, PROXY),
    # Localhost.
    Row("Go localhost unasked", "", "http://localhost/", PROXY, PROXY, DIRECT),
    Row("Go 127.0.0.2 unasked", "", "http://127.0.0.2/", PROXY, PROXY, DIRECT),
    Row("Go ::1 unasked", "", "http://[::1]/", PROXY, PROXY, DIRECT),
    Row("Go ::2 unasked", "", "http://[::2]/", PROXY, PROXY, PROXY),
    Row("curl unit1614 localhost", "127.0.0.1,localhost", "http://localhost/", DIRECT, DIRECT, DIRECT),
    Row("curl unit1614 127.0.0.1/8", "127.0.0.1/8,localhost,", "http://127.0.0.1/", DIRECT, DIRECT, DIRECT),
    Row("localhost is a name", "localhost", "http://127.0.0.1/", PROXY, PROXY, DIRECT),
    Row("RFC 6761 below localhost", "localhost", "http://app.localhost/", DIRECT, DIRECT, DIRECT),
    # A trailing dot.
    Row("curl unit1614 dot of the host", ".example.com", "http://www.example.com./", DIRECT, DIRECT, PROXY),
    Row(
        "curl unit1614 dot of the entry", "www.example.com.", "http://www.example.com/", DIRECT, DIRECT, PROXY
    ),
    Row("curl unit1614 dots around", ".example.com.", "http://www.example.com/", DIRECT, DIRECT, PROXY),
    Row("RFC 1034 dots on both", "example.com.", "http://example.com./", DIRECT, DIRECT, DIRECT),
    Row("curl dot after an address", "10.0.0.0/8", "http://10.0.0.1./", DIRECT, DIRECT, PROXY),
    Row("only a dot", ".", "http://example.com/", PROXY, PROXY, PROXY),
    # Addresses.
    Row("Go exact IPv4", "192.168.1.1", "http://192.168.1.1/", DIRECT, DIRECT, DIRECT),
    Row("Go other IPv4", "192.168.1.1", "http://192.168.1.4/", PROXY, PROXY, PROXY),
    Row("curl unit1614 network number", "192.168.0.0", "http://192.168.0.1/", PROXY, PROXY, PROXY),
    Row("curl unit1614 name for address", "foobar", "http://192.168.0.1/", PROXY, PROXY, PROXY),
    Row("an address has no labels", "0.0.1", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("an address has no prefix", "10.0.0.", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("dot before an address", ".10.0.0.1", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("leading zeros in the entry", "010.0.0.1", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("curl short IPv4", "127.0.0.1", "http://127.1/", PROXY, DIRECT, PROXY),
    Row("curl hexadecimal IPv4", "10.0.0.1", "http://0x0a000001/", PROXY, DIRECT, PROXY),
    Row("Go exact IPv6", "2001:db8::52:0:1", "http://[2001:db8::52:0:1]/", DIRECT, DIRECT, DIRECT),
    Row(
        "RFC 5952 IPv6 spelled out",
        "2001:DB8:0:0::52:0:1",
        "http://[2001:db8::52:0:1]/",
        DIRECT,
        DIRECT,
        DIRECT,
    ),
    Row("Go other IPv6", "2001:db8::52:0:1", "http://[2001:db8::52:0:2]/", PROXY, PROXY, PROXY),
    Row("RFC 3986 brackets", "[2001:db8::1]", "http://[2001:db8::1]/", DIRECT, PROXY, PROXY),
    Row("Go IPv4 for mapped", "10.0.0.1", "http://[::ffff:10.0.0.1]/", DIRECT, PROXY, DIRECT),
    Row("Go IPv4 for mapped, hexadecimal", "10.0.0.1", "http://[::ffff:a00:1]/", DIRECT, PROXY, DIRECT),
    Row("Go mapped for IPv4", "::ffff:10.0.0.1", "http://10.0.0.1/", DIRECT, PROXY, DIRECT),
    Row("RFC 4291 compatible is not mapped", "10.0.0.1", "http://[::10.0.0.1]/", PROXY, PROXY, PROXY),
    # Networks.
    Row("curl unit1614 /16", "192.168.0.0/16", "http://192.168.0.1/", DIRECT, DIRECT, DIRECT),
    Row("curl unit1614 /24", "192.168.0.0/24", "http://192.168.1.1/", PROXY, PROXY, PROXY),
    Row("curl unit1614 /32", "192.168.0.0/32", "http://192.168.0.1/", PROXY, PROXY, PROXY),
    Row("Go /30", "10.0.0.0/30", "http://10.0.0.2/", DIRECT, DIRECT, DIRECT),
    Row("Go past the /30", "10.0.0.0/30", "http://10.0.0.4/", PROXY, PROXY, PROXY),
    Row("RFC 4632 host bits", "10.0.0.1/8", "http://10.9.9.9/", DIRECT, DIRECT, DIRECT),
    Row("Go /0", "0.0.0.0/0", "http://11.0.0.1/", DIRECT, PROXY, DIRECT),
    Row("Go /0 of IPv6", "::/0", "http://[2001:db8::1]/", DIRECT, PROXY, DIRECT),
    Row("Go /0 of IPv6 for IPv4", "::/0", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("Go /0 for a name", "0.0.0.0/0", "http://example.com/", PROXY, PROXY, PROXY),
    Row("Go IPv6 /64", "2002:db8:a::45/64", "http://[2002:db8:a::123]/", DIRECT, DIRECT, DIRECT),
    Row("Go IPv6 outside", "2002:db8:a::45/64", "http://[fe80::424b:c8be:1643:a1b6]/", PROXY, PROXY, PROXY),
    Row("RFC 4291 /33 inside", "2001:db8::/33", "http://[2001:db8:7fff::1]/", DIRECT, DIRECT, DIRECT),
    Row("RFC 4291 /33 outside", "2001:db8::/33", "http://[2001:db8:8000::1]/", PROXY, PROXY, PROXY),
    Row("Go network for mapped", "10.0.0.0/8", "http://[::ffff:10.0.0.1]/", DIRECT, PROXY, DIRECT),
    Row("Go mapped network", "::ffff:10.0.0.0/104", "http://10.0.0.1/", DIRECT, PROXY, DIRECT),
    Row("RFC 3986 brackets of a network", "[2001:db8::]/32", "http://[2001:db8::1]/", DIRECT, PROXY, PROXY),
    Row("curl unit1614 /33", "10.0.0.0/33", "http://10.0.0.0/", PROXY, PROXY, PROXY),
    Row("curl unit1614 /129", "2001:db8::/129", "http://[2001:db8::]/", PROXY, PROXY, PROXY),
    Row("netmask", "10.0.0.0/255.0.0.0", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("no bits", "10.0.0.0/", "http://10.0.0.0/", PROXY, PROXY, PROXY),
    Row("signed bits", "10.0.0.0/+8", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("Arabic bits", "10.0.0.0/٨", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("leading zero of the bits", "10.0.0.0/08", "http://10.1.0.1/", DIRECT, DIRECT, DIRECT),
    # Ports.
    Row("Go port", "foo.com:8080", "http://foo.com:8080/", DIRECT, PROXY, DIRECT),
    Row("Go port below", "foo.com:8080", "http://a.foo.com:8080/", DIRECT, PROXY, DIRECT),
    Row("Go other port", "foo.com:80", "http://foo.com:8080/", PROXY, PROXY, PROXY),
    Row("Go default port of http", "foo.com:80", "http://foo.com/", DIRECT, PROXY, DIRECT),
    Row("Go default port of https", "foo.com:443", "https://foo.com/", DIRECT, PROXY, DIRECT),
    Row("Go port after dot", ".foo.com:80", "http://a.foo.com/", DIRECT, PROXY, DIRECT),
    Row("Go port after star", "*.foo.com:80", "http://a.foo.com/", DIRECT, PROXY, DIRECT),
    Row("Go IPv4 port", "192.168.1.3:80", "http://192.168.1.3/", DIRECT, PROXY, DIRECT),
    Row("Go IPv4 other port", "192.168.1.2:81", "http://192.168.1.2/", PROXY, PROXY, PROXY),
    Row("Go IPv6 port", "[2001:db8::52:0:3]:80", "http://[2001:db8::52:0:3]/", DIRECT, PROXY, DIRECT),
    Row("Go IPv6 other port", "[2001:db8::52:0:2]:443", "http://[2001:db8::52:0:2]/", PROXY, PROXY, PROXY),
    Row("IPv6 needs its brackets", "2001:db8::1:80", "http://[2001:db8::1]/", PROXY, PROXY, PROXY),
    Row("IPv6 that ends like a port", "2001:db8::1:80", "http://[2001:db8::1:80]/", DIRECT, DIRECT, DIRECT),
    Row("Go empty port", "foo.com:", "http://foo.com:81/", DIRECT, PROXY, DIRECT),
    Row("Go no host", ":80", "http://foo.com/", PROXY, PROXY, PROXY),
    Row("leading zero of the port", "foo.com:080", "http://foo.com/", PROXY, PROXY, PROXY),
    Row("named port", "foo.com:http", "http://foo.com/", PROXY, PROXY, PROXY),
    Row("port of a network", "10.0.0.0/8:80", "http://10.0.0.1/", PROXY, PROXY, PROXY),
    Row("name in brackets", "[foo.com]", "http://foo.com/", PROXY, PROXY, PROXY),
    # Zones.
    Row("RFC 4007 all zones", "fe80::1", "http://[fe80::1%25eth0]/", DIRECT, DIRECT, DIRECT),
    Row("RFC 4007 network in all zones", "fe80::/10", "http://[fe80::1%25eth0]/", DIRECT, DIRECT, DIRECT),
    Row("RFC 4007 same zone", "fe80::1%eth0", "http://[fe80::1%25eth0]/", DIRECT, PROXY, PROXY),
    Row("RFC 4007 same zone, brackets", "[fe80::1%eth0]", "http://[fe80::1%25eth0]/", DIRECT, PROXY, PROXY),
    Row("RFC 4007 other zone", "fe80::1%eth1", "http://[fe80::1%25eth0]/", PROXY, PROXY, PROXY),
    Row("RFC 4007 zone asked, none given", "fe80::1%eth0", "http://[fe80::1]/", PROXY, PROXY, PROXY),
    Row("RFC 4007 network in a zone", "fe80::%eth0/10", "http://[fe80::1%25eth0]/", DIRECT, PROXY, PROXY),
    Row(
        "CVE-2025-22870 name as zone", "example.com", "http://[fe80::1%25.example.com]/", PROXY, PROXY, PROXY
    ),
    # International names.
    Row("Go IDN and IDN", "bücher.example", "http://bücher.example/", DIRECT, PROXY, DIRECT),
    Row("Go IDN for punycode", "示例.com", "http://www.xn--fsq092h.com/", DIRECT, PROXY, DIRECT),
    Row("Go punycode for IDN", "xn--fsq092h.com", "http://www.示例.com/", DIRECT, DIRECT, DIRECT),
    Row("Go dot before IDN", ".示例.com", "http://www.示例.com/", DIRECT, PROXY, DIRECT),
    Row("UTS 46 letter case", "BÜCHER.example", "http://bücher.example/", DIRECT, PROXY, DIRECT),
    Row("UTS 46 full width", "\uff26\uff2f\uff2f.com", "http://foo.com/", DIRECT, PROXY, DIRECT),
    Row("RFC 5891 sharp s stays", "straße.example", "http://xn--strae-oqa.example/", DIRECT, PROXY, DIRECT),
    # Separators.
    Row("curl unit1614 blanks after comma", "foo,,,,,   bar,::1/64", "http://bar/", DIRECT, DIRECT, DIRECT),
    Row("Go blanks around", " foo.com ", "http://foo.com/", DIRECT, DIRECT, DIRECT),
    Row("curl empty entries", ",, ,foo.com,,", "http://foo.com/", DIRECT, DIRECT, DIRECT),
    Row("curl 7 blank separates, first", "foo.com bar.com", "http://foo.com/", DIRECT, DIRECT, PROXY),
    Row("curl 7 blank separates, second", "foo.com bar.com", "http://bar.com/", DIRECT, PROXY, PROXY),
    Row("curl 7 tab separates", "foo.com\tbar.com", "http://bar.com/", DIRECT, PROXY, PROXY),
    Row("semicolon does not separate", "foo.com;bar.com", "http://bar.com/", PROXY, PROXY, PROXY),
    Row("an entry is no URL", "http://foo.com", "http://foo.com/", PROXY, PROXY, PROXY),
    Row("an entry has no path", "foo.com/", "http://foo.com/", PROXY, PROXY, PROXY),
]
ONLY_HERE = {
    "RFC 3986 brackets",
    "RFC 3986 brackets of a network",
    "RFC 4007 same zone",
    "RFC 4007 same zone, brackets",
    "RFC 4007 network in a zone",
    "curl 7 blank separates, second",
    "curl 7 tab separates",
}


def rule_for(entries: str, url: URL) -> str | None:
    return NoProxy.from_text(entries).rule_for(url.raw_host or "", url.port)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.origin}: {row.entries!a} {row.url!a}")
def test_entries_cover_hosts(row: Row) -> None:
    assert (rule_for(row.entries, URL(row.url)) is not None) is row.here


def test_where_curl_and_go_agree_they_are_followed_but_for_the_documented_forms() -> None:
    assert {row.origin for row in ROWS if row.curl == row.go != row.here} == ONLY_HERE


def test_the_first_entry_that_covers_is_named_as_it_was_written() -> None:
    assert (
        rule_for("a.example, .Shore.EXAMPLE. ,shore.example", URL("http://shore.example"))
        == ".Shore.EXAMPLE."
    )


@pytest.mark.parametrize("url", ["ws://shore.example/", "wss://shore.example:80/"])
def test_a_web_socket_has_the_ports_of_http(url: str) -> None:
    assert rule_for("shore.example:80", URL(url)) is not None
    assert rule_for("shore.example:443", URL(url)) is None


@pytest.mark.parametrize("host", ["", ".", "x" * 300, "ü" * 200, "10.0.0.1%eth0"])
def test_what_is_no_host_is_covered_by_the_star_only(host: str) -> None:
    assert read_host(host) is None
    assert NoProxy.from_text("shore.example 0.0.0.0/0 ::/0").rule_for(host, 80) is None
    assert NoProxy.from_text("shore.example,*").rule_for(host, 80) == "*"


def test_a_long_entry_is_skipped() -> None:
    assert NoProxy.from_text("ü" * 100_000 + "," + "a." * 100_000 + "," + ":" * 100_000) == NoProxy()


labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True).filter(
    lambda text: text[2:4] != "--"
)
names = st.builds(
    lambda below, top: ".".join([*below, top]),
    st.lists(labels, max_size=3),
    st.sampled_from(["example", "net", "bücher"]),
)
addresses = st.ip_addresses().map(lambda address: f"[{address}]" if address.version == 6 else str(address))
hosts = names | addresses
entries = st.one_of(
    hosts,
    names.map(".{}".format),
    names.map("*.{}".format),
    st.builds("{}:{}".format, hosts, st.integers(0, 70_000)),
    st.builds("{}/{}".format, st.ip_addresses(), st.integers(0, 130)),
)
lists = st.lists(entries, max_size=5).map(",".join)
ports = st.sampled_from([None, 80, 443, 8080])


def url_of(host: str, port: int | None) -> URL:
    return URL(f"http://{host}" if port is None else f"http://{host}:{port}")


@given(lists, hosts, ports)
def test_letter_case_and_a_trailing_dot_never_matter(listed: str, host: str, port: int | None) -> None:
    url = url_of(host, port)
    covered = rule_for(listed, url) is not None
    assert (rule_for(listed.upper(), url) is not None) is covered
    spelled = url.raw_host or ""
    rules = NoProxy.from_text(listed)
    for spelling in (spelled.upper(), spelled + "."):
        assert (rules.rule_for(spelling, url.port) is not None) is covered


@given(st.lists(names | names.map("*.{}".format), max_size=5), names)
def test_a_trailing_dot_of_an_entry_never_matters(listed: list[str], host: str) -> None:
    url = url_of(host, None)
    dotted = [entry + "." for entry in listed]
    assert (rule_for(",".join(listed), url) is None) is (rule_for(",".join(dotted), url) is None)


@given(lists, hosts, ports)
@example("", "[::ffff:10.0.0.1]", 8080)
def test_a_host_that_is_listed_is_covered(listed: str, host: str, port: int | None) -> None:
    url = url_of(host, port)
    assert rule_for(f"{listed},{host}", url) is not None
    assert rule_for(f"{host} {listed}", url) is not None
    assert rule_for(f"{listed},{url.raw_host}", url) is not None
    assert rule_for(f"{listed},{host}:{url.port}", url) is not None


@given(lists, lists, hosts, ports)
def test_one_more_entry_never_uncovers_a_host(listed: str, more: str, host: str, port: int | None) -> None:
    url = url_of(host, port)
    if rule_for(listed, url) is not None:
        assert rule_for(f"{listed},{more}", url) is not None
        assert rule_for(f"{more},{listed}", url) is not None


@given(st.lists(entries, max_size=5), st.data(), hosts, ports)
def test_neither_order_nor_separators_matter(
    listed: list[str], data: st.DataObject, host: str, port: int | None
) -> None:
    url = url_of(host, port)
    shuffled = data.draw(st.permutations(listed))
    between = data.draw(st.sampled_from([",", " ", "\t", ", ", " ,", ",,", " , ,\n"]))
    other = between + between.join(shuffled) + between
    assert (rule_for(",".join(listed), url) is None) is (rule_for(other, url) is None)


@given(st.ip_addresses(v=4), st.ip_addresses(v=4), st.integers(0, 32))
def test_a_network_holds_what_the_standard_library_says(
    base: ipaddress.IPv4Address, host: ipaddress.IPv4Address, bits: int
) -> None:
    network = ipaddress.ip_network(f"{base}/{bits}", strict=False)
    for spelling in (str(host), f"::ffff:{host}"):
        for entry in (f"{base}/{bits}", f"::ffff:{base}/{bits + 96}"):
            covered = NoProxy.from_text(entry).rule_for(spelling, 80) is not None
            assert covered is (host in network)


@given(st.ip_addresses(v=6), st.ip_addresses(v=6), st.integers(0, 128))
def test_so_does_a_network_of_ipv6(
    base: ipaddress.IPv6Address, host: ipaddress.IPv6Address, bits: int
) -> None:
    covered = NoProxy.from_text(f"{base}/{bits}").rule_for(str(host), 80) is not None
    inside = host in ipaddress.ip_network((base, bits), strict=False)
    assert covered is (inside and (host.ipv4_mapped is None or bits >= 96))


@given(st.text(), st.text(), ports)
@example("[", "[", None)
@example("[]:80,*.,.,*.10.0.0.1,/8,::/,%/1,::%/1,\uff11\uff10.0.0.1", "10.0.0.1", 80)
@example("\udcff.example", "\udcff.example", 80)
def test_no_text_is_an_error(value: str, host: str, port: int | None) -> None:
    rule = NoProxy.from_text(value).rule_for(host, port)
    assert rule is None or rule in value
