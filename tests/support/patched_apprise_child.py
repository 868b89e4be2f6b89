"""The sending child with one thing changed: where Slack and Discord are, what Apprise returns, or the patience.

`patched_apprise_child.py at PORT`, `... result None|True|zero|...` or `... patience SECONDS`.
"""

import sys
from functools import partialmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import apprise
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack

from watcher.delivery import apprise_address, apprise_child

RESULTS = {
    "None": None,
    "True": True,
    "zero": SimpleNamespace(status=0),
    "unknown": object(),
    "nomatch": SimpleNamespace(status=apprise.AppriseResultStatus.NOMATCH),
    "timeout": SimpleNamespace(status=apprise.AppriseResultStatus.TIMEOUT),
}


def patch(what: str, value: str) -> None:
    """Change one thing outside of the child, or its patience."""
    if what == "at":
        NotifyDiscord.notify_url = f"http://127.0.0.1:{value}/api/webhooks"
        NotifySlack.webhook_url = f"http://127.0.0.1:{value}/services"
    elif what == "patience":
        apprise_address.READ_PATIENCE = float(value)
    else:
        apprise.Apprise.notify = partialmethod(notify, value)  # type: ignore[method-assign,assignment]


def notify(_: Any, result: str, **__: Any) -> Any:
    if result == "crash":
        message = "canary-token-1 in an error"
        raise RuntimeError(message)
    return RESULTS[result]


if __name__ == "__main__":
    patch(*sys.argv[1:])
    apprise_child.main()
