"""The child process that sends one message: a job comes in, an outcome goes out.

Only it and what it alone imports know Apprise: its plugins take memory, a slow server can block its threads
beyond any deadline, and its log contains secrets. A process of its own can be killed at any time.
"""

import contextlib
import gc
import json
import logging
import os
import resource
import signal
import sys
import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import quote
from urllib.request import getproxies

import apprise

from watcher.delivery import apprise_address, webhook
from watcher.delivery.apprise_address import UnusableError, added, load
from watcher.delivery.apprise_mail import is_mail, write_mail
from watcher.delivery.compose import compose
from watcher.delivery.job import Job, post_of
from watcher.delivery.provider_replies import observe
from watcher.delivery.replies import Replies
from watcher.delivery.services import reshapes
from watcher.delivery.templated import in_own_words
from watcher.domain.delivery import Outcome, Template, Verdict
from watcher.domain.letter import read_letter
from watcher.forms.post import Post, Tone
from watcher.text.clean import clean
from watcher.text.redact import redact

LONGEST_LIFE = 90  # seconds; ends a send that hangs after the service, which keeps the deadline, has died
LONGEST_REASON = 200
ORDINARY = frozenset({"starttls", "insecure"})  # parts of a mail address that servers mention in errors
LOOPBACK = "localhost,127.0.0.1,::1"
UNSENT = "nothing was sent, because the options of the address turn off this kind of message"
KINDS: Mapping[Tone, apprise.NotifyType] = {
    Tone.CRITICAL: apprise.NotifyType.FAILURE,
    Tone.WARNING: apprise.NotifyType.WARNING,
    Tone.INFO: apprise.NotifyType.INFO,
    Tone.RECOVERED: apprise.NotifyType.SUCCESS,
}
"""What Apprise calls a tone; it gives a message its color or picture where a service has one."""


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
    added("json://127.0.0.1")  # loads Apprise's plugins once for all
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
        return _done(job)
    except UnusableError as error:
        return Outcome(Verdict.REFUSED, str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent gets an answer
        return _crash(error)


def _done(job: Job) -> Outcome:
    if _is_webhook(job):
        if fault := webhook.fault(job["url"], job.get("secret")):
            raise UnusableError(fault)
        return Outcome(Verdict.SENT) if job.get("check") else _post(job)
    target = load(job["url"])
    return Outcome(Verdict.SENT) if job.get("check") else _send(target, job)


def _is_webhook(job: Job) -> bool:
    """Whether an address is of one's own; those of the web that Apprise knows are a service's."""
    if not webhook.is_web(job["url"]):
        if job.get("secret") is not None:
            message = "a secret is for addresses that begin with https:// or http://"
            raise UnusableError(message)
        return False
    return job.get("secret") is not None or added(job["url"]) == (None, False)


def _post(job: Job) -> Outcome:
    patience = apprise_address.CONNECT_PATIENCE, apprise_address.READ_PATIENCE
    outcome = webhook.send(job["url"], job.get("secret"), post_of(job), patience)
    return replace(outcome, reason=_harmless(outcome.reason, job))


def _send(target: Any, job: Job) -> Outcome:  # noqa: ANN401 - Apprise creates the classes of its plugins
    """Send a job's message to its target; the outcome has the provider's own words."""
    job, warning = _in_own_words(job)
    message = post_of(job)
    title, body, form = compose(target, job)
    if is_mail(target):
        write_mail(target, job, title, body)
    replies = observe(body)
    for reshape in reshapes(target, message):
        replies.begin_message(reshape)
        outcome = _notify(target, (title, body, form), message, replies)
        if outcome.verdict is not Verdict.SENT:
            break
    return replace(outcome, reason=_harmless(outcome.reason, job), warning=warning)


def _in_own_words(job: Job) -> tuple[Job, str]:
    """Fill in the template, if there is one; return a warning if it cannot be."""
    template, letter = job.get("template"), job.get("letter")
    if not template or not letter:
        return job, ""
    filled = in_own_words(Template(**template), job["title"], job["body"], read_letter(letter))
    title, body, warning = filled
    return {**job, "title": title, "body": body, "plain": not warning}, warning


def _notify(target: Any, text: tuple[str, str, str], message: Post, replies: Replies) -> Outcome:  # noqa: ANN401 - see above
    """Have Apprise send once."""
    notifier = apprise.Apprise(asset=target.asset)
    notifier.add(target)
    title, body, form = text
    kind = _kind(target, message)
    try:
        result = notifier.notify(title=title, body=body, body_format=form, notify_type=kind)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, even after it has sent
        return replace(_crash(error), unsure=True)
    is_success = getattr(result, "status", None) is apprise.AppriseResultStatus.SUCCESS
    if is_success and not replies.found and _actions(target):
        return Outcome(Verdict.REFUSED, UNSENT)
    return replies.outcome(is_success=is_success)


def _crash(error: Exception) -> Outcome:
    """Describe an error without its text, which may contain secrets."""
    return Outcome(Verdict.RETRY, f"the sending process failed with {type(error).__name__}")


def _harmless(words: str, job: Job) -> str:
    """Return a reason as one line, without secrets: those of the address, of a proxy, of a webhook."""
    logins = {proxy.partition("://")[2].rpartition("@")[0] for proxy in getproxies().values()}
    logins |= {quote(job.get("secret") or "", safe="")}
    for address in (job["url"], *(f"proxy://{login}@" for login in logins)):
        words = redact(words, address, ORDINARY)
    return clean(" ".join(words.split()), LONGEST_REASON)


def _actions(target: Any) -> Mapping[Any, str]:  # noqa: ANN401 - see above
    """Return what an incident service does for each kind of message; empty for other services."""
    actions = getattr(target, "mapping", None)
    return actions if isinstance(actions, dict) else {}


def _kind(target: Any, message: Post) -> apprise.NotifyType:  # noqa: ANN401 - see above
    """Return what Apprise calls the message's tone, or the kind that opens an incident.

    A kind that only adds a note to an incident, or resolves one by a key that Apprise makes of the title,
    would be lost.
    """
    kind = KINDS[message.tone] if message.has_parts else apprise.NotifyType.INFO
    if hasattr(target, "action") or _actions(target):
        is_note = _actions(target).get(apprise.NotifyType.INFO) == "note"
        least = apprise.NotifyType.WARNING if is_note else apprise.NotifyType.INFO
        return least if message.tone in {Tone.INFO, Tone.RECOVERED} or not message.has_parts else kind
    return kind


if __name__ == "__main__":
    main()
