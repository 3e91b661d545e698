"""The Berth service as one hub process sees it: its answers, its event stream, and both of them waited on together.

Its REST API is reached by http, https with a CA of its own, or a unix socket: HTTP/1.0 over asyncio's own streams,
where each request is a connection whose end is the answer's. So an answer that never ends, the event stream, can be
hung up at any time, and nothing the hub configures for its own clients (pycurl, ten connections at once, with
internal_ssl another CA) changes how Berth is reached. Bodies and tokens are never logged.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import ssl
import time
from asyncio import StreamReader
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, ClassVar, Coroutine, Dict
from urllib.parse import urlsplit

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

from .keys import server_key
from .messages import Problem, Unreachable

Server = Dict[str, Any]


async def within(seconds: float, work: Awaitable[Any]) -> Any:
    """asyncio.wait_for, which before Python 3.12 loses a cancellation that comes as `work` ends."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise asyncio.TimeoutError
        return task.result()
    finally:
        task.cancel()


class Service:
    """One per event loop, URL and source of the token: all spawners of a hub share one stream of `GET /v1/events`.

    It is read for as long as the process lives: opened anew where it ends, gone on with behind the last event that was
    read, and dropped when it is silent for `silence` seconds (comments come every 15 s).
    """

    silence = 40.0
    known: ClassVar[dict[tuple[Any, ...], Service]] = {}

    def __init__(self, url: str, token_file: str, token: str, ca_file: str, log: Any) -> None:
        self.url = url.rstrip("/")
        self._token_file, self._fixed_token, self._ca_file = token_file, token, ca_file
        self._turns = asyncio.Semaphore(200)  # connections at once: a hub may not have many more files open
        self.fresh = False  # whether what the stream told is what the service knows
        self._settled = asyncio.Event()  # a first connection was made, or failed
        self._log, self._name = log, ""
        self._servers: dict[str, Server] = {}
        self._changes: dict[str, asyncio.Event] = {}
        self._after: int | None = None  # the last event that was read
        self._background: set[asyncio.Future[Any]] = set()
        self._listening = self.keep(self._listen())

    async def key(self, user: str, server_name: str) -> str:
        """The key of a server of this hub; what the hub is called at Berth is asked once."""
        self._name = self._name or (await self.call("GET", "/v1/hub"))["name"]
        return server_key(self._name, user, server_name)

    async def server(self, key: str, generation: int = 0, ask: bool = False) -> Server | None:
        """The server as it stands; None only where Berth itself says that it has none of this key.

        From the stream while that is fresh, without a request, unless it knows only an older generation than
        `generation`; `ask` always asks. Raises Unreachable or Problem.
        """
        if not self._settled.is_set():  # at the hub's start all servers are polled at once: wait for the snapshot
            await asyncio.wait({self.keep(self._settled.wait())}, timeout=2)
        known = self._servers.get(key) if self.fresh and not ask else None
        if known is not None and known["generation"] >= generation:
            return known
        try:
            return await self.call("GET", f"/v1/servers/{key}")
        except Problem as problem:
            if problem.code == "server-not-found":
                return None
            raise

    async def watch(self, key: str, generation: int, until: float, ask: bool = False) -> AsyncIterator[Server | None]:
        """The server now, and again whenever it may have changed, until time.monotonic() is `until`.

        What doesn't change for 5 s is asked for: a stream may be mute and not yet known to be. Without a stream it
        is asked for every second. Times without an answer are passed over.
        """
        left = 1.0
        while left > 0:
            change = self._changes.setdefault(key, asyncio.Event())
            with contextlib.suppress(Unreachable, Problem):
                yield await self.server(key, generation, ask)
            left = until - time.monotonic()
            with contextlib.suppress(asyncio.TimeoutError):
                await within(max(0, min(left, 5 if self.fresh else 1)), change.wait())
            ask = not change.is_set()

    def keep(self, work: Coroutine[Any, Any, Any]) -> asyncio.Future[Any]:
        """Run `work` to its end, whatever becomes of the one who asked for it."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def call(self, method: str, path: str, body: Any = None, seconds: float = 20) -> dict[str, Any]:
        """The answer's JSON. Raises Problem where Berth refused and Unreachable for whatever else went wrong, such as
        no answer for `seconds`.

        Only Berth's own words count: a proxy's 404 page says nothing about a server.
        """
        async with self._turns, self.ask(method, path, body, seconds) as (status, kind, reader):
            text = await within(seconds, reader.read())
        with contextlib.suppress(ValueError):
            answer = json.loads(text)
            if status in (200, 202) and kind == "application/json" and isinstance(answer, dict):
                return answer
            if kind == "application/problem+json" and isinstance(answer, dict) and isinstance(answer.get("code"), str):
                raise Problem(status, answer, self._token_file)
        raise Unreachable(f"{self.url} answered {status} with {kind or 'nothing'}, which is not Berth's.")

    @contextlib.asynccontextmanager
    async def ask(self, method: str, path: str, body: Any, wait: float) -> AsyncIterator[tuple[int, str, StreamReader]]:
        """Status, content type and body of the answer; what goes wrong in reading it is Unreachable, too."""
        at, data, writer = urlsplit(self.url), b"" if body is None else json.dumps(body).encode(), None
        try:
            base = "" if at.scheme == "unix" else at.path
            head = [f"{method} {base}{path} HTTP/1.0", f"Host: {at.netloc or 'localhost'}"]
            head += [f"Authorization: Bearer {self._token()}", f"Content-Length: {len(data)}"]
            if at.scheme == "unix":
                opening = asyncio.open_unix_connection(at.path)
            else:
                tls = ssl.create_default_context(cafile=self._ca_file or None) if at.scheme == "https" else None
                opening = asyncio.open_connection(at.hostname, at.port or (443 if tls else 80), ssl=tls)
            reader, writer = await within(5, opening)
            writer.write("\r\n".join([*head, "Content-Type: application/json", "\r\n"]).encode() + data)
            answered = (await within(wait, reader.readuntil(b"\r\n\r\n"))).decode("latin-1")
            kind = re.search(r"(?im)^content-type: *([^;\s]*)", answered)
            yield int(answered.split()[1]), kind[1].lower() if kind else "", reader
        except Unreachable:
            raise
        except Exception as error:
            # Only the system's own words are repeated: others quote what was sent or read.
            why = (isinstance(error, OSError) and str(error)) or type(error).__name__
            mend = "Start it with `berth serve`, or set c.Berth.berth_url."
            if isinstance(error, ssl.SSLCertVerificationError):
                mend = f"Set c.Berth.ca_file, now {self._ca_file!r}, to the CA of its certificate."
            raise Unreachable(f"Berth can't be reached at {self.url}: {why}. {mend}") from None
        finally:
            if writer:
                writer.close()

    def _token(self) -> str:
        """Read anew for each request, so that rotating it needs no restart of the hub. Only its first word: what stands
        behind that can't reach a header.
        """
        try:
            text = Path(self._token_file).read_text("ascii") if self._token_file else self._fixed_token
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"The token file {self._token_file} can't be read ({type(error).__name__}).") from None
        return (text.split() or [""])[0]

    async def _listen(self) -> None:
        while True:
            try:
                await self._read()
            except Unreachable as error:  # whatever it is, polls and starts go on by GET
                if self.fresh or not self._settled.is_set():
                    self._wake(*self._changes)
                    self._log.warning("Berth: no event stream, servers are asked for singly. %s", error.why)
            self.fresh = False
            self._settled.set()
            await asyncio.sleep(0.5)

    async def _read(self) -> None:
        """Server-sent events (WHATWG HTML, 9.2.6), as far as the contract uses them."""
        data, rest, after = b"", b"", "" if self._after is None else f"?after={self._after}"
        async with self.ask("GET", f"/v1/events{after}", None, 20) as (status, _, reader):
            while status == 200:
                chunk = await within(self.silence, reader.read(1 << 20))
                if not chunk:
                    raise Unreachable("It was closed.")
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"data:"):
                        data += line[5:]
                    elif not line.strip():  # the end of an event, or of a comment
                        if data:
                            self._take(json.loads(data))
                        data, self.fresh = b"", self._after is not None
            raise Unreachable(f"{self.url} answered {status}.")

    def _take(self, event: Any) -> None:
        # Should it be garbled, what was read so far may be wrong, too: the next stream begins with a snapshot.
        self._after = None
        if event["type"] == "snapshot":
            self._servers = {server["key"]: server for server in event["servers"]}
            self._wake(*self._changes)
        elif event["type"] == "server":
            server = event["server"]
            key, _ = server["key"], server["status"]["state"]
            self._servers[key] = server
            self._wake(key)
        elif event["type"] == "progress" and event["key"] in self._servers:
            self._servers[event["key"]]["progress"].append(event["progress"])
            self._wake(event["key"])
        self._after = int(event["id"])
        self._settled.set()

    def _wake(self, *keys: str) -> None:
        for key in keys:
            self._changes.pop(key, asyncio.Event()).set()


class FromEnvironment(Unicode):  # type: ignore[type-arg, unused-ignore]
    """A setting whose default may stand in the environment: BERTH_URL, BERTH_TOKEN_FILE, BERTH_CA_FILE."""

    def default(self, obj: Any = None) -> str:
        return os.environ.get(f"BERTH_{str(self.name).replace('berth_', '').upper()}") or str(self.default_value)


class Berth(LoggingConfigurable):
    """What a hub's spawner and authenticator share: how the service is reached. `c.Berth.token_file` is for both,
    `c.BerthSpawner.token_file` goes before it for the one.
    """

    berth_url = FromEnvironment("http://127.0.0.1:8550", help="Or https://..., or unix:///path.").tag(config=True)
    token_file = FromEnvironment(help="This hub's token. Default: /var/lib/berth/hub.token.").tag(config=True)
    ca_file = FromEnvironment(help="PEM of the CA behind an https:// URL. Default: the system's.").tag(config=True)

    def _service(self) -> Service:
        """One per process where the settings agree, and so one stream of events."""
        token = os.environ.get("BERTH_TOKEN", "")
        token_file = self.token_file or ("" if token else "/var/lib/berth/hub.token")
        which = (asyncio.get_running_loop(), self.berth_url, token_file, token, self.ca_file)
        return Service.known.get(which) or Service.known.setdefault(which, Service(*which[1:], self.log))
