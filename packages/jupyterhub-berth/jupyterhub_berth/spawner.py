"""BerthSpawner: JupyterHub's side of Berth. What a server is made of is decided by the Berth service."""

from __future__ import annotations

import asyncio
import html
import os
import re
import time
from typing import Any, AsyncIterator, Awaitable, Callable

from jupyterhub.spawner import Spawner
from traitlets import Float, Integer, Unicode, default

from .checks import missing, missing_hub_line, running_hub
from .client import Problem, Unreachable, server_path
from .events import Server
from .keys import server_key
from .messages import StartFailed, Story, plain, refused
from .service import ENDED, Service

CERTIFICATES = {"keyfile": "key", "certfile": "cert", "cafile": "ca"}


class BerthSpawner(Spawner):
    """Starts each notebook server in a Docker container, through the Berth service."""

    berth_url = Unicode(
        help="Where the service listens: http://, https:// or unix:///path. Default: $BERTH_URL, or http://127.0.0.1:8550."
    ).tag(config=True)
    token_file = Unicode(
        help="The file that holds this hub's token; read anew when it changes. Default: $BERTH_TOKEN_FILE, or "
        "/var/lib/berth/hub.token unless $BERTH_TOKEN holds the token itself."
    ).tag(config=True)
    ca_file = Unicode(
        help="PEM file of the CA behind an https:// berth_url. Default: $BERTH_CA_FILE, or the system's."
    ).tag(config=True)
    image = Unicode(help="One of the images that Berth offers this hub. Default: the first of them.").tag(config=True)
    stop_timeout = Float(300, help="Seconds after which a stop that isn't done is logged as failed.").tag(config=True)
    # The hub's defaults are for a process beside it.
    ip = Unicode("0.0.0.0", help="Where the server listens inside its container.").tag(config=True)
    port = Integer(8888, help="The port it listens on inside its container.").tag(config=True)
    http_timeout = Integer(
        90, help="Seconds for the server to answer once it runs; after a restart of the hub a busy one needs them."
    ).tag(config=True)

    @default("berth_url")
    def _default_berth_url(self) -> str:
        return os.environ.get("BERTH_URL") or "http://127.0.0.1:8550"

    @default("token_file")
    def _default_token_file(self) -> str:
        return os.environ.get("BERTH_TOKEN_FILE") or (
            "" if os.environ.get("BERTH_TOKEN") else "/var/lib/berth/hub.token"
        )

    @default("ca_file")
    def _default_ca_file(self) -> str:
        return os.environ.get("BERTH_CA_FILE") or ""

    @default("env_keep")
    def _default_env_keep(self) -> list[str]:
        return []  # the hub's PATH, LANG, ... mean nothing in a container

    @default("cmd")
    def _default_cmd(self) -> Any:
        return None  # the image's own

    @default("options_form")
    def _default_options_form(self) -> Any:
        return type(self)._form

    @default("options_from_form")
    def _default_options_from_form(self) -> Any:
        return _options_of

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._key = ""  # of the server that was started or restored; else it is computed
        self._generation = 0
        self._turn = 0  # grows with each start and stop: a start that is no longer wanted gives up
        self._starting = False
        self._gave_up = False  # the last start failed
        self._certificates: dict[str, str] = {}
        self._story: Story | None = None
        self._check_setup()

    def _check_setup(self) -> None:
        """With the first spawner of a hub the event stream opens, and the hub's configuration is looked at."""
        try:
            service = self._service()
        except RuntimeError:  # no event loop: not in a hub
            return
        if self.hub is not None and service.check is None:
            service.check = asyncio.ensure_future(self._log_missing())

    async def _log_missing(self) -> None:
        for sentence in await missing(running_hub(), self._service(), self._hub_api_url()):
            self.log.error("Berth: %s", sentence)

    def _hub_api_url(self) -> str:
        url: str = self.hub_connect_url or self.hub.api_url
        return url

    def _service(self) -> Service:
        return Service.of(self.berth_url, self.token_file, os.environ.get("BERTH_TOKEN", ""), self.ca_file, self.log)

    async def _own_key(self) -> str:
        """The saved key holds even if the hub renamed its user since; after a hub killed in mid-start there is none."""
        return self._key or self._key_at(await self._service().hub())

    def _key_at(self, hub: dict[str, Any]) -> str:
        return server_key(hub["name"], self.user.name, self.name)

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
        if not isinstance(saved, dict):
            return
        key, generation = saved.get("key"), saved.get("generation")
        if isinstance(key, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key) and type(generation) is int:
            self._key, self._generation = key, max(0, generation)

    def clear_state(self) -> None:
        super().clear_state()
        self._key = ""
        self._certificates = {}
        self._story = None

    # --- start -----------------------------------------------------------------------------------------------------

    async def start(self) -> str:
        """Start the server and return its URL once it listens; else leave nothing behind and say why."""
        self._turn += 1
        self._starting, self._gave_up = True, False
        story = self._told()
        try:
            try:
                return await self._start(self._turn)
            except (Unreachable, Problem) as error:
                self.log.error("Berth: %s was not started: %s (%s)", self._log_name, error, self.berth_url)
                raise refused(error) from None
        except BaseException as error:  # CancelledError too: since 5.1 that is how the hub's time-out arrives
            self._starting, self._gave_up = False, True
            key, self._key = self._key, ""
            if key and not (isinstance(error, StartFailed) and error.ended):
                # The hub calls stop() only if a poll says that something runs, so the clean-up is this one. It goes
                # on behind a hub that won't wait.
                await asyncio.wait({self._service().keep(self._undo(key, self._generation))}, timeout=5)
            raise
        finally:
            self._starting = False
            story.end()

    async def _start(self, turn: int) -> str:
        # Shorter than the hub's own time-out, so that Berth's reason is heard before the hub gives up.
        budget = self.start_timeout * 0.8 if self.start_timeout < 10 else self.start_timeout - 5.0
        deadline = self._now() + max(1.0, budget)
        grace = max(0.0, (self.start_timeout - budget) * 0.6)
        service = self._service()
        patience = min(15.0, budget / 3)
        hub = await self._patiently(service.hub, patience)
        body = self._start_request(hub)
        generation = self._generation
        while self._now() < deadline:
            key = self._key_at(hub)
            generation = max(int(time.time() * 1000), generation + 1)
            self._wanted(turn)
            self._key, self._generation = key, generation  # from here on there may be something to undo
            body["generation"] = generation

            async def put(key: str = key) -> None:
                body["budgetSeconds"] = max(1.0, round(deadline - self._now(), 3))
                await service.client.call("PUT", server_path(key), body)

            try:
                await self._patiently(put, min(patience, deadline - self._now()))
            except Problem as problem:
                if problem.code != "generation-superseded":
                    raise
                generation = problem.current  # the clock went back
                continue
            self._wanted(turn)
            url = await self._follow(service, deadline + grace)
            if url:
                return url
            self._told().tell(0, "The service was restarted during the start; starting again.")
            await asyncio.sleep(0.2)
        raise StartFailed(f"The server did not start within {self.start_timeout} seconds.")

    def _wanted(self, turn: int) -> None:
        if turn != self._turn:
            raise StartFailed("The start was cancelled.")

    async def _patiently(self, call: Callable[[], Awaitable[Any]], within: float) -> Any:
        """What `call` returns, tried again for `within` seconds while nobody answers or Berth is only just starting."""
        until = self._now() + within
        told = False
        while True:
            try:
                return await call()
            except (Unreachable, Problem) as error:
                if getattr(error, "code", "not-ready") not in ("not-ready", "shutting-down") or self._now() >= until:
                    raise
            if self._starting and not told:
                self._told().tell(0, "Waiting for the service that starts notebook servers.")
                told = True
            await asyncio.sleep(0.5)

    def _start_request(self, hub: dict[str, Any]) -> dict[str, Any]:
        environment = {k: str(v) for k, v in self.get_env().items() if v is not None}
        api_url = environment.get("JUPYTERHUB_API_URL", "")
        line = missing_hub_line(api_url, hub)
        if line:
            raise StartFailed(
                f"Notebook servers can't reach the hub at {api_url}; its administrator has to set: {line}"
            )
        body: dict[str, Any] = {
            "user": self.user.name,
            "serverName": self.name,
            "port": self.port,
            "environment": environment,
        }
        image = self._chosen_options().get("image") or self.image
        if image:
            body["image"] = image
        command = [*(self.cmd or []), *self.get_args()]
        if command:
            body["command"] = command if self.cmd else ["jupyterhub-singleuser", *command]
        limits: dict[str, Any] = {}
        if self.mem_limit:
            limits["memoryBytes"] = int(self.mem_limit)
        if self.cpu_limit:
            limits["cpus"] = self.cpu_limit
        if limits:
            body["limits"] = limits
        if self.internal_ssl and self._certificates:
            body["certificates"] = self._certificates
        return body

    async def _follow(self, service: Service, until: float) -> str | None:
        """The URL once it runs; None where the same start may succeed if sent anew."""
        generation, seen, step = self._generation, 0, ""
        async for server in service.watch(self._key, generation, until):
            if server is None:
                return None  # the service lost its state
            if server["generation"] > generation:
                raise StartFailed("Another start of this server took its place.", ended=True)
            if server["generation"] < generation:
                continue
            for item in server["progress"][seen:]:
                self._told().tell(item["percent"], item["message"])
            seen = max(seen, len(server["progress"]))
            status = server["status"]
            if status["state"] == "running":
                url: str = status["url"]
                return url
            if status["state"] == "failed":
                if status["failure"]["retryable"]:
                    return None
                raise StartFailed(status["failure"]["message"], ended=True)
            if status["state"] == "exited":
                raise StartFailed(status["exit"]["reason"], ended=True)
            if status["state"] == "stopped":
                raise StartFailed("The start was cancelled.", ended=True)
            step = status.get("step", step)
        raise StartFailed(
            f"The server did not start within {self.start_timeout} seconds"
            + (f" (last step: {step})." if step else ".")
        )

    async def _undo(self, key: str, generation: int) -> None:
        try:
            await self._service().delete(key, generation, within=60)
        except (Unreachable, Problem) as error:
            # The next start carries a higher generation and so stops this one first; `berth ps` shows it until then.
            self.log.error("Berth: the failed start of %s could not be undone: %s", self._log_name, error)

    def _told(self) -> Story:
        if self._story is None:
            self._story = Story()
        return self._story

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        async for event in self._told().read():
            yield event

    # --- poll, get_url, stop ---------------------------------------------------------------------------------------

    async def poll(self) -> int | None:
        """None while it runs, or while nobody knows: unknown is not dead. Never raises."""
        if self._starting:
            return None
        try:
            server = await self._service().server(await self._own_key(), self._generation)
            self._adopt(server)
            status = exit_status(server)
        except Exception as error:
            self.log.debug("Berth: the state of %s is unknown: %s", self._log_name, error)
            status = None
        # A start that failed is being undone: the hub would call stop(), and show the reason only once that is through.
        return 1 if status is None and self._gave_up else status

    def _adopt(self, server: Server | None) -> None:
        """After a hub was killed in mid-start, the generation is the service's."""
        if server is not None and not self._starting:
            self._generation = max(self._generation, server["generation"])

    async def get_url(self) -> str:
        """Where it runs. Waits while it is starting, as after a hub killed in mid-start. Never raises: the hub would
        keep such a server pending for ever; the URL in the hub's database stands in.
        """
        until = self._now() + self.start_timeout
        restored = bool(self._key)  # then its start had returned, and the hub has its URL
        while self._now() < until:
            try:
                key = await self._own_key()
                async for server in self._service().watch(
                    key, self._generation, self._now() + 1 if restored else until
                ):
                    self._adopt(server)
                    if server is not None and server["status"]["state"] == "running":
                        url: str = server["status"]["url"]
                        return url
                    if exit_status(server) is not None:
                        self.http_timeout = 1  # the hub needn't look long for what has ended
                        break
                break
            except (Unreachable, Problem) as error:
                self.log.warning("Berth: the URL of %s is not known yet: %s", self._log_name, error)
                await asyncio.sleep(1)
        known: str = self.server.url if self.server else ""
        return known

    async def stop(self, now: bool = False) -> None:
        """Have it stopped, and wait until it is. A service that is down is tried for `stop_timeout` seconds; after that
        the hub takes the server for stopped. It then runs on, unreachable, shown by `berth ps` as abandoned in time,
        until an admin stops it or the user's next start does: that start's generation is higher.
        """
        self._turn += 1
        service, until = self._service(), self._now() + self.stop_timeout
        try:
            key = await self._patiently(self._own_key, self.stop_timeout)
            server = await service.delete(key, self._generation, self.stop_timeout)
            if server is None or server["status"]["state"] in ENDED:
                return
            generation = server["generation"]
            async for server in service.watch(key, generation, until):
                if server is None or server["generation"] > generation or server["status"]["state"] in ENDED:
                    return
            raise Unreachable(f"it still runs after {self.stop_timeout:.0f} s")
        except (Unreachable, Problem) as error:
            self.log.error("Berth: %s was NOT stopped: %s. Stop it with `berth stop`.", self._log_name, error)
            raise

    def delete_forever(self) -> None:
        """Have the service forget it, in the background: that never keeps the hub from deleting a user. The generation
        covers all that was started until now, and nothing that may be started under this name after.
        """
        self._service().keep(self._forget(self._key, self.user.name, self.name, int(time.time() * 1000)))

    async def _forget(self, key: str, user: str, name: str, generation: int) -> None:
        service = self._service()
        try:
            key = key or server_key((await self._patiently(service.hub, 60))["name"], user, name)
            await service.delete(key, max(generation, self._generation), within=60, purge=True)
        except (Unreachable, Problem) as error:
            self.log.error("Berth: what is kept about %s/%s was not deleted: %s", user, name, error)

    async def rename(self, old_name: str, new_name: str) -> None:
        """JupyterHub 6. Berth finds a server, its history and its volumes by its name."""
        raise StartFailed(
            "Berth keeps a server's data under its name, so the name can't change; its display name can.", 400
        )

    # --- options and certificates ----------------------------------------------------------------------------------

    async def _form(self) -> str:
        """A choice of images where there is one; before that, how the last server ended, where it didn't end well: the
        hub itself shows that nowhere. Without the service the page still shows, and says so.
        """
        try:
            images = (await self._service().hub(max_age=60))["choices"]["images"]
            last = _bad_end(await self._service().server(await self._own_key()))
        except (Unreachable, Problem) as error:
            self.log.warning("Berth: the choice of images is not known: %s", error)
            return "<p>The service that starts notebook servers can't be reached at the moment. You may still try.</p>"
        said = f'<p class="alert alert-warning">Your last server has ended. {html.escape(last)}</p>' if last else ""
        if len(images) < 2:
            return said
        chosen = (self.user_options or {}).get("image") or self.image
        options = "".join(
            f'<option value="{html.escape(image["reference"])}"{" selected" if image["reference"] == chosen else ""}>'
            f"{html.escape(image['title'])}</option>"
            for image in images
        )
        select = f'<select class="form-control" id="berth-image" name="image">{options}</select>'
        return f'{said}<label for="berth-image">Image</label>\n{select}'

    def _chosen_options(self) -> dict[str, Any]:
        """Unknown options are an error, except where the site's own configuration reads them."""
        options = dict(self.user_options or {})
        site = getattr(self, "apply_user_options", None) or {}  # JupyterHub 5.3
        request = getattr(self.handler, "request", None)
        stored = request is not None and not request.body and set(request.query_arguments) <= {"next"}
        if callable(site) or self.pre_spawn_hook or self.options_from_form is not _options_of or stored:
            # Nothing was chosen just now (`stored`): the rest may be another spawner's, and the user couldn't mend it.
            return {k: v for k, v in options.items() if k == "image" and isinstance(v, str)}
        return _known_options({k: v for k, v in options.items() if k not in site})

    async def create_certs(self) -> Any:
        """In a hub's own Docker network the server's name is its key; elsewhere it is published on 127.0.0.1."""
        try:
            name = f"DNS:{self._key_at(await self._patiently(self._service().hub, 15))}"
        except (Unreachable, Problem) as error:
            raise refused(error) from None
        names: Any = self.ssl_alt_names  # type: ignore[has-type]
        if isinstance(names, list) and name not in names:
            self.ssl_alt_names = [*names, name]
        return await super().create_certs()

    async def move_certs(self, paths: dict[str, str]) -> dict[str, str]:
        """The PEMs travel with the start; Berth mounts them read-only under /run/berth/ssl."""
        pem = {}
        for kind, path in paths.items():
            with open(path, encoding="ascii") as file:
                pem[kind] = file.read()
        self._certificates = {"key": pem["keyfile"], "certificate": pem["certfile"], "authority": pem["cafile"]}
        return {kind: f"/run/berth/ssl/{name}.pem" for kind, name in CERTIFICATES.items()}

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def exit_status(server: Server | None) -> int | None:
    """What the hub calls a poll's result. States of a newer service that aren't known here count as running."""
    if server is None:
        return 0
    status = server["status"]
    if status["state"] == "exited":
        code = status["exit"]["code"]
        return 1 if code is None else int(code)
    return {"failed": 1, "stopped": 0}.get(status["state"])


def _bad_end(server: Server | None) -> str:
    """Why it ended, in a sentence; empty where it runs, was stopped, or ended as programs should."""
    if server is None or server["status"]["state"] != "exited" or server["status"]["exit"]["code"] == 0:
        return ""
    return plain(server["status"]["exit"]["reason"])


def _options_of(form: dict[str, list[str]]) -> dict[str, Any]:
    return _known_options({name: values[0] for name, values in form.items() if name != "_xsrf" and values != [""]})


def _known_options(options: dict[str, Any]) -> dict[str, Any]:
    for name, value in options.items():
        if name != "image":
            raise StartFailed(f"There is no option {name!r}; the only one is 'image'.", 400)
        if not isinstance(value, str):
            raise StartFailed("The option 'image' has to be one image's name.", 400)
    return options
