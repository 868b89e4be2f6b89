"""What the body of an answer says whatever its status: that the message was taken, or that it was not."""

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from watcher.domain.catalog import Json

NOTHING = frozenset({"", "0", "none", "null", "no", "false", "ok", "success"})  # instead of an error
FAILURES = frozenset({"error", "fail", "failed", "failure", "rejected", "refused", "denied", "invalid"})
SUCCESSES = frozenset({"ok", "success", "successful"})
BOOLEANS = {"true": True, "false": False}
FLAGS = ("ok", "success")  # Slack, Telegram; Synology, Rocket.Chat, Pushy
CODES = ("errcode", "retcode", "error_code", "errorCode")  # WeCom, DingTalk, Matrix; OneBot
ERRORS = ("error", "errors")  # JSON-RPC, GraphQL, Pushover and many others
STATES = ("status", "result")  # Zulip, Gupshup, VoIP.ms
WORDS = ("status_message", "message", "msg", "errmsg")


class Says(Enum):
    """What a body says of the message; `PERHAPS_NOT` means something else at other services."""

    NOTHING = "nothing"
    NO = "no"
    PERHAPS_NOT = "perhaps not"


def parsed(body: bytes) -> Mapping[str, Json]:
    """Return the object in a JSON body; an empty one for any other body."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, list) and len(found) == 1:  # a batch of JSON-RPC
        found = found[0]
    return found if isinstance(found, dict) else {}


def verdict(body: Mapping[str, Json]) -> Says:
    """Return what the object in a body says. Clear flags come first, then codes, errors and words."""
    for name in FLAGS:
        flag = BOOLEANS.get(_word(body.get(name)), body.get(name))
        if isinstance(flag, bool | int):
            return Says.NOTHING if flag else Says.NO
    if any(_is_something(body.get(name)) for name in (*CODES, *ERRORS)):
        return Says.NO
    if any(_word(body.get(name)) in FAILURES for name in STATES):
        return Says.NO
    # Pushover sends 0 for a failure; Viber sends it with the word ok for a success.
    is_zero = _is_number(body.get("status"), 0) and not any(_word(body.get(n)) in SUCCESSES for n in WORDS)
    return Says.PERHAPS_NOT if is_zero and not _is_number(body.get("errcode"), 0) else Says.NOTHING


def _is_something(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether a value names an error: a code other than zero, a text, an object."""
    return _word(value) not in NOTHING if isinstance(value, str) else bool(value)


def _is_number(value: Any, number: int) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(value, int) and not isinstance(value, bool) and value == number


def _word(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value.strip().lower() if isinstance(value, str) else ""
