"""Proxies and certificate authorities as the environment names them: one reading for sources and messages."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

SCHEMES = ("http", "https", "socks5", "socks5h")
DEFAULT_PORTS = {"http": 80, "https": 443}
AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The first of these that is set names the authorities to trust, everywhere."""
HOST = re.compile(r"(?:\*?\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")
HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d{1,5}))?")
BRACKETED = re.compile(r"\[([^\[\]]*)\](/\d+)?$")  # [::1] and [2001:db8::]/32 are written too
Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Spared:
    """An entry of NO_PROXY: a host with its subdomains, or a network; `port` if only that one is meant."""

    host: str = ""
    network: Network | None = None
    port: int | None = None

    def covers(self, host: str, port: int | None) -> bool:
        """Whether requests to this host and port use no proxy."""
        if self.port and self.port != port:
            return False
        address = _address(host)
        if self.network:
            return address is not None and address in self.network
        return self.host in {"*", host} or host.endswith(f".{self.host}")


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the proxy for an address, with its user and password; None for a direct connection."""
    parts = urlsplit(url)
    proxy = _variable(environment, f"{parts.scheme}_proxy")[1] or _variable(environment, "all_proxy")[1]
    host, port = (parts.hostname or "").rstrip("."), parts.port or DEFAULT_PORTS.get(parts.scheme)
    if not proxy or any(entry.covers(host, port) for entry in _spared(environment)):
        return None
    return _with_scheme(proxy)


def authorities(environment: Mapping[str, str]) -> str | None:
    """Return the file or folder of the certificate authorities to trust; None for the usual ones."""
    return next((environment[name] for name in AUTHORITIES if environment.get(name)), None)


def faults(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the variables, by name; a proxy's password is never shown."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        written, proxy = _variable(environment, name)
        if proxy and (wrong := _proxy_fault(_with_scheme(proxy))):
            yield f"the environment variable {written} {wrong}"
    written, entries = _variable(environment, "no_proxy")
    for entry in filter(None, map(str.strip, entries.split(","))):
        if _entry(entry) is None:
            shown = entry.rpartition("@")[2]
            example = "write a host, an address or a network, such as example.com, ::1 or 10.0.0.0/8"
            yield f"the environment variable {written} has an entry that is none: {shown!r}; {example}"


def _variable(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return a variable's name as it is written, and its value; that in lower case counts first."""
    written = name if environment.get(name) else name.upper()
    return written, environment.get(written, "").strip()


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxy_fault(proxy: str) -> str | None:
    try:
        parts: SplitResult = urlsplit(proxy)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_place = False
    scheme = proxy.partition("://")[0].lower()
    if scheme not in SCHEMES:
        return (
            f"names a proxy of a kind that is not supported; use {', '.join(f'{one}://' for one in SCHEMES)}"
        )
    return None if has_place else "is not the address of a proxy; write http://host:port"


def _spared(environment: Mapping[str, str]) -> list[Spared]:
    entries = _variable(environment, "no_proxy")[1].split(",")
    return [spared for entry in entries if entry.strip() and (spared := _entry(entry.strip()))]


def _entry(entry: str) -> Spared | None:
    """Read an entry of NO_PROXY; None if it is none."""
    text = entry.lower().partition("://")[2] or entry.lower()
    with suppress(ValueError):
        return Spared(network=ip_network(BRACKETED.sub(r"\1\2", text), strict=False))
    found = HOST_AND_PORT.fullmatch(text)
    if not found:
        return None
    host, port = found["host"], int(found["port"]) if found["port"] else None
    with suppress(ValueError):
        return Spared(network=ip_network(host.strip("[]"), strict=False), port=port)
    if host == "*" or HOST.fullmatch(host):
        return Spared("*" if host == "*" else host.removeprefix("*").strip("."), port=port)
    return None


def _address(host: str) -> Address | None:
    with suppress(ValueError):
        return ip_address(host.strip("[]"))
    return None
