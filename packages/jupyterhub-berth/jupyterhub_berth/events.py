"""The event stream: what the Berth service tells of this hub's servers, kept current for the whole process."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any, Dict

from .client import Client, Problem, Unreachable

Server = Dict[str, Any]


class Garbled(Exception):
    """The stream holds what the contract doesn't know."""


class EventStream:
    """`GET /v1/events`, read for as long as the process lives: reconnected with backoff, gone on with behind the last
    event that was read, and dropped when it is silent for `silence` seconds (comments come every 15 s).
    """

    silence = 40.0

    def __init__(self, client: Client, log: logging.Logger) -> None:
        self._client = client
        self._log = log
        self._servers: dict[str, Server] = {}
        self._ticks: dict[str, int] = {}
        self._all = 0  # the tick of the last change that concerns every server
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._buffer = b""
        self._fields: dict[str, list[str]] = {}
        self._open = False
        self._reading: asyncio.Future[None] | None = None
        self._heard = -1.0
        self._last_id: int | None = None
        self._complaint = ""
        self.tick = 0  # grows with each change
        self.settled = asyncio.Event()  # a first connection was made, or failed
        self._task = asyncio.ensure_future(self._run())

    @property
    def fresh(self) -> bool:
        """Whether what it holds is what the service knows: connected, and heard of within `silence`."""
        return self._open and 0 <= self._now() - self._heard < self.silence

    def server(self, key: str) -> Server | None:
        """The server as last told; None also where the service may know more (stopped servers aren't in a snapshot)."""
        return self._servers.get(key)

    async def changed(self, key: str, since: int, timeout: float) -> bool:
        """Wait until `key` is told of after tick `since`, or the stream comes or goes; False after `timeout`."""
        if max(self._ticks.get(key, 0), self._all) > since:
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(key, set())
        waiters.add(future)
        try:
            await asyncio.wait({future}, timeout=timeout)
        finally:
            waiters.discard(future)
            if not waiters and self._waiters.get(key) is waiters:
                del self._waiters[key]
        return future.done()

    async def close(self) -> None:
        """Hang up, for good."""
        self._task.cancel()
        await asyncio.wait({self._task})

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _run(self) -> None:
        delay = 0.25
        while True:
            connected_at = self._now()
            try:
                await self._read()
                complaint = "it was closed"
            except asyncio.CancelledError:
                raise
            except Exception as error:  # whatever it is, polls and starts go on by GET and the stream is opened anew
                complaint = str(error) or type(error).__name__
                if not isinstance(error, (Unreachable, Problem, Garbled)):
                    self._log.exception("Berth: reading the event stream failed")
            finally:
                self._lost()
            if complaint != self._complaint:
                self._log.warning("Berth: no event stream from %s: %s; asking singly", self._client.url, complaint)
                self._complaint = complaint
            delay = 0.25 if self._heard > connected_at else min(delay * 2, 10.0)
            await asyncio.sleep(delay)

    async def _read(self) -> None:
        self._buffer, self._fields = b"", {}
        path = "/v1/events" + ("" if self._last_id is None else f"?after={self._last_id}")
        self._reading = reading = asyncio.ensure_future(self._client.stream(path, self._feed))
        started = self._now()
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=self.silence / 8)
                if not reading.done() and self._now() - max(self._heard, started) > self.silence:
                    raise Unreachable(f"it was silent for {self.silence:.0f} s")
            if reading.cancelled():
                raise Garbled("it holds what the contract doesn't know")
            reading.result()
        finally:
            self._reading = None
            reading.cancel()

    def _lost(self) -> None:
        self.settled.set()
        if self._open:
            self._open = False
            self._wake_all()

    def _feed(self, data: bytes) -> None:
        """Server-sent events (WHATWG HTML, 9.2.6), as far as the contract uses them."""
        if self._reading is None:
            return
        self._heard = self._now()
        if b"\n" not in data:
            self._buffer += data
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        try:
            for line in lines:
                self._line(line.rstrip(b"\r").decode("utf-8"))
        except (ValueError, KeyError, TypeError, AttributeError):
            # What was read so far may be wrong too: hang up, and begin anew with a snapshot.
            self._last_id = None
            self._reading.cancel()
            self._reading = None
            return
        if not self._open and self._last_id is not None:
            self._open = True
            self._complaint = ""
            self.settled.set()
            self._wake_all()

    def _line(self, line: str) -> None:
        if line:
            name, _, value = line.partition(":")
            self._fields.setdefault(name, []).append(value[1:] if value.startswith(" ") else value)
            return
        fields, self._fields = self._fields, {}
        if "data" in fields:
            event = json.loads("\n".join(fields["data"]))
            self._apply(event)
            self._last_id = int(event["id"])

    def _apply(self, event: Any) -> None:
        kind = event["type"]
        if kind == "snapshot":
            self._servers = {server["key"]: server for server in event["servers"]}
            self._ticks = {}
            self._wake_all()
        elif kind == "server":
            server = event["server"]
            key, _ = server["key"], server["status"]["state"]
            self._servers[key] = server
            self._wake(key)
        elif kind == "progress":
            server = self._servers.get(event["key"])
            if server and server["generation"] == event["generation"]:
                if event["progress"] not in server["progress"]:
                    server["progress"].append(event["progress"])
                self._wake(event["key"])

    def _wake(self, key: str) -> None:
        self.tick += 1
        self._ticks[key] = self.tick
        for future in self._waiters.pop(key, ()):
            if not future.done():
                future.set_result(None)

    def _wake_all(self) -> None:
        self.tick += 1
        self._all = self.tick
        for key in list(self._waiters):
            self._wake(key)
