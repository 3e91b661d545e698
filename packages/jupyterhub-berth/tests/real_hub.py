"""A JupyterHub as a process, without a proxy: what it answers on its own port, and what it logs."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

PROBE = "probe-token"
PROXY = """
from jupyterhub.proxy import Proxy
class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {}
"""


def free_port() -> int:
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return int(at.getsockname()[1])


class RealHub:
    """`async with RealHub(folder, lines) as hub:`; `lines` are its configuration. A service of it may do anything."""

    def __init__(self, folder: Path, lines: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/hub"
        (folder / "proxy.py").write_text(PROXY)
        (folder / "jupyterhub_config.py").write_text(
            f"""
c.JupyterHub.hub_port = {self.port}
c.JupyterHub.bind_url = "http://127.0.0.1:{free_port()}"
c.JupyterHub.proxy_class = "proxy.NoProxy"
c.JupyterHub.log_level = "DEBUG"
c.JupyterHub.services = [{{"name": "probe", "api_token": "{PROBE}"}}]
scopes = ["admin:users", "admin:groups", "admin:servers", "read:roles:users"]
c.JupyterHub.load_roles = [{{"name": "probe", "services": ["probe"], "scopes": scopes}}]
{lines}"""
        )

    async def __aenter__(self) -> RealHub:
        here = str(Path(__file__).parents[1])
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([here, str(self.folder)])}
        with (self.folder / "log").open("w") as out:
            words = [sys.executable, "-m", "jupyterhub"]
            self.process = subprocess.Popen(words, cwd=self.folder, env=env, stdout=out, stderr=out)
        await self.logged("JupyterHub is now running")
        return self

    async def __aexit__(self, *exc: Any) -> None:
        self.process.terminate()
        self.process.wait(20)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def logged(self, words: str, within: float = 30) -> None:
        for _ in range(int(within * 10)):
            if words in self.log:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{words!r} was not logged:\n{self.log}")

    async def api(self, method: str, path: str) -> tuple[int, Any]:
        """As a service that may do all there is."""
        headers = {"Authorization": f"Bearer {PROBE}"}
        answer = await asyncio.to_thread(requests.request, method, f"{self.url}/api/{path}", headers=headers)
        return answer.status_code, json.loads(answer.text or "null")

    async def user(self, name: str) -> Any:
        status, user = await self.api("GET", f"users/{quote(name, safe='')}")
        assert status == 200, user
        return user


class Browser:
    """One person's cookies."""

    def __init__(self, hub: RealHub) -> None:
        self.hub = hub
        self.session = requests.Session()

    async def get(self, path: str) -> requests.Response:
        page = await asyncio.to_thread(self.session.get, f"{self.hub.url}/{path}", allow_redirects=False)
        page.encoding = "utf-8"  # as the page itself says
        return page

    async def log_in(self, username: str, password: str) -> requests.Response:
        """By the form, to what the hub answers to it; a login that succeeded is a redirect."""
        form = await self.get("login")
        token = re.search(r'name="_xsrf"\s+value="([^"]*)"', form.text)
        assert token, form.text
        data = {"_xsrf": token[1], "username": username, "password": password}
        post = f"{self.hub.url}/login?next=%2Fhub%2Fhome"
        return await asyncio.to_thread(self.session.post, post, data=data, allow_redirects=False)
