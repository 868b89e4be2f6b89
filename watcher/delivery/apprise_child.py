"""The child process that sends one message: a job comes in, an outcome goes out.

The only place that imports Apprise: its plugins take memory, a slow server can block its threads beyond any
deadline, and its log contains secrets. A process of its own can be killed at any time.
"""

import contextlib
import gc
import inspect
import json
import logging
import os
import re
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypedDict
from urllib.request import getproxies

import apprise
from apprise.conversion import convert_between
from apprise.manager_plugins import NotificationManager
from apprise.plugins.email import NotifyEmail
from apprise.plugins.email.base import PGPMode
from apprise.utils.parse import parse_url

from watcher.delivery.address_parts import AS_WRITTEN, ambiguity, renamed, shortened
from watcher.delivery.provider_replies import observe
from watcher.domain.delivery import Outcome, Verdict
from watcher.messages.fit import dots, fit, rest
from watcher.text.clean import clean, clean_lines, inert
from watcher.text.redact import redact
from watcher.text.suggest import closest

LONGEST_LIFE = 90  # seconds; ends a send that hangs after the service, which keeps the deadline, has died
# Together less than the service's deadline, so that a silent server is not taken for a slow start.
CONNECT_PATIENCE = 8.0  # seconds
READ_PATIENCE = 18.0  # seconds between two bytes
LONGEST_REASON = 200
ORDINARY = frozenset({"starttls", "insecure"})  # parts of a mail address that servers mention in errors
LONGEST_TITLE = 200  # some mail servers refuse 2,000 characters
TITLE_MARKUP = 20  # most characters that put the title into the body of a service without titles
LINE_BREAK = 2  # the same in plain text
ROOM = {"ntfy": 4096}  # services that take less than Apprise believes; ntfy turns more into an attachment
HIGHEST_PORT = 65535
TOO_LONG = 1 << 30
LOOPBACK = "localhost,127.0.0.1,::1"
EVERYWHERE = frozenset({"user", "pass", "password", "port"})  # undocumented options of every service
# Options that watcher sets itself: one attempt, in time, the text unchanged and whole, failures reported.
DECIDED = frozenset({"retry", "wait", "overflow", "optional", "emojis", "rto", "cto", "blocks"})
OPTION_READ = re.compile(r'"(\w+)"\s+in\s+(?:\w+\["qsd"\]|qsd)|qsd"?\]?\s*(?:\.get\(\s*|\[\s*)"(\w+)"')
TEXT, HTML = apprise.NotifyFormat.TEXT, apprise.NotifyFormat.HTML
SEVERAL = "the address has several targets; give each its own channel, so that a retry never sends twice"
REDIRECTS = "the address enables redirects, which could leak its secrets"
UNSENT = "nothing was sent, because the options of the address turn off this kind of message"
UNENCRYPTED = "the address would send its password unencrypted; use mailtos:// or mode=starttls"


class Job(TypedDict, total=False):
    """What to send and where; `command` shows all of it, `letter` has the parts of the message.

    With `check`, only the address is checked.
    """

    url: str
    title: str
    body: str
    at: str
    event_id: str
    command: str
    letter: dict[str, Any] | None
    check: bool


class UnusableError(Exception):
    """The address cannot be used; the message says why without showing it."""


def main() -> None:
    """Do the job on standard input; print its outcome as a line of JSON and nothing else.

    With several jobs, each is done by a fork of this process, and its line begins with its number.
    """
    signal.alarm(LONGEST_LIFE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # memory contains the address
    logging.disable(logging.CRITICAL)  # Apprise logs tokens, at any level
    warnings.simplefilter("ignore")
    bypass_proxy_for_loopback(os.environ)
    with contextlib.redirect_stdout(None):
        try:
            job = json.load(sys.stdin)
        except ValueError as error:
            answer = json.dumps(asdict(_crash(error)))
        else:
            answer = _lead(job["jobs"]) if "jobs" in job else json.dumps(asdict(_outcome(job)))
    print(answer)  # noqa: T201 - the answer to the parent


def _lead(jobs: Sequence[Job]) -> str:
    """Do each job in a fork, all at the same time: that takes a seventh of the memory of a new process."""
    _added("json://127.0.0.1")  # loads Apprise's plugins once for all
    gc.collect()
    gc.freeze()
    for number, job in enumerate(jobs):
        try:
            is_fork = os.fork() == 0
        except OSError as error:
            _answer(
                number, Outcome(Verdict.RETRY, f"no process could be started to send it: {error.strerror}")
            )
            continue
        if is_fork:
            signal.alarm(LONGEST_LIFE)
            _answer(number, _outcome(job))
            os._exit(0)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    return ""


def _answer(number: int, outcome: Outcome) -> None:
    """Write a line at once, so that those of others are not mixed in."""
    os.write(1, f"{number} {json.dumps(asdict(outcome))}\n".encode())


def bypass_proxy_for_loopback(environment: MutableMapping[str, str]) -> None:
    """Send to this machine directly: a proxy would take its own loopback address instead."""
    bypassing = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if bypassing != "*":
        environment["no_proxy"] = f"{bypassing},{LOOPBACK}".strip(",")


def _outcome(job: Job) -> Outcome:
    try:
        target = load(job["url"])
        return Outcome(Verdict.SENT) if job.get("check") else _send(target, job)
    except UnusableError as error:
        return Outcome(Verdict.REFUSED, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent gets an answer
        return _crash(error)


def load(url: str) -> Any:  # noqa: ANN401 - Apprise creates the classes of its plugins at run time
    """Return the single target of an address, set up for one attempt. Raises UnusableError."""
    target, others = _added(url)
    if target:
        renaming = renamed(url, str(target.service_name))
        target, url = (target, url) if renaming == url else (_added(renaming)[0], renaming)
    fault = ambiguity(url) if target or others else _unloadable(url)
    fault = fault or (next(_faults(target, url), None) if target else SEVERAL)
    if fault:
        raise UnusableError(fault)
    is_mail = isinstance(target, NotifyEmail)  # has only one timeout, for every step
    target.socket_connect_timeout = READ_PATIENCE if is_mail else CONNECT_PATIENCE
    target.socket_read_timeout = READ_PATIENCE
    if hasattr(target, "include_footer"):
        target.include_footer = False  # it advertises Apprise under each message
    return target


def _added(url: str) -> tuple[Any, bool]:
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
        other, _ = _added(shorter)
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


def _send(target: Any, job: Job) -> Outcome:  # noqa: ANN401 - see load
    """Send a job's message to its target; the outcome has the provider's own words."""
    title, body, form = compose(target, job)
    if _is_mail(target):
        _write_mail(target, job, title, body)
    replies = observe(body)
    notifier = apprise.Apprise(asset=target.asset)
    notifier.add(target)
    try:
        result = notifier.notify(title=title, body=body, body_format=form, notify_type=_kind(target))
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, even after it has sent
        return replace(_crash(error), unsure=True)
    is_success = getattr(result, "status", None) is apprise.AppriseResultStatus.SUCCESS
    if is_success and not replies.found and _actions(target):
        return Outcome(Verdict.REFUSED, UNSENT)
    outcome = replies.outcome(is_success=is_success)
    return replace(outcome, reason=_harmless(outcome.reason, job["url"]))


def _is_mail(target: Any) -> bool:  # noqa: ANN401 - see load
    """Tell mail from chats that are carried by mail."""
    return isinstance(target, NotifyEmail) and bool(target.title_maxlen)


def _write_mail(target: Any, job: Job, title: str, body: str) -> None:  # noqa: ANN401 - see load
    """Have Apprise send our mail instead of its own, unless it must sign or encrypt it."""
    target.headers["X-Watcher-Event-Id"] = clean(job["event_id"])
    if target.pgp_mode != PGPMode.NONE:
        return
    from watcher.delivery.mail import Envelope, mail  # noqa: PLC0415 - other services need none of it

    envelope = Envelope(
        sender=(target.from_addr[0] or "", target.from_addr[1]),
        recipient=(target.targets[0][0] or "", target.targets[0][1]),
        reply_to=tuple((target.names.get(address) or "", address) for address in sorted(target.reply_to)),
        headers=target.headers,
        is_plain=target.resolve_format(HTML) == TEXT,
    )
    ours = mail(job, envelope, title, body, target.body_maxlen)
    prepare = NotifyEmail.prepare_emails

    def prepared(**options: Any) -> Iterator[Any]:  # noqa: ANN401 - passed on as they come
        yield from (replace(one, body=ours) for one in prepare(**options))

    NotifyEmail.prepare_emails = staticmethod(prepared)  # type: ignore[method-assign,assignment]


def _crash(error: Exception) -> Outcome:
    """Describe an error without its text, which may contain secrets."""
    return Outcome(Verdict.RETRY, f"the sending process failed with {type(error).__name__}")


def _harmless(words: str, url: str) -> str:
    """Return a reason as one line, without parts of the address or of a proxy's user and password."""
    logins = {proxy.partition("://")[2].rpartition("@")[0] for proxy in getproxies().values()}
    for address in (url, *(f"proxy://{login}@" for login in logins)):
        words = redact(words, address, ORDINARY)
    return clean(" ".join(words.split()), LONGEST_REASON)


def _actions(target: Any) -> Mapping[Any, str]:  # noqa: ANN401 - see load
    """Return what an incident service does for each kind of message; empty for other services."""
    actions = getattr(target, "mapping", None)
    return actions if isinstance(actions, dict) else {}


def _kind(target: Any) -> apprise.NotifyType:  # noqa: ANN401 - see load
    """Return the kind that opens an incident at incident services: INFO only adds a note to an open one."""
    is_note = _actions(target).get(apprise.NotifyType.INFO) == "note"
    return apprise.NotifyType.WARNING if is_note else apprise.NotifyType.INFO


def compose(target: Any, job: Job) -> tuple[str, str, str]:  # noqa: ANN401 - see load
    """Return title, body and the body's format, cut so that the service takes them in one piece."""
    room = min(target.body_maxlen, ROOM.get(target.service_name, target.body_maxlen))
    longest = min(LONGEST_TITLE, target.title_maxlen or room // 2)
    if _is_mail(target):
        return clean(job["title"], longest), inert(_fitted(job, lambda text: len(inert(text)), room)), TEXT
    weigh = _weigher(target)
    title = clean(job["title"], len(job["title"]))
    title = fit(title, (lambda text: len(inert(text))) if target.title_maxlen else weigh, longest, dots)
    if not target.title_maxlen or target.overflow_amalgamate_title:  # it becomes part of the body
        is_plain = not target.title_maxlen and target.resolve_format(TEXT) == TEXT
        room -= weigh(title) + (LINE_BREAK if is_plain else TITLE_MARKUP)
    return inert(title), inert(_fitted(job, weigh, room)), TEXT


def _fitted(job: Job, weigh: Callable[[str], int], room: int) -> str:
    """Return as much of the body as there is room for, and the command that shows all of it."""
    return fit(clean_lines(job["body"]), weigh, room, rest(room, job.get("command", "watcher events")))


def _weigher(target: Any) -> Callable[[str], int]:  # noqa: ANN401 - see load
    """Return a function that counts a text's bytes in the form in which the service gets it.

    Most services count characters, of which there are never more. A text with more lines than the service
    shows counts as too long.
    """
    form, most_lines = target.resolve_format(TEXT), target.body_max_line_count
    convert: Any = convert_between

    def weigh(text: str) -> int:
        breaks = text.count("\n") if most_lines else 0  # Apprise then sends each as two characters
        shown = target.dialect_convert(convert(TEXT, form, inert(text)), body_format=form)
        return len(shown.encode()) + breaks if breaks <= max(most_lines - 1, 0) else TOO_LONG

    return weigh


if __name__ == "__main__":
    main()
