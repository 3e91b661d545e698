"""The Berth service as one hub process sees it: its answers, its event stream, and both of them waited on together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, AsyncIterator, ClassVar, Coroutine

from .client import Client, Problem, Token, Unreachable, server_path
from .events import EventStream, Server

ENDED = ("exited", "failed", "stopped")


class Service:
    """One per event loop, URL and source of the token, so that all spawners of a hub share one event stream."""

    _known: ClassVar[dict[tuple[Any, ...], Service]] = {}

    def __init__(self, client: Client, log: logging.Logger) -> None:
        self.client = client
        self.stream = EventStream(client, log)
        self.check: asyncio.Future[None] | None = None  # of the hub's configuration, made once
        self._hub: dict[str, Any] | None = None
        self._hub_at = 0.0
        self._background: set[asyncio.Future[Any]] = set()

    @classmethod
    def of(cls, url: str, token_file: str, token: str, ca_file: str, log: logging.Logger) -> Service:
        which = (asyncio.get_running_loop(), url, token_file, token, ca_file)
        if which not in cls._known:
            cls._known[which] = cls(Client(url, Token(token_file, token), ca_file), log)
        return cls._known[which]

    async def close(self) -> None:
        """Hang up the event stream and forget this service; for tests, and for a process that goes on without a hub."""
        for which in [which for which, service in self._known.items() if service is self]:
            del self._known[which]
        await self.stream.close()

    async def hub(self, max_age: float | None = None) -> dict[str, Any]:
        """What GET /v1/hub says; asked again after `max_age` seconds, and then the old answer stands in for none."""
        now = asyncio.get_running_loop().time()
        if self._hub is None or self._hub["network"] is None or (max_age is not None and now - self._hub_at > max_age):
            try:
                self._hub = await self.client.call("GET", "/v1/hub")
                self._hub_at = now
            except (Unreachable, Problem):
                if self._hub is None:
                    raise
        return self._hub

    async def server(self, key: str, generation: int = 0, ask: bool = False) -> Server | None:
        """The server as it stands; None only where Berth itself says that it has none of this key.

        From the stream while that is fresh, without a request, unless it knows only an older generation than
        `generation`; `ask` always asks. Raises Unreachable or Problem.
        """
        if not self.stream.settled.is_set():  # at the hub's start all servers are polled at once: wait for the snapshot
            await asyncio.wait({asyncio.ensure_future(self.stream.settled.wait())}, timeout=2)
        known = self.stream.server(key) if self.stream.fresh and not ask else None
        if known is not None and known["generation"] >= generation:
            return known
        try:
            answer: Server = await self.client.call("GET", server_path(key))
            return answer
        except Problem as problem:
            if problem.code == "server-not-found":
                return None
            raise

    async def watch(self, key: str, generation: int, until: float) -> AsyncIterator[Server | None]:
        """The server now, and again whenever it may have changed, until the loop's time is `until`.

        What doesn't change for 5 s is asked for: a stream may be mute and not yet known to be. Without a stream it
        is asked for every second. Times without an answer are passed over.
        """
        ask = False
        while True:
            tick = self.stream.tick
            with contextlib.suppress(Unreachable, Problem):
                yield await self.server(key, generation, ask)
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            ask = not await self.stream.changed(key, tick, min(left, 5 if self.stream.fresh else 1))

    async def delete(self, key: str, generation: int, within: float, purge: bool = False) -> Server | None:
        """Have the server stopped, trying again for `within` seconds; None where there is nothing of this generation.

        Raises Unreachable or Problem once the time is over.
        """
        query = "&".join((["purge=true"] if purge else []) + ([f"generation={generation}"] if generation else []))
        until = asyncio.get_running_loop().time() + within
        delay = 0.2
        while True:
            try:
                answer: Server = await self.client.call("DELETE", server_path(key, f"?{query}" if query else ""))
                return answer
            except (Unreachable, Problem) as error:
                if isinstance(error, Problem) and error.code in ("server-not-found", "generation-superseded"):
                    return None
                if asyncio.get_running_loop().time() + delay > until:
                    raise
            await asyncio.sleep(delay)
            delay = min(delay * 2, 5.0)

    def keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Run `work` to its end, whatever becomes of the one who asked for it."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
