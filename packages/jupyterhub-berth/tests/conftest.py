"""Real spawners of the installed JupyterHub against a stateful fake of the service."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, AsyncIterator, Callable
from unittest import mock

import pytest
import pytest_asyncio
from fake_service import TOKEN, FakeBerth
from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.user import User

from jupyterhub_berth import BerthSpawner
from jupyterhub_berth.service import Service

MakeSpawner = Callable[..., BerthSpawner]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeBerth]:
    async with FakeBerth() as service:
        yield service


@pytest_asyncio.fixture
async def make(fake: FakeBerth, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeSpawner]:
    """A spawner of the given user and server, as the hub makes them; settings by keyword."""
    token = tmp_path / "hub.token"
    token.write_text(TOKEN + "\n")
    monkeypatch.setenv("BERTH_TOKEN_FILE", str(token))
    monkeypatch.setenv("BERTH_URL", fake.url)
    db = orm.new_session_factory("sqlite:///:memory:")()
    users: Any = {}

    def make_spawner(
        user: str = "user1", name: str = "", api_host: str = "172.18.0.1", **settings: Any
    ) -> BerthSpawner:
        if user not in users:
            orm_user = orm.User(name=user)
            db.add(orm_user)
            db.commit()
            users[user] = User(
                orm_user, {"config": None, "base_url": "/", "domain": None, "spawner_class": BerthSpawner}
            )
        if name not in users[user].orm_spawners:  # JupyterHub 6 makes it beforehand
            db.add(orm.Spawner(name=name, user=users[user].orm_user))
            db.commit()
        hub = Hub(ip=api_host, connect_ip=api_host, port=8081, base_url="/hub/")
        with mock.patch.dict(users[user].settings, {"hub": hub}):
            spawner = users[user]._new_spawner(name, hub=hub, **settings)
        spawner.log = logging.getLogger("berth-test")
        return spawner

    yield make_spawner
    for service in [s for which, s in Service.known.items() if which[0] is asyncio.get_running_loop()]:
        await close(service)
    db.close()


async def close(service: Service) -> None:
    """As when the hub's process ends."""
    for which in [which for which, known in Service.known.items() if known is service]:
        del Service.known[which]
    service._listening.cancel()
    await asyncio.wait({service._listening})


@pytest.fixture
def spawner(make: MakeSpawner) -> BerthSpawner:
    return make()
