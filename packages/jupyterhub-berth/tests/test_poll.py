"""A poll: unknown is not dead, and what is known costs no request."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

import pytest
from conftest import MakeSpawner, close
from fake_service import FakeBerth, Record, now
from test_spawner import methods, saved, told, until, wait_for_stream

from jupyterhub_berth import BerthSpawner
from jupyterhub_berth.service import Service

EXIT = {"at": "2026-01-01T00:00:00Z", "oomKilled": False, "reason": "It ended."}

STATES: list[tuple[dict[str, Any], int | None]] = [
    ({"state": "starting", "since": "", "deadline": "", "step": "create"}, None),
    ({"state": "running", "since": "", "url": "http://127.0.0.1:1"}, None),
    ({"state": "stopping", "since": ""}, None),
    ({"state": "a-state-of-the-future"}, None),
    ({"state": "exited", "exit": {**EXIT, "code": 0}}, 0),
    ({"state": "exited", "exit": {**EXIT, "code": 137}}, 137),
    ({"state": "exited", "exit": {**EXIT, "code": None}}, 1),
    ({"state": "failed", "since": "", "failure": {"code": "internal"}}, 1),
    ({"state": "stopped", "since": ""}, 0),
]


@pytest.mark.parametrize(("status", "expected"), STATES, ids=lambda v: json.dumps(v)[:40])
@pytest.mark.parametrize("by", ["stream", "request"])
async def test_each_state_has_its_answer(
    fake: FakeBerth, spawner: BerthSpawner, status: dict[str, Any], expected: Any, by: str
) -> None:
    await spawner.start()
    if by == "request":
        fake.streaming = False
        fake.cut()
        await until(lambda: not spawner._service().fresh)
    state = status["state"]
    fake.only.become(state, **{k: v for k, v in status.items() if k != "state"})
    if by == "stream":
        await told(fake, spawner)
    fake.requests.clear()
    assert await spawner.poll() == expected
    assert len(methods(fake)) == (0 if by == "stream" else 1)


PROBLEM = "application/problem+json"
NOT_FOUND = {
    "type": "",
    "title": "No such server",
    "status": 404,
    "code": "server-not-found",
    "detail": "",
    "instance": "",
}

ANSWERS: list[tuple[str, tuple[int, str, str], int | None]] = [
    ("Berth's own 404", (404, PROBLEM, json.dumps(NOT_FOUND)), 0),
    ("Berth's 404 of another path", (404, PROBLEM, json.dumps({**NOT_FOUND, "code": "not-found"})), None),
    ("a proxy's 404 page", (404, "text/html", "<h1>Not Found</h1>"), None),
    ("a foreign JSON 404", (404, "application/json", '{"code": "server-not-found"}'), None),
    ("an empty 404", (404, PROBLEM, ""), None),
    ("a proxy's 502", (502, "text/html", "<h1>Bad Gateway</h1>"), None),
    ("not ready", (503, PROBLEM, json.dumps({**NOT_FOUND, "status": 503, "code": "not-ready"})), None),
    ("a login page", (200, "text/html", "<form>"), None),
    ("a 200 of something else", (200, "application/json", '{"hello": 1}'), None),
    ("a list", (200, "application/json", "[]"), None),
    ("wrong token", (401, PROBLEM, json.dumps({**NOT_FOUND, "status": 401, "code": "token-invalid"})), None),
    ("a redirect", (302, "text/html", ""), None),
]


@pytest.mark.parametrize(("answer", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
async def test_only_berths_own_word_declares_a_server_dead(
    fake: FakeBerth, spawner: BerthSpawner, answer: Any, expected: Any
) -> None:
    await spawner.start()
    fake.streaming = False
    fake.cut()
    await until(lambda: not spawner._service().fresh)
    fake.answer = answer
    assert await spawner.poll() == expected


async def test_a_service_that_is_down_declares_nobody_dead(fake: FakeBerth, make: MakeSpawner) -> None:
    spawner = make()
    await spawner.start()
    state = saved(spawner)
    await fake.down()
    assert await spawner.poll() is None
    reborn = make()
    reborn.load_state(state)
    assert await reborn.poll() is None
    assert await make(user="never-started").poll() is None


async def test_a_thousand_polls_cost_no_request_while_the_stream_is_fresh(fake: FakeBerth, make: MakeSpawner) -> None:
    spawners = [make(user=f"user{i}") for i in range(20)]
    await asyncio.gather(*(spawner.start() for spawner in spawners))
    fake.requests.clear()
    for _ in range(50):
        assert set(await asyncio.gather(*(spawner.poll() for spawner in spawners))) == {None}
    assert fake.requests == []


async def test_the_polls_of_a_hubs_start_wait_for_the_first_snapshot(fake: FakeBerth, make: MakeSpawner) -> None:
    for i in range(30):
        await make(user=f"user{i}").start()
    states = [(f"user{i}", saved_of(record)) for i, record in enumerate(fake.records.values())]
    for service in list(make()._service().known.values()):
        await close(service)
    fake.requests.clear()
    reborn = [make(user=user) for user, _ in states]
    for spawner, (_, state) in zip(reborn, states):
        spawner.load_state(state)
    assert set(await asyncio.gather(*(spawner.poll() for spawner in reborn))) == {None}
    assert methods(fake) == []


def saved_of(record: Record) -> dict[str, Any]:
    return {"berth": {"version": 1, "key": record.key, "generation": record.generation}}


async def test_a_server_that_dies_is_known_without_asking(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await wait_for_stream(spawner)
    fake.only.exit(137, oom=True)
    await told(fake, spawner)
    fake.requests.clear()
    assert await spawner.poll() == 137
    assert fake.requests == []


async def test_a_new_server_is_not_answered_for_by_its_predecessor(fake: FakeBerth, make: MakeSpawner) -> None:
    """The stream goes mute after the first server's end: the second, running, must not be taken for the first."""
    first = make()
    await first.start()
    fake.only.exit(1)
    await told(fake, first)
    fake.mute = True
    second = make()
    await asyncio.wait_for(second.start(), 10)
    assert second._service().fresh
    assert await second.poll() is None


async def test_a_poll_in_mid_start_is_none_whatever_is_known(fake: FakeBerth, spawner: BerthSpawner) -> None:
    async def launch(record: Record) -> str:
        await asyncio.sleep(0.3)
        return "http://127.0.0.1:1"

    fake.launch = launch
    start = asyncio.ensure_future(spawner.start())
    assert await spawner.poll() is None
    await until(lambda: fake.records)
    assert await spawner.poll() is None
    await start


async def test_the_token_may_be_rotated_under_a_running_hub(
    fake: FakeBerth, spawner: BerthSpawner, caplog: pytest.LogCaptureFixture
) -> None:
    await spawner.start()
    fake.token = "second-token"
    with open(spawner.token_file, "w", encoding="ascii") as file:
        file.write("second-token\n")
    fake.cut()
    await wait_for_stream(spawner)
    assert await spawner.poll() is None
    await spawner.stop()
    # And where the change left no trace in the file's stamp: after a 401 it is read again.
    stat = os.stat(spawner.token_file)
    fake.token = "third--token"
    with open(spawner.token_file, "w", encoding="ascii") as file:
        file.write("third--token\n")
    os.utime(spawner.token_file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert await spawner.start()
    assert "second-token" not in caplog.text


async def test_no_token_environment_or_body_is_logged(
    fake: FakeBerth, make: MakeSpawner, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    caplog.set_level(1)
    bad = tmp_path / "bad.token"
    bad.write_text("s3cret-token\nsecond-line")
    spawner = make(environment={"PASSWORD": "s3cret-env"}, token_file=str(bad))
    with pytest.raises(Exception, match="token"):
        await spawner.start()
    good = make(environment={"PASSWORD": "s3cret-env"})
    await good.start()
    await fake.down()
    await good.poll()
    await asyncio.sleep(0.3)
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("sqlalchemy"))
    assert "s3cret" not in ours
    assert "hub-token" not in ours


async def test_a_slow_service_does_not_hold_up_those_it_has_told_of(fake: FakeBerth, make: MakeSpawner) -> None:
    """150 slow starts in flight: another user's poll and stop answer in under a second."""
    other = make(user="other")
    await other.start()
    release = asyncio.Event()

    async def launch(record: Record) -> str:
        await release.wait()
        return "http://127.0.0.1:1"

    fake.launch = launch
    starts = [asyncio.ensure_future(make(user=f"user{i}").start()) for i in range(150)]
    await until(lambda: len(fake.records) == 151, within=20)
    began = time.monotonic()
    assert await other.poll() is None
    await other.stop()
    assert time.monotonic() - began < 1
    release.set()
    await asyncio.gather(*starts)


# --- the stream itself ---------------------------------------------------------------------------------------------


async def test_a_cut_stream_goes_on_behind_the_last_event(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await wait_for_stream(spawner)
    last = fake.events[-1]["id"]
    fake.cut()
    await until(lambda: not spawner._service().fresh)
    fake.only.exit(3)
    await wait_for_stream(spawner)
    assert ("GET", f"/v1/events?after={last}") in fake.requests
    fake.requests.clear()
    assert await spawner.poll() == 3
    assert fake.requests == []


async def test_a_stream_that_is_too_far_behind_gets_a_snapshot(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await wait_for_stream(spawner)
    fake.remember = 0
    fake.cut()
    await until(lambda: not spawner._service().fresh)
    fake.only.exit(4)
    await wait_for_stream(spawner)
    assert await spawner.poll() == 4


@pytest.mark.parametrize(
    "garbage",
    [
        "data: {not json\n\n",
        'data: {"type": "server", "id": 5}\n\n',
        'data: {"type": "server", "id": 5, "server": {"key": "x"}}\n\n',
        "data: []\n\n",
        'data: {"type": "snapshot", "id": null, "servers": []}\n\n',
        "data: \ufffd\x00\n\n",
    ],
)
async def test_a_garbled_stream_is_opened_anew_and_the_start_succeeds(
    fake: FakeBerth, spawner: BerthSpawner, garbage: str
) -> None:
    async def launch(record: Record) -> str:
        fake.garble(garbage)
        await asyncio.sleep(0.1)
        return "http://127.0.0.1:1"

    fake.launch = launch
    await spawner.poll()
    assert await asyncio.wait_for(spawner.start(), 10) == "http://127.0.0.1:1"
    await wait_for_stream(spawner)
    assert sum(uri.startswith("/v1/events") for _, uri in fake.requests) >= 2
    assert fake.only.status["state"] == "running"


async def test_an_event_of_a_newer_service_is_passed_over(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await wait_for_stream(spawner)
    fake.garble('event: new\ndata: {"type": "new", "id": 99999}\n\n:\r\nretry: 5\n\n')
    await asyncio.sleep(0.1)
    assert spawner._service().fresh
    assert await spawner.poll() is None


async def test_events_split_at_any_byte_are_read(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await wait_for_stream(spawner)
    record = fake.only
    status = {"state": "exited", "exit": {**EXIT, "code": 5}}
    event = {"type": "server", "id": 5000, "server": {**record.json(), "user": "ана", "status": status}}
    fake.requests.clear()
    for byte in f"id: 5000\r\ndata: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode():
        fake.garble(bytes([byte]))
        await asyncio.sleep(0)
    await until(lambda: spawner._service()._servers[record.key]["status"] == status)
    assert await spawner.poll() == 5
    assert spawner._service()._servers[record.key]["user"] == "ана"
    assert fake.requests == []


async def test_a_mute_stream_is_noticed_dropped_and_opened_anew(
    fake: FakeBerth, spawner: BerthSpawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "silence", 1.0)
    await spawner.start()
    await wait_for_stream(spawner)
    fake.mute = True
    fake.only.exit(9)
    assert await spawner.poll() is None, "nobody can know yet"
    await asyncio.sleep(1.1)
    assert await spawner.poll() == 9, "silent for too long: asked for"
    fake.mute = False
    fake.comment_every = 0.2
    await wait_for_stream(spawner)
    assert len(fake.streams) <= 2


async def test_a_start_succeeds_over_a_mute_stream(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.poll()
    fake.mute = True
    assert await asyncio.wait_for(spawner.start(), 8)


async def test_a_start_and_a_stop_succeed_without_any_stream(fake: FakeBerth, spawner: BerthSpawner) -> None:
    fake.streaming = False
    assert await asyncio.wait_for(spawner.start(), 8)
    await asyncio.wait_for(spawner.stop(), 8)


async def test_all_spawners_of_a_hub_share_one_stream(fake: FakeBerth, make: MakeSpawner) -> None:
    await asyncio.gather(*(make(user=f"user{i}").poll() for i in range(10)))
    assert len(fake.streams) == 1


async def test_a_closed_service_hangs_up(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.poll()
    await until(lambda: fake.streams)
    await close(spawner._service())
    await until(lambda: not fake.streams)


async def test_a_unix_socket_serves_as_well(tmp_path: Any, make: MakeSpawner) -> None:
    async with FakeBerth(str(tmp_path / "hub.sock")) as fake:
        spawner = make(berth_url=fake.url)
        assert await spawner.start() == "http://127.0.0.1:12345"
        await wait_for_stream(spawner)
        await spawner.stop()
        assert fake.only.status["state"] == "stopped"


async def test_the_hubs_own_client_settings_do_not_reach_berth(fake: FakeBerth, spawner: BerthSpawner) -> None:
    from tornado.httpclient import AsyncHTTPClient

    defaults = {"ca_certs": "/nowhere", "client_cert": "/nowhere", "request_timeout": 0.0001, "user_agent": "hub"}
    AsyncHTTPClient.configure(None, defaults=defaults)
    try:
        assert await spawner.start()
        await wait_for_stream(spawner)
    finally:
        AsyncHTTPClient.configure(None)


# --- progress ------------------------------------------------------------------------------------------------------


async def test_three_viewers_and_a_late_one_see_the_same_steps_as_they_happen(
    fake: FakeBerth, spawner: BerthSpawner
) -> None:
    async def launch(record: Record) -> str:
        for percent in (10, 30, 60, 80):
            record.step(percent, f"Step {percent} <b>")
            await asyncio.sleep(0.4)
        return "http://127.0.0.1:1"

    fake.launch = launch
    clock = asyncio.get_running_loop().time

    async def view() -> list[tuple[float, dict[str, Any]]]:
        return [(clock(), event) async for event in spawner.progress()]

    viewers = [asyncio.ensure_future(view()) for _ in range(3)]
    start = asyncio.ensure_future(spawner.start())
    await asyncio.sleep(1.0)
    late_began = clock()
    viewers.append(asyncio.ensure_future(view()))
    await start
    seen = await asyncio.wait_for(asyncio.gather(*viewers), 2)
    expected = [{"progress": p, "message": f"Step {p} <b>"} for p in (10, 30, 60, 80)]
    for events in seen:
        assert [event for _, event in events] == expected
    told = [at for at, _ in fake.only.told_at]
    for events in seen[:3]:
        assert all(0 <= arrived - at < 0.3 for (arrived, _), at in zip(events, told))
    assert all(0 <= arrived - max(at, late_began) < 0.3 for (arrived, _), at in zip(seen[3], told))


async def test_without_a_stream_the_steps_still_come_within_two_seconds(fake: FakeBerth, spawner: BerthSpawner) -> None:
    async def launch(record: Record) -> str:
        for percent in (20, 60):
            record.step(percent, f"Step {percent}")
            await asyncio.sleep(1.5)
        return "http://127.0.0.1:1"

    fake.launch, fake.streaming = launch, False
    start = asyncio.ensure_future(spawner.start())
    clock = asyncio.get_running_loop().time
    arrived = [(clock(), event["progress"]) async for event in spawner.progress()]
    await start
    assert [percent for _, percent in arrived] == [20, 60]
    assert all(at - told < 2 for (at, _), (told, _) in zip(arrived, fake.only.told_at))


async def test_a_failed_starts_viewers_are_let_go_and_the_next_start_tells_anew(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    spawner = make()
    fake.refuse_start = None

    async def broken(record: Record) -> str:
        record.step(40, "Creating")
        record.become("failed", since=now(), failure={"message": "No.", "retryable": False})
        await asyncio.sleep(60)
        return ""

    fake.launch = broken
    with pytest.raises(Exception, match="No"):
        await spawner.start()
    assert [event["progress"] async for event in spawner.progress()] == [40]
    spawner.clear_state()  # as the hub does before each start

    async def fine(record: Record) -> str:
        record.step(70, "Creating")
        return "http://127.0.0.1:1"

    fake.launch = fine
    await spawner.start()
    assert [event["progress"] async for event in spawner.progress()] == [70]
