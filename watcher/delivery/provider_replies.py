"""What a provider answered: recorded below Apprise, which does not return it, and judged.

A message counts as not sent only if it was never written, or if a whole answer says so; otherwise it may have
arrived. An answer that begins with success counts as sent, however it ends.
"""

import re

from watcher.delivery.http_replies import record_http
from watcher.delivery.mail_replies import record_mail
from watcher.delivery.replies import Replies

WORD = re.compile(r"[A-Za-z0-9]{4,}")  # is the same in every encoding of a request


def observe(text: str) -> Replies:
    """Return what gets every answer from now on; `text` is the message as it will be sent.

    Redirects are never followed, whatever a plugin asks for. What `Replies.reshape` returns for a request is
    sent in its place: the one way in which a message gets another form than Apprise gives it.
    """
    replies = Replies(max(WORD.findall(text), key=len, default=""))
    record_http(replies)
    record_mail(replies)
    return replies
