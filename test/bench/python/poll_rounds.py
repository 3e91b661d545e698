"""Polls every server of a service, round by round, as a hub does: the real spawner, on one event loop.

    poll_rounds.py SERVERS ROUNDS        with BERTH_URL and BERTH_TOKEN_FILE in the environment

Writes `ready` once all is warm, waits for a line, and then writes the CPU seconds of all rounds as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
from unittest import mock

from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.user import User
from jupyterhub_berth import BerthSpawner
from jupyterhub_berth.keys import server_key


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def spawners(count: int) -> list[BerthSpawner]:
    """As a hub has them after its restart: each with its state from the hub's database."""
    db = orm.new_session_factory("sqlite:///:memory:")()
    hub = Hub(ip="172.18.0.1", connect_ip="172.18.0.1", port=8081, base_url="/hub/")
    settings = {"config": None, "base_url": "/", "domain": None, "spawner_class": BerthSpawner}
    made = []
    for number in range(count):
        name = f"user{number}"
        orm_user = orm.User(name=name)
        db.add(orm_user)
        db.commit()
        user = User(orm_user, settings)
        with mock.patch.dict(user.settings, {"hub": hub}):
            spawner = user._new_spawner("", hub=hub)
        spawner.log = logging.getLogger("bench")
        spawner.load_state({"berth": {"version": 1, "key": server_key("default", name, ""), "generation": 1}})
        made.append(spawner)
    return made


async def round_of(all_spawners: list[BerthSpawner]) -> None:
    answers = await asyncio.gather(*(spawner.poll() for spawner in all_spawners))
    ended = [answer for answer in answers if answer is not None]
    if ended:
        raise SystemExit(f"{len(ended)} of {len(answers)} polls say that the server doesn't run: {ended[:5]}")


async def main(count: int, rounds: int) -> None:
    all_spawners = spawners(count)
    for _ in range(3):
        await round_of(all_spawners)
    if not all_spawners[0]._service().fresh:
        raise SystemExit("there is no event stream: polls would be requests")
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    began = cpu()
    for _ in range(rounds):
        await round_of(all_spawners)
        await asyncio.sleep(0)
    print(json.dumps({"cpuSeconds": cpu() - began}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


# What the hub's database and a connection that ends have to say is of no use here; whether polls were right is checked.
logging.disable(logging.CRITICAL)
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
