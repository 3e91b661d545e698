"""BerthSpawner: JupyterHub's side of Berth. What a server is made of is decided by the Berth service."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any, AsyncIterator, Awaitable, Callable
from urllib.parse import urlencode

from jupyterhub.spawner import Spawner
from jupyterhub.traitlets import Command
from traitlets import Float, Integer, List, Unicode, default

from .messages import Problem, StartFailed, Unreachable, plain
from .service import Berth, Server


class BerthSpawner(Berth, Spawner):
    """Starts each notebook server in a Docker container, through the Berth service."""

    image = Unicode(help="One of the images that Berth offers this hub. Default: the first of them.").tag(config=True)
    stop_timeout = Float(300, help="Seconds after which a stop that isn't done is logged as failed.").tag(config=True)
    # The hub's defaults are for a process beside it.
    ip = Unicode("0.0.0.0", help="Where the server listens inside its container.").tag(config=True)
    port = Integer(8888, help="The port it listens on inside its container.").tag(config=True)
    cmd = Command(None, allow_none=True, help="A command that Berth lists. Default: the image's own.").tag(config=True)
    env_keep = List(Unicode(), help="What a server gets of the hub's own environment: nothing.").tag(config=True)
    http_timeout = Integer(90, help="Seconds for a server to answer once it runs, however busy.").tag(config=True)

    @default("options_form")
    def _default_options_form(self) -> Any:
        return type(self)._form

    @default("options_from_form")
    def _default_options_from_form(self) -> Any:
        return _options_of

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._key = ""  # of the server that was started or restored; else it is computed
        self._generation = self._turn = 0  # a turn is each start and stop: a start that is no longer wanted gives up
        self._starting = self._gave_up = self._over = False  # a start is under way, failed, or ended either way
        self._certificates: dict[str, str] = {}
        self._steps: list[dict[str, Any]] = []  # of the start under way, or the last one
        self._told = asyncio.Event()

    async def _own_key(self) -> str:
        """The saved key holds even if the hub renamed its user since; after a hub killed in mid-start there is none."""
        return self._key or await self._service().key(self.user.name, self.name)

    async def _patiently(self, within: float, call: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """What `call` returns, tried again for `within` seconds while nobody answers or Berth can't do it just now."""
        until = time.monotonic() + within
        while True:
            try:
                return await call(*args)
            except (Unreachable, Problem) as error:
                if error.status_code != 503 or error.code == "draining" or time.monotonic() >= until:
                    raise
            if self._starting:
                self._tell([{"percent": 0, "message": "Waiting for the service that starts notebook servers."}])
            await asyncio.sleep(0.5)

    # --- state -----------------------------------------------------------------------------------------------------

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        if self._key:
            state["berth"] = {"version": 1, "key": self._key, "generation": self._generation}
        return state

    def load_state(self, state: Any) -> None:
        """Another spawner's state, or a damaged one, means: nothing is known. Berth is then asked by the key alone."""
        super().load_state(state)
        saved = state.get("berth") if isinstance(state, dict) else None
        key, generation = (saved.get("key"), saved.get("generation")) if isinstance(saved, dict) else (None, None)
        if isinstance(key, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) and type(generation) is int:
            self._key, self._generation = key, max(0, generation)

    def clear_state(self) -> None:
        super().clear_state()
        self._key, self._certificates, self._steps, self._over = "", {}, [], False

    # --- start -----------------------------------------------------------------------------------------------------

    async def start(self) -> str:
        """Start the server and return its URL once it listens; else leave nothing behind and say why."""
        self._turn += 1
        self._starting, self._gave_up, self._over = True, False, False
        try:
            return await self._start(self._turn)
        except BaseException:  # CancelledError too: since 5.1 that is how the hub's time-out arrives
            self._starting, self._gave_up = False, True
            key, self._key = self._key, ""
            if key:
                # The hub calls stop() only if a poll says that something runs, so the clean-up is this one. It goes
                # on behind a hub that won't wait.
                await asyncio.wait({self._service().keep(self._clean_up(key, self._generation))}, timeout=5)
            raise
        finally:
            self._starting, self._over = False, True
            self._told.set()

    async def _start(self, turn: int) -> str:
        # Shorter than the hub's own time-out, so that Berth's reason is heard before the hub gives up.
        budget = max(1.0, self.start_timeout * 0.8 if self.start_timeout < 10 else self.start_timeout - 5.0)
        deadline, patience = time.monotonic() + budget, min(15.0, budget / 3)
        key = await self._patiently(patience, self._own_key)
        body, generation = self._start_request(), self._generation

        async def put() -> None:
            if turn != self._turn:
                raise StartFailed("The start was cancelled.")
            body["budgetSeconds"] = max(1.0, round(deadline - time.monotonic(), 3))
            await self._service().call("PUT", f"/v1/servers/{key}", body)

        while time.monotonic() < deadline:
            body["generation"] = generation = max(int(time.time() * 1000), generation + 1)
            self._key, self._generation = key, generation  # from here on there may be something to undo
            try:
                await self._patiently(min(patience, deadline - time.monotonic()), put)
                url = await self._follow(turn, deadline + (self.start_timeout - budget) * 0.6)
                if url:
                    return url
                self._tell([{"percent": 0, "message": "The service was restarted during the start; starting again."}])
            except Problem as problem:
                if problem.code != "generation-superseded":
                    raise
                generation = problem.current  # the clock went back
            await asyncio.sleep(0.2)
        raise StartFailed(f"The server did not start within {self.start_timeout} seconds.")

    def _start_request(self) -> dict[str, Any]:
        command = [*(self.cmd or []), *self.get_args()]
        limits = {"memoryBytes": int(self.mem_limit or 0), "cpus": self.cpu_limit}
        body = {
            "user": self.user.name,
            "serverName": self.name,
            "port": self.port,
            "environment": {k: str(v) for k, v in self.get_env().items() if v is not None},
            "image": self._chosen_image() or None,
            "command": command if self.cmd or not command else ["jupyterhub-singleuser", *command],
            "limits": {name: limit for name, limit in limits.items() if limit},
            "certificates": self._certificates if self.internal_ssl else None,
        }
        return {name: value for name, value in body.items() if value or name in ("serverName", "environment")}

    async def _follow(self, turn: int, until: float) -> str | None:
        """The URL once it runs; None where the same start may succeed if sent anew."""
        async for server in self._service().watch(self._key, self._generation, until):
            if turn != self._turn:
                raise StartFailed("The start was cancelled.")
            if server is None or server["generation"] < self._generation:
                return None  # the service lost its state
            if server["generation"] > self._generation:
                raise StartFailed("Another start of this server took its place.")
            self._tell(server["progress"])
            status, ended = server["status"], self._end_of(server)
            if status["state"] == "running":
                return str(status["url"])
            if ended and status.get("failure", {}).get("retryable"):
                return None
            if ended:
                self._key = ""  # nothing of this start is left to undo
                raise StartFailed(ended[1])
        raise StartFailed(f"The server did not start within {self.start_timeout} seconds.")

    def _tell(self, steps: list[dict[str, Any]]) -> None:
        self._steps += [step for step in steps if step not in self._steps]
        self._told.set()

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """All steps, for any number of viewers, late ones included; a repeated start never turns the bar back."""
        shown = percent = 0
        while shown < len(self._steps) or not self._over:
            if shown < len(self._steps):
                step, shown = self._steps[shown], shown + 1
                percent = max(percent, step["percent"])
                yield {"progress": percent, "message": plain(step["message"])}
            else:
                self._told.clear()
                await self._told.wait()

    # --- poll, get_url, stop ---------------------------------------------------------------------------------------

    async def poll(self) -> int | None:
        """None while it runs, or while nobody knows: unknown is not dead. Never raises."""
        if self._starting:
            return None
        try:
            ended = self._end_of(await self._service().server(await self._own_key(), self._generation))
        except Exception as error:
            self.log.debug("Berth: the state of %s is unknown: %s", self._log_name, error)
            ended = None
        # A start that failed is being undone: the hub would call stop(), and show the reason only once that is through.
        return ended[0] if ended else 1 if self._gave_up else None

    def _end_of(self, server: Server | None) -> tuple[int, str] | None:
        """What a poll answers of a server that has ended, and why it did; None of one that runs, and of states that a
        newer service may have. After a hub was killed in mid-start, the generation is the service's.
        """
        if server is not None and not self._starting:
            self._generation = max(self._generation, server["generation"])
        status = server["status"] if server else {"state": "stopped"}
        if status["state"] == "exited":
            code = status["exit"]["code"]
            return (1 if code is None else int(code)), status["exit"]["reason"]
        if status["state"] == "failed":
            return 1, status["failure"].get("message", "It failed.")
        return (0, "The start was cancelled.") if status["state"] == "stopped" else None

    async def get_url(self) -> str:
        """Where it runs. Waits while it is starting, as after a hub killed in mid-start. Never raises: the hub would
        keep such a server pending for ever; the URL in the hub's database stands in.
        """
        wait = 1 if self._key else self.start_timeout  # where a key was restored, its start had returned
        try:
            key = await self._patiently(wait, self._own_key)
            async for server in self._service().watch(key, self._generation, time.monotonic() + wait):
                if self._end_of(server):
                    self.http_timeout = 1  # the hub needn't look long for what has ended
                    break
                if server and server["status"]["state"] == "running":
                    return str(server["status"]["url"])
        except (Unreachable, Problem) as error:
            self.log.warning("Berth: the URL of %s is not known: %s", self._log_name, error.why)
        return self.server.url if self.server else ""

    async def stop(self, now: bool = False) -> None:
        """Have it stopped, and wait until it is. A service that is down is tried for `stop_timeout` seconds; after that
        the hub takes the server for stopped. It then runs on, unreachable, shown by `berth ps` as abandoned in time,
        until an admin stops it or the user's next start does: that start's generation is higher.
        """
        self._turn += 1
        until, generation = time.monotonic() + self.stop_timeout, self._generation
        try:
            key = await self._patiently(self.stop_timeout, self._own_key)
            await self._delete(key, generation, self.stop_timeout)
            async for server in self._service().watch(key, generation, until, ask=True):
                if server is None or self._end_of(server) or 0 < generation < server["generation"]:
                    return
            raise Unreachable(f"it still runs after {self.stop_timeout:.0f} s")
        except (Unreachable, Problem) as error:
            self.log.error("Berth: %s was NOT stopped: %s. Stop it with `berth stop`.", self._log_name, error.why)
            raise

    async def _delete(self, key: str, generation: int, within: float, purge: bool = False) -> None:
        """Have what is of this generation stopped, which may be nothing; 0: of whichever."""
        query = (f"?generation={generation}" if generation else "") + ("&purge=true" if purge else "")
        try:
            await self._patiently(within, self._service().call, "DELETE", f"/v1/servers/{key}{query}")
        except Problem as problem:
            if problem.code not in ("server-not-found", "generation-superseded"):
                raise

    def delete_forever(self) -> None:
        """Have the service forget it, in the background: that never keeps the hub from deleting a user. The generation
        covers all that was started until now, and nothing that may be started under this name after.
        """
        generation = max(int(time.time() * 1000), self._generation)
        self._service().keep(self._clean_up(self._key, generation, self.user.name, self.name, purge=True))

    async def _clean_up(self, key: str, generation: int, user: str = "", name: str = "", purge: bool = False) -> None:
        try:
            key = key or await self._patiently(60, self._service().key, user, name)
            await self._delete(key, generation, 60, purge)
        except (Unreachable, Problem) as error:
            # The next start carries a higher generation and so stops this one first; `berth ps` shows it until then.
            self.log.error("Berth: %s could not be cleaned up: %s", key or f"{user}/{name}", error.why)

    async def rename(self, old_name: str, new_name: str) -> None:
        """JupyterHub 6. Berth finds a server, its history and its volumes by its name."""
        raise StartFailed("Berth keeps a server's data under its name, which can't change; its display name can.", 400)

    # --- options and certificates ----------------------------------------------------------------------------------

    async def _form(self) -> str:
        """A choice of images where there is one; before that, what this user should know, such as the end of a ticket,
        and how the last server ended, where it didn't end well: the hub itself shows that nowhere. Without the service
        the page still shows, and says so.
        """
        try:
            image = (self.user_options or {}).get("image") or self.image
            asked = {"key": await self._own_key(), "user": self.user.name, "image": image}
            return str((await self._service().call("GET", f"/v1/hub?{urlencode(asked)}"))["choices"]["form"])
        except (Unreachable, Problem) as error:
            self.log.warning("Berth: the choice of images is not known: %s", error.why)
            return "<p>The service that starts notebook servers can't be reached at the moment. You may still try.</p>"

    def _chosen_image(self) -> str:
        """Unknown options are an error, except where the site's own configuration reads them."""
        options = dict(self.user_options or {})
        site = getattr(self, "apply_user_options", None) or {}  # JupyterHub 5.3
        request = getattr(self.handler, "request", None)
        # Where nothing was chosen just now, the rest may be another spawner's, and the user couldn't mend it.
        stored = request is not None and not request.body and set(request.query_arguments) <= {"next"}
        if not (callable(site) or self.pre_spawn_hook or self.options_from_form is not _options_of or stored):
            _check({name: value for name, value in options.items() if name not in site})
        image = options.get("image")
        return image if image and isinstance(image, str) else self.image

    async def create_certs(self) -> Any:
        """In a hub's own Docker network the server's name is its key; elsewhere it is published on 127.0.0.1."""
        name = f"DNS:{await self._patiently(15, self._own_key)}"
        self.ssl_alt_names = [*(other for other in self.ssl_alt_names if other != name), name]  # type: ignore[has-type]
        return await super().create_certs()

    async def move_certs(self, paths: dict[str, str]) -> dict[str, str]:
        """The PEMs travel with the start; Berth mounts them read-only under /run/berth/ssl."""
        pem = {kind: Path(path).read_text("ascii") for kind, path in paths.items()}
        self._certificates = {"key": pem["keyfile"], "certificate": pem["certfile"], "authority": pem["cafile"]}
        return {kind: f"/run/berth/ssl/{kind.replace('file', '')}.pem" for kind in paths}


def _options_of(form: dict[str, list[str]]) -> dict[str, Any]:
    return _check({name: values[0] for name, values in form.items() if name != "_xsrf" and values != [""]})


def _check(options: dict[str, Any]) -> dict[str, Any]:
    for name, value in options.items():
        if name != "image" or not isinstance(value, str):
            raise StartFailed(f"There is no option {name!r} like that; the only one is 'image', one image's name.", 400)
    return options
