"""What a hub's configuration lacks for Berth, said in its log as it starts: the very line to add."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any
from urllib.parse import quote

from traitlets.config import Application

from .authenticator import BerthAuthenticator
from .messages import Problem, Unreachable
from .service import Berth, Service


async def missing(app: Any, service: Service, api_url: str) -> list[str]:
    """Each thing that is wrong, as a sentence that ends in what to do. `app` is the JupyterHub, or None."""
    found = []
    if app is not None and app.cleanup_servers:
        found.append("A restart of this hub would stop all servers. Set\n    c.JupyterHub.cleanup_servers = False")
    try:
        found += (await service.call("GET", f"/v1/hub?apiUrl={quote(api_url, safe='')}"))["advice"]
    except (Unreachable, Problem) as error:
        found.append(error.why)
    return found


def check_at_start() -> None:
    """Within a hub that reads its configuration: once it is up, and before any user comes, look at what it lacks."""
    app: Any = Application.instance() if Application.initialized() else None
    if hasattr(app, "spawner_class") and not hasattr(app, "berth_check"):
        with contextlib.suppress(RuntimeError):  # no event loop yet: the hub only lists what is installed
            app.berth_check = asyncio.get_running_loop().create_task(_check_when_up(app))


async def _check_when_up(app: Any) -> None:
    while getattr(app, "hub", None) is None:  # noqa: ASYNC110  it has no event to wait for
        await asyncio.sleep(0.5)
    found = []
    if issubclass(app.spawner_class, Berth):
        spawner = app.spawner_class(config=app.config, hub=app.hub)
        found = await missing(app, spawner._service(), spawner.hub_connect_url or spawner.hub.api_url)
    if isinstance(app.authenticator, BerthAuthenticator):
        found += await app.authenticator.missing()
    for sentence in dict.fromkeys(found):
        app.log.error("Berth: %s", sentence)
