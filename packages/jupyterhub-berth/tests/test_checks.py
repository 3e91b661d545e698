"""What a hub lacks for Berth is said when it starts, as the very line to add."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from conftest import MakeSpawner
from fake_service import FakeBerth
from real_hub import RealHub

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
    assert "c.Berth.token_file" in found
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
    (tmp_path / "hub.token").write_text(fake.token)
    fake.login = "none"
    lines = f"""
{"from jupyterhub_berth import BerthAuthenticator, BerthSpawner" if by == "class" else ""}
c.JupyterHub.spawner_class = {"BerthSpawner" if by == "class" else '"berth"'}
c.JupyterHub.authenticator_class = {"BerthAuthenticator" if by == "class" else '"berth"'}
c.Berth.berth_url = "{fake.url}"
c.Berth.token_file = "hub.token"
"""
    async with RealHub(tmp_path, lines) as hub:
        for line in (
            r'c\.JupyterHub\.hub_ip = "172\.18\.0\.1"',
            r"c\.JupyterHub\.cleanup_servers = False",
            "directory:",
        ):
            await hub.logged(line.replace("\\", ""))
            assert re.search(rf"^ +{line}$", hub.log, re.MULTILINE), hub.log
    assert "Task was destroyed" not in hub.log
    assert "never retrieved" not in hub.log


async def test_what_both_classes_lack_is_said_once(fake: FakeBerth, tmp_path: Path) -> None:
    (tmp_path / "hub.token").write_text("other")
    lines = f"""
from jupyterhub_berth import BerthAuthenticator, BerthSpawner
c.JupyterHub.spawner_class = BerthSpawner
c.JupyterHub.authenticator_class = BerthAuthenticator
c.Berth.berth_url = "{fake.url}"
c.Berth.token_file = "hub.token"
"""
    async with RealHub(tmp_path, lines) as hub:
        await hub.logged("] Berth: Berth refuses this hub")
        await asyncio.sleep(0.5)
        assert hub.log.count("] Berth: Berth refuses this hub") == 1


async def test_an_authenticator_without_the_spawner_is_checked_alone(fake: FakeBerth, tmp_path: Path) -> None:
    (tmp_path / "hub.token").write_text(fake.token)
    fake.login = "none"
    lines = f"""
from jupyterhub_berth import BerthAuthenticator
c.JupyterHub.authenticator_class = BerthAuthenticator
c.BerthAuthenticator.berth_url = "{fake.url}"
c.BerthAuthenticator.token_file = "hub.token"
"""
    async with RealHub(tmp_path, lines) as hub:
        await hub.logged("Nobody can log in, since the service has no directory.")
        assert "cleanup_servers" not in hub.log
