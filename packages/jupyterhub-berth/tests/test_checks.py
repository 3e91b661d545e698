"""What a hub lacks for Berth is said when it starts, as the very line to add."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import MakeSpawner
from fake_service import FakeBerth

from jupyterhub_berth.checks import missing


class App:
    cleanup_servers = True


async def test_each_lack_is_named(fake: FakeBerth, make: MakeSpawner) -> None:
    service = make()._service()
    found = "\n".join(await missing(App(), service, "http://127.0.0.1:8081/hub/api"))
    assert "c.JupyterHub.cleanup_servers = False" in found
    assert 'c.JupyterHub.hub_ip = "172.18.0.1"' in found
    assert await missing(None, service, "http://172.18.0.1:8081/hub/api") == []


async def test_a_wrong_token_and_a_service_that_is_down_are_named(fake: FakeBerth, make: MakeSpawner) -> None:
    spawner = make()
    fake.token = "other"
    (found,) = await missing(None, spawner._service(), "http://172.18.0.1/")
    assert "c.BerthSpawner.token_file" in found
    assert spawner.token_file in found
    await fake.down()
    (found,) = await missing(None, spawner._service(), "http://172.18.0.1/")
    assert "`berth serve`" in found
    assert fake.url in found
    (found,) = await missing(None, make(token_file="/nowhere/hub.token")._service(), "http://172.18.0.1/")
    assert "/nowhere/hub.token" in found


@pytest.mark.parametrize("by", ["class", "name"])
async def test_a_real_hub_says_it_as_it_starts_before_anyone_has_logged_in(
    fake: FakeBerth, tmp_path: Path, by: str
) -> None:
    """Its configuration is the default one, plus Berth and a token; by name where the adapter is installed."""
    import asyncio

    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        ports = free.getsockname()[1], other.getsockname()[1]
    (tmp_path / "hub.token").write_text(fake.token)
    (tmp_path / "jupyterhub_config.py").write_text(
        f"""
{"from jupyterhub_berth import BerthSpawner" if by == "class" else ""}
c.JupyterHub.spawner_class = {"BerthSpawner" if by == "class" else '"berth"'}
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.hub_port = {ports[0]}
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[1]}"
c.JupyterHub.proxy_class = "jupyterhub.proxy.Proxy"
c.JupyterHub.db_url = "sqlite:///:memory:"
c.BerthSpawner.berth_url = "{fake.url}"
c.BerthSpawner.token_file = "hub.token"
"""
    )
    (tmp_path / "proxy.py").write_text(
        """
from jupyterhub.proxy import Proxy
class NoProxy(Proxy):
    should_start = False
    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {}
"""
    )
    config = tmp_path / "jupyterhub_config.py"
    config.write_text(config.read_text().replace("jupyterhub.proxy.Proxy", "proxy.NoProxy"))
    here = str(Path(__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([here, str(tmp_path)])}
    log = tmp_path / "log"
    with log.open("w") as out:
        hub = subprocess.Popen([sys.executable, "-m", "jupyterhub"], cwd=tmp_path, env=env, stdout=out, stderr=out)
    try:
        for _ in range(300):
            text = log.read_text()
            if "c.JupyterHub.cleanup_servers = False" in text and "c.JupyterHub.hub_ip" in text:
                break
            await asyncio.sleep(0.1)
        assert re.search(r'^ +c\.JupyterHub\.hub_ip = "172\.18\.0\.1"$', text, re.MULTILINE), text
        assert re.search(r"^ +c\.JupyterHub\.cleanup_servers = False$", text, re.MULTILINE), text
    finally:
        hub.terminate()
        hub.wait(20)
    after = log.read_text()
    assert "Task was destroyed" not in after
    assert "never retrieved" not in after
