"""A pytest plugin: JupyterHub's own tests, with BerthSpawner as the class that its MockHub starts servers by.

    python -m pytest -c pytest.ini -p plugin --pyargs jupyterhub.tests.test_spawner jupyterhub.tests.test_named_servers

The servers are upstream's mock ones, each in a container: BERTH_URL and BERTH_TOKEN_FILE say which service starts them
(it has to list MOCK_SERVER among its commands), BERTH_TEST_HUB_IP is this host's address that containers reach. Cases
in deselected.txt are left out; a case that is listed but doesn't exist fails the run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from jupyterhub.tests import mocking
from jupyterhub_berth import BerthSpawner
from traitlets import Integer, default

MOCK_SERVER = ["python", "-m", "jupyterhub.tests.mocksu"]
LIST = Path(__file__).with_name("deselected.txt")


class MockBerthSpawner(BerthSpawner):
    """BerthSpawner with what upstream's MockSpawner adds to its own: the command, and what its tests set."""

    term_timeout = Integer(5, help="A number among those that upstream's tests let users choose.").tag(config=True)
    use_this_api_token: Any = None

    @default("cmd")
    def _default_cmd(self) -> Any:
        return MOCK_SERVER

    async def start(self) -> str:
        if self.use_this_api_token:
            self.api_token = self.use_this_api_token
        elif self.will_resume:
            self.use_this_api_token = self.api_token
        return await super().start()


class MockFormSpawner(MockBerthSpawner):
    options_form = mocking.FormSpawner.options_form
    options_from_form = mocking.FormSpawner.options_from_form


class ReachableMockHub(mocking.MockHub):
    """MockHub at an address that containers reach. Browsers use its proxy on 127.0.0.1, as upstream's tests do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # By this path a later run knows a proxy that was left over.
        pid_file = str(Path("chp.pid").resolve())
        self.config.ConfigurableHTTPProxy.command = ["configurable-http-proxy", "--pid-file", pid_file]

    @default("hub_ip")
    def _default_hub_ip(self) -> str:
        return os.environ["BERTH_TEST_HUB_IP"]

    @default("tornado_settings")
    def _default_tornado_settings(self) -> dict[str, Any]:
        # Upstream's tests want 201, not 202, of a start or stop: time enough for a container on a busy machine.
        return {"slow_spawn_timeout": 60, "slow_stop_timeout": 60}


mocking.MockSpawner = MockBerthSpawner
mocking.FormSpawner = MockFormSpawner
mocking.MockHub = ReachableMockHub


def without_state(normalize_user: Any) -> Any:
    """Upstream's `normalize_user` sets the one value of a saved state that differs from run to run, {"pid": 7}, to 0.
    Berth's state stands in its place, and has to be what it is documented to be.
    """

    def normalized(user: Any) -> Any:
        for server in normalize_user(user).get("servers", {}).values():
            state = server["state"]["berth"]
            assert server["state"] == {"berth": {"version": 1, "key": state["key"], "generation": state["generation"]}}
            server["state"] = {"pid": 0}
        return user

    return normalized


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    for module in {item.module for item in items}:
        if hasattr(module, "SimpleLocalProcessSpawner"):
            module.SimpleLocalProcessSpawner = MockBerthSpawner
        if hasattr(module, "normalize_user"):
            module.normalize_user = without_state(module.normalize_user)
    listed = deselected()
    names = {f"{item.module.__name__.rpartition('.')[2]}.py::{item.name}": item for item in items}
    unknown = sorted(set(listed) - set(names))
    if unknown:
        raise pytest.UsageError(f"{LIST.name} names cases that don't exist: {', '.join(unknown)}")
    left_out = [names[name] for name in listed]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def deselected() -> list[str]:
    """Each line of the list is `module.py::case  # reason`."""
    return [line.partition("  # ")[0].strip() for line in LIST.read_text(encoding="utf-8").splitlines() if line.strip()]
