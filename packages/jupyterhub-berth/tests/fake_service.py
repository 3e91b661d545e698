"""A stateful Berth service in memory: the contract's table of PUT and DELETE, its event stream, and faults on demand.

What a start does is a coroutine of the test's (`launch`), and so is a stop (`halt`); nothing runs.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any, Awaitable, Callable

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets, bind_unix_socket
from tornado.web import Application, RequestHandler

from jupyterhub_berth.keys import server_key

TOKEN = "hub-token"
LIVE = ("starting", "running", "stopping")


def now() -> str:
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        self.status = status
        self.body = {
            "type": f"urn:berth:problem:{code}",
            "title": code,
            "status": status,
            "code": code,
            "detail": detail,
            "instance": "test",
            **more,
        }


class Failed(Exception):
    """Raised by a launch: the start fails with this code and sentence."""

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        self.failure = {"code": code, "step": "create", "message": message, "retryable": retryable}


class Record:
    def __init__(self, fake: FakeBerth, key: str, body: dict[str, Any]) -> None:
        self.fake = fake
        self.key = key
        self.body = body
        self.generation: int = body["generation"]
        self.status: dict[str, Any] = {}
        self.progress: list[dict[str, Any]] = []
        self.work: asyncio.Task[None] | None = None  # the start or the stop under way
        self.told_at: list[tuple[float, str]] = []  # (loop time, message) of each step

    def json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "hub": self.fake.hub_name,
            "user": self.body["user"],
            "serverName": self.body["serverName"],
            "generation": self.generation,
            "status": self.status,
            "observedAt": now(),
            "stale": False,
            "progress": list(self.progress),
            "image": self.body.get("image", "default"),
            "drift": [],
            "abandoned": False,
        }

    def become(self, state: str, **more: Any) -> None:
        self.status = {"state": state, **more}
        self.fake.tell({"type": "server", "server": self.json()})

    def step(self, percent: int, message: str) -> None:
        item = {"at": now(), "percent": percent, "message": message}
        self.progress.append(item)
        self.told_at.append((asyncio.get_running_loop().time(), message))
        event = {"type": "progress", "key": self.key, "generation": self.generation, "progress": item}
        self.fake.tell(event)

    def exit(self, code: int | None, reason: str = "It ended.", oom: bool = False) -> None:
        self.become("exited", exit={"at": now(), "code": code, "oomKilled": oom, "reason": reason})


Launch = Callable[[Record], Awaitable[str]]
Halt = Callable[[Record], Awaitable[None]]


async def launch_at_once(record: Record) -> str:
    record.step(50, "Creating the container")
    return "http://127.0.0.1:12345"


async def halt_at_once(record: Record) -> None:
    pass


class FakeBerth:
    """`async with FakeBerth() as fake:` listens on `fake.url`. `down()` and `up()` keep the port and what runs."""

    def __init__(self, socket_path: str = "") -> None:
        self.hub_name = "default"
        self.network: dict[str, Any] | None = {"name": "berth", "gateway": "172.18.0.1"}
        self.form = ""
        self.token = TOKEN
        self.launch: Launch = launch_at_once
        self.halt: Halt = halt_at_once
        self.records: dict[str, Record] = {}
        self.requests: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.refuse_start: Refused | None = None
        self.login = "directory"
        self.password = "s3cret-p4ssword"
        self.users: dict[str, dict[str, Any]] = {}  # by name; see `user`
        self.out: dict[str, str] = {}  # why a user may not stay logged in
        self.logins: list[dict[str, Any]] = []
        self.hang_logins = asyncio.Event()  # cleared: none is answered
        self.hang_logins.set()
        self.refuse_login: Refused | None = None
        self.refuse_refresh: Refused | None = None
        self.answer: tuple[int, str, str] | None = None  # status, content type, body: in place of every answer
        self.delay = 0.0
        self.events: list[dict[str, Any]] = []
        self.remember = 1000
        self.streams: set[EventsHandler] = set()
        self.mute = False
        self.streaming = True  # False: the event stream is refused
        self.comment_every = 15.0
        self._ids = 1000
        self._socket_path = socket_path
        self._port = 0
        self._server: HTTPServer | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket_path}" if self._socket_path else f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> FakeBerth:
        await self.up()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self.down()
        for record in self.records.values():
            if record.work:
                record.work.cancel()
            if record.status["state"] in LIVE:
                with suppress(Exception):
                    await self.halt(record)

    async def up(self) -> None:
        app = Application(
            [
                (r"/v1/hub", HubHandler, {"fake": self}),
                (r"/v1/events", EventsHandler, {"fake": self}),
                (r"/v1/servers/([^/]+)", ServerHandler, {"fake": self}),
                (r"/v1/logins", LoginHandler, {"fake": self}),
                (r"/v1/users/([^/]+)/refresh", RefreshHandler, {"fake": self}),
            ]
        )
        self._server = HTTPServer(app)
        if self._socket_path:
            self._server.add_socket(bind_unix_socket(self._socket_path))
        else:
            sockets = bind_sockets(self._port, "127.0.0.1")
            self._port = sockets[0].getsockname()[1]
            self._server.add_sockets(sockets)

    async def down(self) -> None:
        if self._server:
            self._server.stop()
            self.cut()
            await self._server.close_all_connections()
            self._server = None

    def cut(self) -> None:
        for stream in list(self.streams):
            stream.cut()

    def garble(self, text: str | bytes) -> None:
        for stream in self.streams:
            stream.send(text)

    def tell(self, event: dict[str, Any]) -> None:
        self._ids += 1
        event = {**event, "id": self._ids}
        self.events = [*self.events, event][-self.remember :]
        for stream in self.streams:
            stream.event(event)

    def snapshot(self) -> dict[str, Any]:
        servers = [r.json() for r in self.records.values() if r.status["state"] != "stopped"]
        return {"type": "snapshot", "id": self._ids, "servers": servers}

    # --- the contract's table --------------------------------------------------------------------------------------

    def put(self, key: str, body: dict[str, Any]) -> tuple[int, Record]:
        if key != server_key(self.hub_name, body["user"], body["serverName"]):
            raise Refused(400, "key-mismatch", "The key does not belong to this user and server.")
        if self.refuse_start:
            raise self.refuse_start
        unreachable = self.unreachable(body["environment"]["JUPYTERHUB_API_URL"])
        if unreachable:
            raise Refused(403, "hub-unreachable", unreachable)
        old = self.records.get(key)
        if old:
            self.check_generation(old, body["generation"])
            if body["generation"] == old.generation:
                return (202 if old.status["state"] in ("starting", "stopping") else 200), old
        record = self.records[key] = Record(self, key, body)
        record.work = asyncio.ensure_future(self.run_start(record, old))
        record.become("starting", since=now(), deadline=now(), step="create")
        return 202, record

    async def run_start(self, record: Record, old: Record | None) -> None:
        if old and old.status["state"] in LIVE:
            if old.work and old.status["state"] == "starting":
                old.work.cancel()
            await self.halt(old)
        try:
            url = await asyncio.wait_for(self.launch(record), record.body["budgetSeconds"])
        except asyncio.TimeoutError:
            message = f"The step create took longer than the {record.body['budgetSeconds']:.0f} s there were."
            record.become("failed", since=now(), failure=Failed("start-timeout", message).failure)
        except Failed as failed:
            record.become("failed", since=now(), failure=failed.failure)
        else:
            record.become("running", since=now(), url=url)

    def delete(self, key: str, generation: int | None, purge: bool) -> tuple[int, Record]:
        record = self.find(key)
        if generation is not None:
            self.check_generation(record, generation)
            record.generation = generation
        state = record.status["state"]
        if state not in LIVE:
            if state != "stopped":
                record.become("stopped", since=now())
            if purge:
                del self.records[key]
            return 200, record
        if state != "stopping":
            if record.work:
                record.work.cancel()
            record.become("stopping", since=now())
            record.work = asyncio.ensure_future(self.run_stop(record, purge))
        return 202, record

    async def run_stop(self, record: Record, purge: bool) -> None:
        await self.halt(record)
        record.become("stopped", since=now())
        if purge:
            self.records.pop(record.key, None)

    def find(self, key: str) -> Record:
        if key not in self.records:
            raise Refused(404, "server-not-found", "No such server.")
        return self.records[key]

    @staticmethod
    def check_generation(record: Record, generation: int) -> None:
        if generation < record.generation:
            raise Refused(409, "generation-superseded", "A newer generation is in force.", current=record.generation)

    def unreachable(self, api_url: str) -> str:
        if self.network and self.network["gateway"] and "//127.0.0.1" in api_url:
            gateway = self.network["gateway"]
            return f'Notebooks can\'t reach this hub at {api_url}. Set\n    c.JupyterHub.hub_ip = "{gateway}"'
        return ""

    def user(self, name: str, admin: bool = False, groups: tuple[str, ...] = ()) -> dict[str, Any]:
        """Adds or changes one that the directory knows."""
        nothing = {"sid": None, "principal": None, "account": None, "ticket": None, "confirmedAt": now()}
        more = {"groups": list(groups), "logins": [], "notices": []}
        self.users[name] = {"name": name, "admin": admin, **more, **nothing}
        return self.users[name]

    @property
    def only(self) -> Record:
        (record,) = self.records.values()
        return record


class Handler(RequestHandler):
    def initialize(self, fake: FakeBerth) -> None:
        self.fake = fake

    async def prepare(self) -> None:
        self.fake.requests.append((self.request.method or "", self.request.uri or ""))
        if self.fake.delay:
            await asyncio.sleep(self.fake.delay)
        if self.fake.answer and not isinstance(self, EventsHandler):
            status, kind, body = self.fake.answer
            self.set_status(status)
            self.set_header("Content-Type", kind)
            self.finish(body)
        elif self.request.headers.get("Authorization") != f"Bearer {self.fake.token}":
            self.refuse(Refused(401, "token-invalid", "Unknown token."))

    def refuse(self, refused: Refused) -> None:
        self.reply(refused.status, refused.body)
        self.set_header("Content-Type", "application/problem+json")
        self.finish()

    def reply(self, status: int, body: Any) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(body))

    def log_exception(self, *args: Any) -> None:
        if not isinstance(args[1], Refused):
            super().log_exception(*args)


class HubHandler(Handler):
    def get(self) -> None:
        unreachable = self.fake.unreachable(self.get_query_argument("apiUrl", ""))
        self.reply(
            200,
            {
                "name": self.fake.hub_name,
                "instance": "test",
                "version": "0",
                "apiUrl": None,
                "network": self.fake.network,
                "login": self.fake.login,
                "choices": {"images": [], "commands": [], "form": self.fake.form},
                "advice": [unreachable] if unreachable else [],
            },
        )


class ServerHandler(Handler):
    def get(self, key: str) -> None:
        self.run(lambda: (200, self.fake.find(key)))

    def put(self, key: str) -> None:
        body = json.loads(self.request.body)
        self.fake.bodies.append(body)
        self.run(lambda: self.fake.put(key, body))

    def delete(self, key: str) -> None:
        generation = self.get_query_argument("generation", "")
        purge = self.get_query_argument("purge", "false") == "true"
        self.run(lambda: self.fake.delete(key, int(generation) if generation else None, purge))

    def run(self, what: Callable[[], tuple[int, Record]]) -> None:
        try:
            status, record = what()
        except Refused as refused:
            self.refuse(refused)
        else:
            self.reply(status, record.json())


class LoginHandler(Handler):
    async def post(self) -> None:
        body = json.loads(self.request.body)
        self.fake.logins.append(body)
        await self.fake.hang_logins.wait()
        user = self.fake.users.get(body["username"].lower())
        if self.fake.refuse_login:
            self.refuse(self.fake.refuse_login)
        elif user and body["password"] == self.fake.password:
            self.reply(200, user)
        else:
            self.refuse(Refused(401, "credentials-wrong", "User name or password is wrong."))


class RefreshHandler(Handler):
    def post(self, name: str) -> None:
        user, reason = self.fake.users.get(name), self.fake.out.get(name)
        if self.fake.refuse_refresh:
            self.refuse(self.fake.refuse_refresh)
        elif user:
            self.reply(200, {"loggedIn": reason is None, "asked": True, "reason": reason, "user": user})
        else:
            self.refuse(Refused(404, "user-not-found", "No such user has logged in."))


class EventsHandler(Handler):
    async def get(self) -> None:
        if not self.fake.streaming:
            self.refuse(Refused(503, "shutting-down", "The service is stopping."))
            return
        self.set_header("Content-Type", "text/event-stream")
        self.done = asyncio.Event()
        after = self.get_query_argument("after", "")
        known = [event for event in self.fake.events if not after or event["id"] > int(after)]
        if after and ((known and known[0]["id"] == int(after) + 1) or int(after) == self.fake._ids):
            for event in known:
                self.event(event)
        else:
            self.event(self.fake.snapshot())
        self.fake.streams.add(self)
        self.flush()
        try:
            while not self.done.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.done.wait(), self.fake.comment_every)
                self.send(": still here\n\n")
        finally:
            self.fake.streams.discard(self)

    def event(self, event: dict[str, Any]) -> None:
        self.send(f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n")

    def send(self, text: str | bytes) -> None:
        if not self.fake.mute and not self._finished:
            with suppress(StreamClosedError, RuntimeError):
                self.write(text)
                flushed = self.flush()
                flushed.add_done_callback(lambda f: f.exception())

    def cut(self) -> None:
        self.done.set()
        self.request.connection.stream.close()  # type: ignore[attr-defined]

    def on_connection_close(self) -> None:
        self.done.set()
