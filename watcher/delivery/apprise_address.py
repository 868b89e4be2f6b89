"""The target that an address stands for, or why it cannot be used."""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import apprise
from apprise.manager_plugins import NotificationManager
from apprise.plugins.email import NotifyEmail
from apprise.utils.parse import parse_url

from watcher.delivery.address_parts import AS_WRITTEN, ambiguity, renamed, shortened
from watcher.text.suggest import closest

# Together less than the service's deadline, so that a silent server is not taken for a slow start.
CONNECT_PATIENCE = 8.0  # seconds
READ_PATIENCE = 18.0  # seconds between two bytes
HIGHEST_PORT = 65535
EVERYWHERE = frozenset({"user", "pass", "password", "port"})  # undocumented options of every service
# Options that watcher sets itself: one attempt, in time, the text unchanged and whole, failures reported.
DECIDED = frozenset({"retry", "wait", "overflow", "optional", "emojis", "rto", "cto", "blocks"})
OPTION_READ = re.compile(r'"(\w+)"\s+in\s+(?:\w+\["qsd"\]|qsd)|qsd"?\]?\s*(?:\.get\(\s*|\[\s*)"(\w+)"')
SEVERAL = "the address has several targets; give each its own channel, so that a retry never sends twice"
REDIRECTS = "the address enables redirects, which could leak its secrets"
UNENCRYPTED = "the address would send its password unencrypted; use mailtos:// or mode=starttls"


class UnusableError(Exception):
    """The address cannot be used; the message says why without showing it."""


def load(url: str) -> Any:  # noqa: ANN401 - Apprise creates the classes of its plugins at run time
    """Return the single target of an address, set up for one attempt. Raises UnusableError."""
    target, others = added(url)
    if target:
        renaming = renamed(url, str(target.service_name))
        target, url = (target, url) if renaming == url else (added(renaming)[0], renaming)
    fault = ambiguity(url) if target or others else _unloadable(url)
    fault = fault or (next(_faults(target, url), None) if target else SEVERAL)
    if fault:
        raise UnusableError(fault)
    is_mail = isinstance(target, NotifyEmail)  # has only one timeout, for every step
    target.socket_connect_timeout = READ_PATIENCE if is_mail else CONNECT_PATIENCE
    target.socket_read_timeout = READ_PATIENCE
    target.request_rate_per_sec = 0  # seconds to wait before another request; the channel's limit is enough
    if hasattr(target, "include_footer"):
        target.include_footer = False  # it advertises Apprise under each message
    return target


def added(url: str) -> tuple[Any, bool]:
    """Return the single target of an address as Apprise reads it, or None, and whether there are several."""
    asset = apprise.AppriseAsset(
        app_id="watcher",
        app_desc="watcher",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        service_timeout=0,
        http_redirects=False,
        interpret_emojis=False,
    )
    targets = apprise.Apprise(asset=asset)
    is_whole = targets.add(url)
    return targets[0] if is_whole and len(targets) == 1 else None, len(targets) > 1


def _lost(target: Any, url: str) -> str | None:  # noqa: ANN401 - see load
    """Return how to write an address of which Apprise would ignore a part; None if it ignores none."""
    for shorter, words in shortened(url):
        other, _ = added(shorter)
        if other and other.url(privacy=False) == target.url(privacy=False):
            return words
    return None


def _unloadable(url: str) -> str:
    """Describe why Apprise cannot load an address."""
    manager: Any = NotificationManager
    known, schema = manager(), url.partition("://")[0].strip().lower()
    if schema not in known.schemas():
        return "Apprise does not support this kind of address"
    service = known[schema]
    if service.enabled:
        hint = f"; {AS_WRITTEN}" if "@" in url else ""
        return f"Apprise rejects the address: part of it is missing or malformed{hint}"
    package = service.requirements.get("packages_required")
    needed = f": it needs the package {package}" if package else ""
    return f"its service is unavailable on this machine{needed}"


def _faults(target: Any, url: str) -> Iterator[str]:  # noqa: ANN401 - see load
    """Find what is wrong with an address that Apprise accepts."""
    if lost := _lost(target, url):
        yield lost
    parse: Any = parse_url
    options = parse(url, verify_host=False) or {}
    yield from _option_faults(target, options)
    if target.port and target.port > HIGHEST_PORT:
        yield f"the port in the address is above {HIGHEST_PORT}"
    listed = getattr(target, "targets", ())
    recipients = len(listed) if isinstance(listed, list | tuple | set) else 0
    if isinstance(target, NotifyEmail):
        if not recipients:
            yield "the address has no valid recipient"
        if target.password and target.secure_mode == "insecure" and "mode" not in options.get("qsd", ()):
            yield UNENCRYPTED
        recipients += len(target.cc) + len(target.bcc)
    if max(recipients, len(target)) > 1:
        yield SEVERAL


def _option_faults(target: Any, options: Mapping[str, Mapping[str, str]]) -> Iterator[str]:  # noqa: ANN401 - see load
    """Find the options that Apprise would silently ignore, and those that watcher sets itself."""
    names = {name for name in options.get("qsd", ()) if name[:1] not in {"+", "-", ":"}}
    if decided := names & DECIDED:
        yield f"the address has an option that watcher sets itself: {', '.join(sorted(decided))}"
    if target.redirects:
        yield REDIRECTS
    documented = {*target.template_args, *target.template_tokens} - DECIDED
    # Plugins read some options that they do not document, and have no list of them but their source.
    source = inspect.getsource(sys.modules[type(target).__module__])
    read = {name for found in OPTION_READ.findall(source) for name in found if name}
    for name in sorted(names - documented - EVERYWHERE):
        if name not in read:
            close = closest(name, documented)
            hint = (
                f"did you mean {close}" if close else f"it supports {', '.join(sorted(target.template_args))}"
            )
            yield f"the address has an option that its service does not support; {hint}"
    known = {kind["prefix"] for kind in target.template_kwargs.values()}
    if ignored := {prefix for prefix in "+-:" if options.get(f"qsd{prefix}")} - known:
        yield f"its service does not support options that begin with {' or '.join(sorted(ignored))}"
