"""What people read: the reason on the user's page, and the steps of a start."""

from __future__ import annotations

import asyncio
import re
from typing import Any, AsyncIterator

from tornado import web

from .client import Problem, Unreachable


class StartFailed(web.HTTPError):  # type: ignore[misc, unused-ignore]
    """Why a start failed, in a sentence that reaches the user's page on every hub.

    Slow failures show `jupyterhub_message` on the progress page. A failure within the first second goes through the
    hub's write_error, which shows it since 5.3; before, it shows `log_message`, but only of an HTTPError, and only
    while `reason` is empty. The hub assigns "error" to `reason`, hence a property that stays empty. It takes no part
    in HTML: the hub escapes it.
    """

    def __init__(self, message: str, status: int = 500, ended: bool = False) -> None:
        message = plain(message)
        super().__init__(status, message)
        self.jupyterhub_message = message
        self.ended = ended  # Berth says that nothing of this start is left

    @property
    def reason(self) -> None:
        return None

    @reason.setter
    def reason(self, value: Any) -> None:
        pass


def plain(text: str) -> str:
    """`text` on one line, without control characters, which may come from a container's log."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()


def refused(error: Exception) -> StartFailed:
    """The user's sentence for a request that wasn't carried out; what only an admin can use stands in the hub's log."""
    if isinstance(error, Problem):
        if error.status == 401:
            return StartFailed(
                "Berth doesn't accept this hub's token. Please tell your administrator; the hub's log has more."
            )
        return StartFailed(error.detail, error.status if error.status in (400, 403, 503) else 500)
    assert isinstance(error, Unreachable)
    return StartFailed(
        "The service that starts notebook servers (Berth) can't be reached at the moment. Nothing was started. "
        "Try again in a minute; if it stays so, tell your administrator.",
        503,
    )


class Story:
    """The steps of one start, for any number of viewers, late ones included: each sees all of them, at once."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._ended = False

    def tell(self, percent: int, message: str) -> None:
        """Add a step. A repeated start never turns the bar back."""
        percent = max([percent, *(event["progress"] for event in self.events[-1:])])
        self.events.append({"progress": percent, "message": plain(message)})
        self._wake()

    def end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def read(self) -> AsyncIterator[dict[str, Any]]:
        """All steps, those to come too, until the start ends."""
        index = 0
        while True:
            for event in self.events[index:]:
                index += 1
                yield dict(event)
            if index == len(self.events):
                if self._ended:
                    return
                await self._changed.wait()
