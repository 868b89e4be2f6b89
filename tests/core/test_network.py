"""The environment's proxies and authorities are read in one place, and what is wrong with them has a name."""

import pytest

from watcher.domain.network import authorities, faults, proxy_for

PROXY = "http://proxy.test:3128"
WEB = "https://api.example.test/x"


@pytest.mark.parametrize(
    ("url", "spared", "is_direct"),
    [
        (WEB, "", False),
        (WEB, "*", True),
        (WEB, "example.test", True),
        (WEB, ".example.test", True),
        (WEB, "*.example.test", True),
        (WEB, "API.example.test.", True),
        (WEB, "ample.test", False),
        (WEB, "other.test, api.example.test:443", True),
        (WEB, "api.example.test:8443", False),
        (WEB, "https://api.example.test", True),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://10.1.2.3/", "10.1.2.4", False),
        ("http://10.1.2.3:81/", "10.1.2.3:81", True),
        ("http://[::1]/", "[::1]", True),
        ("http://[::1]/", "::1", True),
        ("http://[::1]:8080/", "[::1]:8080", True),
        ("http://[::1]:8081/", "[::1]:8080", False),
        ("http://[2001:db8::7]/", "2001:db8::/32", True),
        ("http://[2001:db8::7]/", "[2001:db8::]/32", True),
        (WEB, "2001:db8::/32", False),
    ],
)
@pytest.mark.fault("R8", "N12")
def test_hosts_addresses_and_networks_are_spared_the_proxy(url: str, spared: str, is_direct: bool) -> None:  # noqa: FBT001 - a column
    environment = {"ALL_PROXY": PROXY, "NO_PROXY": spared}
    assert proxy_for(url, environment) == (None if is_direct else PROXY)
    assert [*faults(environment)] == []


@pytest.mark.fault("R8", "N12")
def test_the_proxy_of_the_scheme_counts_first_and_that_in_lower_case() -> None:
    environment = {
        "HTTPS_PROXY": "upper.test",
        "https_proxy": "lower.test:1",
        "all_proxy": "socks5h://all.test:9",
    }
    assert proxy_for(WEB, environment) == "http://lower.test:1"
    assert proxy_for("http://api.example.test/", environment) == "socks5h://all.test:9"
    assert proxy_for(WEB, {}) is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NO_PROXY", "good.test,[::1", "the environment variable NO_PROXY has an entry that is none: '[::1'"),
        (
            "no_proxy",
            "10.0.0.0/99",
            "the environment variable no_proxy has an entry that is none: '10.0.0.0/99'",
        ),
        ("NO_PROXY", "[zz]:1", "has an entry that is none: '[zz]:1'"),
        ("NO_PROXY", "user:canary@[x", "'[x'"),
        (
            "HTTPS_PROXY",
            "ftp://user:canary@h.test",
            "HTTPS_PROXY names a proxy of a kind that is not supported",
        ),
        ("all_proxy", "socks4://h.test:1080", "use http://, https://, socks5://, socks5h://"),
        ("HTTP_PROXY", "http://user:canary@", "HTTP_PROXY is not the address of a proxy"),
        ("HTTP_PROXY", "http://h.test:99999", "HTTP_PROXY is not the address of a proxy"),
        ("HTTP_PROXY", "http://[::1", "HTTP_PROXY is not the address of a proxy"),
    ],
)
@pytest.mark.fault("R8", "N12", "C12")
def test_what_is_wrong_names_the_variable_and_the_entry_without_a_password(
    name: str, value: str, words: str
) -> None:
    [fault] = faults({name: value})
    assert words in fault
    assert "canary" not in fault


@pytest.mark.fault("R8", "N10")
def test_one_variable_names_the_authorities_for_all() -> None:
    both = {"REQUESTS_CA_BUNDLE": "/b.pem", "CURL_CA_BUNDLE": "/c.pem"}
    assert authorities({}) is None
    assert authorities(both) == "/b.pem"
    assert authorities(both | {"SSL_CERT_FILE": "/a.pem"}) == "/a.pem"
