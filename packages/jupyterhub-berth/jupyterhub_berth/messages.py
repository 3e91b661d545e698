"""What people read where something fails: a sentence for the user's page, and the reason for the hub's log."""

from __future__ import annotations

import re
from typing import Any

from tornado import web


class StartFailed(web.HTTPError):  # type: ignore[misc, unused-ignore]
    """Why a start, or a login, failed, in a sentence that reaches the user's page on every hub.

    Slow failures show `jupyterhub_message` on the progress page. A failure within the first second goes through the
    hub's write_error, which shows it since 5.3; before, it shows `log_message`, but only of an HTTPError, and only
    while `reason` is empty. The hub assigns "error" to `reason`, hence a property that stays empty. It takes no part
    in HTML: the hub escapes it. The hub logs the exception as text, which adds `why` for the admin.
    """

    reason = property(lambda self: None, lambda self, value: None)

    def __init__(self, sentence: str, status: int = 500, why: str = "") -> None:
        self.jupyterhub_message = plain(sentence)
        self.why = plain(why)
        super().__init__(status, self.jupyterhub_message)

    def __str__(self) -> str:
        return f"{self.jupyterhub_message} ({self.why})" if self.why else self.jupyterhub_message


class Unreachable(StartFailed):
    """No answer of Berth's came back: the connection failed, or something else answered in its place."""

    code = ""

    def __init__(self, why: str) -> None:
        sentence = "The service that starts notebook servers (Berth) can't be reached at the moment."
        then = "Nothing was started. Try again in a minute; if it stays so, tell your administrator."
        super().__init__(f"{sentence} {then}", 503, why)


class Problem(StartFailed):
    """Berth itself said no (RFC 9457); `code` is one of the contract's catalogue."""

    def __init__(self, status: int, body: Any, token_file: str) -> None:
        self.code, self.current = str(body["code"]), int(body.get("current") or 0)  # of generation-superseded
        detail, why = body.get("detail") or self.code, f"{self.code}: {body.get('detail')}"
        if status == 401:
            mend = f"Set c.Berth.token_file (now {token_file or 'BERTH_TOKEN'}) to the token file of this hub."
            status, why = 500, f"Berth refuses this hub: {detail} {mend}"
            detail = "Berth doesn't accept this hub's token. Please tell your administrator; the hub's log has more."
        super().__init__(detail, status, why)


def plain(text: str) -> str:
    """`text` on one line, without control characters, which may come from a container's log."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()
