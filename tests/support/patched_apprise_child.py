"""The sending child with one thing outside of it altered: where Slack and Discord are, or what Apprise says.

`patched_apprise_child.py at PORT` or `patched_apprise_child.py result None|True|FAILURE|...`.
"""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import apprise
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.slack import NotifySlack

from watcher.delivery import apprise_child

RESULTS = {
    "None": None,
    "True": True,
    "zero": SimpleNamespace(status=0),
    "unknown": object(),
    "nomatch": SimpleNamespace(status=apprise.AppriseResultStatus.NOMATCH),
    "timeout": SimpleNamespace(status=apprise.AppriseResultStatus.TIMEOUT),
}


def notify(*_: Any, **__: Any) -> Any:
    if sys.argv[2] == "crash":
        message = "canary-token-1 in an error"
        raise RuntimeError(message)
    return RESULTS[sys.argv[2]]


if __name__ == "__main__":
    if sys.argv[1] == "at":
        NotifyDiscord.notify_url = f"http://127.0.0.1:{sys.argv[2]}/api/webhooks"
        NotifySlack.webhook_url = f"http://127.0.0.1:{sys.argv[2]}/services"
    else:
        apprise.Apprise.notify = notify  # type: ignore[method-assign]
    apprise_child.main()
