"""A pytest plugin: JupyterHub's own tests, with BerthSpawner as the class that its MockHub starts servers by.

    python -m pytest -c tests/upstream/pytest.ini -p plugin --pyargs jupyterhub.tests.test_spawner ...   (see run.sh)

The servers are upstream's mock ones, run as local processes by the fake service, which lives in a thread of its own;
where BERTH_URL is set, the service there is used instead. Cases in deselected.txt are left out; a case that is listed
but doesn't exist fails the run.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from fake_service import Failed, FakeBerth, Record
from jupyterhub.tests import mocking
from jupyterhub.utils import random_port
from traitlets import default

from jupyterhub_berth import BerthSpawner

LIST = Path(__file__).with_name("deselected.txt")


class Processes:
    """The fake's servers: one local process each."""

    def __init__(self) -> None:
        self._running: dict[Record, subprocess.Popen[bytes]] = {}
        self._watching: dict[Record, asyncio.Future[None]] = {}

    async def launch(self, record: Record) -> str:
        environment = dict(record.body["environment"])
        port = random_port()
        asked = urlsplit(environment["JUPYTERHUB_SERVICE_URL"])
        environment["JUPYTERHUB_SERVICE_URL"] = urlunsplit(asked._replace(netloc=f"127.0.0.1:{port}"))
        command = record.body.get("command") or ["jupyterhub-singleuser"]
        if command[0] == "jupyterhub-singleuser" and os.geteuid() == 0:
            command = [*command, "--allow-root"]
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(command, env={"PATH": path, "HOME": os.environ.get("HOME", "/"), **environment})
        self._running[record] = process
        while process.poll() is None and not await listens(port):
            await asyncio.sleep(0.05)
        if process.poll() is not None:
            raise Failed("exited-in-start", f"It ended with code {process.returncode} while it was starting.")
        self._watching[record] = asyncio.ensure_future(self._report_exit(record, process))
        return f"http://127.0.0.1:{port}"

    async def _report_exit(self, record: Record, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            await asyncio.sleep(0.05)
        if self._running.pop(record, None) and record.status["state"] == "running":
            record.exit(process.returncode)

    async def halt(self, record: Record) -> None:
        process = self._running.pop(record, None)
        if process is None:
            return
        process.terminate()
        for _ in range(100):
            if process.poll() is not None:
                return
            await asyncio.sleep(0.05)
        process.kill()
        process.wait()


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


class FakeThread(threading.Thread):
    """The fake service, away from the loops that upstream's tests make and close."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready = threading.Event()
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        processes = Processes()
        async with FakeBerth() as fake:
            fake.network = {"name": "host", "gateway": None}  # upstream's hub listens on 127.0.0.1
            fake.launch, fake.halt = processes.launch, processes.halt
            self.url, self.token = fake.url, fake.token
            self.ready.set()
            await self._done.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._done.set)
        self.join(30)


class MockBerthSpawner(BerthSpawner):
    """BerthSpawner with what upstream's MockSpawner adds to its own: the command, and two hooks of its tests."""

    use_this_api_token: Any = None

    @default("cmd")
    def _default_cmd(self) -> Any:
        return [sys.executable, "-m", "jupyterhub.tests.mocksu"]

    def get_env(self) -> Any:
        env = super().get_env()
        if self.handler:
            env["HANDLER_ARGS"] = self.handler.request.query
        return env

    async def start(self) -> str:
        if self.use_this_api_token:
            self.api_token = self.use_this_api_token
        elif self.will_resume:
            self.use_this_api_token = self.api_token
        return await super().start()


def rebased(original: type) -> type:
    """One of upstream's mock spawners, on BerthSpawner in place of its local process."""
    body = {k: v for k, v in vars(original).items() if k not in ("__dict__", "__weakref__")}
    bases = tuple(REBASED.get(base, base) for base in original.__bases__)
    names = dict(body)
    cell = names.pop("__classcell__", None)
    assert cell is None
    return type(original.__name__, bases, names)


REBASED: dict[type, type] = {mocking.MockSpawner: MockBerthSpawner}
for name in ("FormSpawner", "FalsyCallableFormSpawner"):
    upstream_class = getattr(mocking, name)
    REBASED[upstream_class] = rebased(upstream_class)


class SlowBerthSpawner(MockBerthSpawner):
    """Upstream's SlowSpawner; its start unpacks (ip, port), where Berth's gives a URL."""

    delay = 5
    _start_future: Any = None

    async def start(self) -> str:
        url = await super().start()
        if self._start_future is not None:
            await self._start_future
        else:
            await asyncio.sleep(self.delay)
        return url

    async def stop(self, now: bool = False) -> None:
        await asyncio.sleep(self.delay)
        await super().stop()


REBASED[mocking.SlowSpawner] = SlowBerthSpawner
for upstream_class, ours in list(REBASED.items()):
    setattr(mocking, upstream_class.__name__, ours)


def pytest_configure(config: Any) -> None:
    if "BERTH_URL" not in os.environ:
        config.berth_fake = thread = FakeThread()
        thread.start()
        assert thread.ready.wait(10)
        config.berth_token = tempfile.NamedTemporaryFile("w", suffix=".token")  # noqa: SIM115  open while the run is
        config.berth_token.write(thread.token)
        config.berth_token.flush()
        os.environ["BERTH_URL"], os.environ["BERTH_TOKEN_FILE"] = thread.url, config.berth_token.name


def pytest_unconfigure(config: Any) -> None:
    if hasattr(config, "berth_fake"):
        config.berth_fake.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    for module in {item.module for item in items}:
        if hasattr(module, "SimpleLocalProcessSpawner"):
            module.SimpleLocalProcessSpawner = MockBerthSpawner
    listed = deselected()
    names = {f"{item.module.__name__.rpartition('.')[2]}.py::{item.name}": item for item in items}
    unknown = sorted(set(listed) - set(names))
    if unknown:
        raise pytest.UsageError(f"{LIST.name} names cases that don't exist: {', '.join(unknown)}")
    left_out = [names[name] for name in listed]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def deselected() -> dict[str, str]:
    """Case -> reason; each line is `module.py::case  # reason`."""
    rows = [line.partition("  # ") for line in LIST.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert all(reason.strip() for case, _, reason in rows if case.strip()), "each case has its reason"
    return {case.strip(): reason.strip() for case, _, reason in rows if case.strip()}
