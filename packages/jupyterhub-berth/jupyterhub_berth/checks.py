"""What a hub's configuration lacks for Berth, said as the very line to add."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import sys
from typing import Any
from urllib.parse import urlparse

from .client import Problem, Unreachable
from .service import Service


def missing_hub_line(api_url: str, hub: dict[str, Any]) -> str | None:
    """The line without which notebooks can't reach the hub at `api_url`; None where they may."""
    network = hub["network"]
    if network is None or network["name"] == "host" or not _loopback(urlparse(api_url).hostname or ""):
        return None
    if network["gateway"]:
        return f'c.JupyterHub.hub_ip = "{network["gateway"]}"'
    return f'c.JupyterHub.hub_connect_ip = "<this hub\'s name or address in the network {network["name"]}>"'


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def missing(app: Any, service: Service, api_url: str) -> list[str]:
    """Each thing that is wrong, as a sentence that ends in what to do. `app` is the JupyterHub, or None."""
    found = []
    if app is not None and app.cleanup_servers:
        found.append("A restart of this hub would stop all servers. Set\n    c.JupyterHub.cleanup_servers = False")
    try:
        line = missing_hub_line(api_url, await service.hub())
        if line:
            found.append(f"Notebooks can't reach this hub at {api_url}. Set\n    {line}")
    except Problem as problem:
        found.append(
            f"Berth at {service.client.url} refuses this hub: {problem.detail} Set c.BerthSpawner.token_file "
            f"(now {service.client.token.file or 'BERTH_TOKEN'}) to the token file of this hub."
        )
    except Unreachable as error:
        found.append(
            f"Berth can't be reached at {service.client.url}: {error}. "
            "Start it with `berth serve`, or set c.BerthSpawner.berth_url."
        )
    return found


def running_hub() -> Any:
    """The JupyterHub of this process; None in a test or a script."""
    module = sys.modules.get("jupyterhub.app")
    return module.JupyterHub.instance() if module and module.JupyterHub.initialized() else None


def check_at_start(spawner_class: Any) -> None:
    """Within a hub that reads its configuration: once it is up, and before any user comes, look at what it lacks."""
    app = running_hub()
    if app is not None and not hasattr(app, "berth_check"):
        with contextlib.suppress(RuntimeError):  # no event loop yet: the hub only lists what is installed
            app.berth_check = asyncio.get_running_loop().create_task(_check_when_up(app, spawner_class))


async def _check_when_up(app: Any, spawner_class: Any) -> None:
    while getattr(app, "hub", None) is None:  # noqa: ASYNC110  it has no event to wait for
        await asyncio.sleep(0.5)
    if issubclass(app.spawner_class, spawner_class):
        app.spawner_class(config=app.config, hub=app.hub)  # the first one made looks (BerthSpawner.__init__)
