"""Start, stop, cancel and everything that can go wrong between a hub and the Berth service."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from conftest import MakeSpawner
from fake_service import Failed, FakeBerth, Record, Refused, launch_at_once

from jupyterhub_berth import BerthSpawner
from jupyterhub_berth.messages import StartFailed


def saved(spawner: BerthSpawner) -> Any:
    """What comes back from the hub's database."""
    return json.loads(json.dumps(spawner.get_state()))


def methods(fake: FakeBerth) -> list[str]:
    return [method for method, uri in fake.requests if uri.startswith("/v1/servers")]


async def until(condition: Any, within: float = 5) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.01)


async def wait_for_stream(spawner: BerthSpawner) -> None:
    await until(lambda: spawner._service().fresh)


async def told(fake: FakeBerth, spawner: BerthSpawner) -> None:
    """Until the event stream has told what became of the only server."""
    await until(lambda: spawner._service()._servers[fake.only.key]["status"] == fake.only.status)


async def slow(record: Record) -> str:
    await asyncio.sleep(60)
    return ""


async def test_a_start_returns_the_url_and_asks_for_what_the_hub_wants(fake: FakeBerth, make: MakeSpawner) -> None:
    spawner = make(name="lab", mem_limit="1G", cpu_limit=1.5, environment={"A": 1, "B": lambda s: s.user.name})
    assert await spawner.start() == "http://127.0.0.1:12345"
    (body,) = fake.bodies
    assert (body["user"], body["serverName"], body["port"]) == ("user1", "lab", 8888)
    assert abs(body["generation"] - time.time() * 1000) < 5000
    assert 54 < body["budgetSeconds"] <= 55
    assert body["limits"] == {"memoryBytes": 1 << 30, "cpus": 1.5}
    assert body["environment"]["A"] == "1"
    assert body["environment"]["B"] == "user1"
    assert body["environment"]["JUPYTERHUB_SERVICE_URL"].startswith("http://0.0.0.0:8888/")
    assert "PATH" not in body["environment"]
    assert not {"image", "command", "certificates"} & set(body)
    assert await spawner.poll() is None


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({}, None),
        ({"cmd": ["start.sh"]}, ["start.sh"]),
        ({"cmd": ["start.sh"], "args": ["--x"]}, ["start.sh", "--x"]),
        ({"args": ["--x"]}, ["jupyterhub-singleuser", "--x"]),
    ],
)
async def test_a_command_is_sent_only_where_one_is_configured(
    fake: FakeBerth, make: MakeSpawner, settings: Any, command: Any
) -> None:
    await make(**settings).start()
    assert fake.bodies[0].get("command") == command


@pytest.mark.parametrize(("start_timeout", "budget"), [(60, 55), (20, 15), (9, 7.2), (1, 1)])
async def test_the_budget_ends_before_the_hubs_own_time_out(
    fake: FakeBerth, make: MakeSpawner, start_timeout: int, budget: float
) -> None:
    await make(start_timeout=start_timeout).start()
    assert budget - 0.5 <= fake.bodies[0]["budgetSeconds"] <= max(1, budget)


async def test_a_start_within_five_seconds_works_on_a_hub_with_a_tiny_time_out(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    spawner = make(start_timeout=2)
    fake.launch = slow
    with pytest.raises(StartFailed, match="took longer than"):
        await asyncio.wait_for(spawner.start(), 2)


async def test_a_failure_carries_its_sentence_to_every_page_of_the_hub(fake: FakeBerth, spawner: BerthSpawner) -> None:
    async def launch(record: Record) -> str:
        raise Failed("exited-in-start", "It ended with code 3:\n100% <b>broken</b>\x1b[31m")

    fake.launch = launch
    with pytest.raises(StartFailed) as caught:
        await spawner.start()
    error: Any = caught.value
    sentence = "It ended with code 3: 100% <b>broken</b> [31m"
    assert error.jupyterhub_message == sentence
    assert not hasattr(error, "jupyterhub_html_message")
    error.reason = "error"  # as the hub does
    assert not error.reason
    assert error.log_message % error.args == sentence  # what write_error shows before 5.3
    assert "DELETE" not in methods(fake), "Berth has undone it: history and `berth ps` keep the reason"
    assert await spawner.poll() == 1
    fake.launch = launch_at_once
    assert await spawner.start()
    assert await spawner.poll() is None


@pytest.mark.parametrize(
    ("problem", "status", "words"),
    [
        (Refused(503, "draining", "Maintenance until 18:00."), 503, "Maintenance until 18:00."),
        (Refused(403, "image-not-allowed", "The image x is not offered."), 403, "The image x is not offered."),
        (Refused(500, "internal", "Berth made a mistake."), 500, "Berth made a mistake."),
        (Refused(401, "token-invalid", "Unknown token."), 500, "doesn't accept this hub's token"),
    ],
)
async def test_a_refused_start_fails_at_once_with_berths_words(
    fake: FakeBerth, spawner: BerthSpawner, problem: Refused, status: int, words: str
) -> None:
    fake.refuse_start = problem
    with pytest.raises(StartFailed, match=words) as caught:
        await asyncio.wait_for(spawner.start(), 5)
    assert caught.value.status_code == status
    assert await spawner.poll() == 0


async def test_a_server_that_ends_before_it_was_seen_running_fails_the_start(
    fake: FakeBerth, spawner: BerthSpawner
) -> None:
    async def launch(record: Record) -> str:
        record.exit(137, "It was killed: out of memory.", oom=True)
        await asyncio.sleep(60)
        return ""

    fake.launch = launch
    with pytest.raises(StartFailed, match="out of memory"):
        await asyncio.wait_for(spawner.start(), 5)
    assert await spawner.poll() == 137


async def test_an_interrupted_start_is_sent_anew_with_a_higher_generation(
    fake: FakeBerth, spawner: BerthSpawner
) -> None:
    async def launch(record: Record) -> str:
        if len(fake.bodies) < 3:
            raise Failed("start-interrupted", "The service was restarted.", retryable=True)
        return "http://127.0.0.1:1"

    fake.launch = launch
    assert await spawner.start() == "http://127.0.0.1:1"
    generations = [body["generation"] for body in fake.bodies]
    assert len(generations) == 3
    assert generations == sorted(set(generations))
    budgets = [body["budgetSeconds"] for body in fake.bodies]
    assert budgets == sorted(budgets, reverse=True)


async def test_a_service_that_lost_its_state_in_mid_start_is_asked_anew(fake: FakeBerth, spawner: BerthSpawner) -> None:
    async def launch(record: Record) -> str:
        if len(fake.bodies) == 1:
            fake.records.clear()
            fake.cut()
            await asyncio.sleep(60)
        return "http://127.0.0.1:1"

    fake.launch = launch
    assert await asyncio.wait_for(spawner.start(), 10) == "http://127.0.0.1:1"


async def test_a_clock_that_went_back_is_overtaken_by_the_generation_in_force(
    fake: FakeBerth, make: MakeSpawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make()
    await first.start()
    await first.stop()
    ahead = fake.only.generation
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    second = make()
    await second.start()
    assert fake.only.generation == ahead + 1


async def test_a_cancelled_start_is_undone_with_its_own_generation(fake: FakeBerth, spawner: BerthSpawner) -> None:
    fake.launch = slow
    start = asyncio.ensure_future(spawner.start())
    await until(lambda: fake.records)
    assert await spawner.poll() is None
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    await until(lambda: fake.only.status["state"] == "stopped")
    assert ("DELETE", f"/v1/servers/{fake.only.key}?generation={fake.bodies[0]['generation']}") in fake.requests


async def test_a_start_cancelled_while_the_service_is_down_is_undone_once_it_is_back(
    fake: FakeBerth, spawner: BerthSpawner
) -> None:
    fake.launch = slow
    start = asyncio.ensure_future(spawner.start())
    await until(lambda: fake.records)
    await fake.down()
    start.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert time.monotonic() - began < 6, "the hub isn't held up"
    await fake.up()
    await until(lambda: fake.only.status["state"] == "stopped", within=10)


async def test_a_failed_start_that_is_still_being_undone_does_not_hold_up_its_reason(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    """The hub would call stop() after a poll of None, and show why the start failed only once that had returned."""
    spawner = make()
    done = asyncio.Event()

    async def halt(record: Record) -> None:
        await done.wait()

    fake.launch, fake.halt = slow, halt
    start = asyncio.ensure_future(spawner.start())
    await until(lambda: fake.records)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert fake.only.status["state"] == "stopping"
    assert await spawner.poll() == 1
    done.set()


async def test_a_hub_that_gives_up_first_leaves_nothing_behind(fake: FakeBerth, spawner: BerthSpawner) -> None:
    fake.launch = slow
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(spawner.start(), 0.3)
    await until(lambda: fake.only.status["state"] == "stopped")


async def test_a_stop_ends_a_start_that_waits_for_a_service_that_is_down(
    fake: FakeBerth, spawner: BerthSpawner
) -> None:
    """Hubs up to 5.0 let a timed-out start run on: it mustn't start the server after its stop."""
    await spawner._own_key()
    await fake.down()
    start = asyncio.ensure_future(spawner.start())
    await asyncio.sleep(0.2)
    stop = asyncio.ensure_future(spawner.stop())
    await asyncio.sleep(0.2)
    await fake.up()
    await stop
    with pytest.raises(StartFailed):
        await start
    await asyncio.sleep(0.2)
    assert all(record.status["state"] == "stopped" for record in fake.records.values())


async def test_a_service_that_is_down_fails_a_start_in_bounded_time_with_a_sentence(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    spawner = make(start_timeout=9)
    await fake.down()
    began = time.monotonic()
    with pytest.raises(StartFailed, match=r"Nothing was started.*tell your administrator") as caught:
        await spawner.start()
    assert 2 < time.monotonic() - began < 4.5
    assert caught.value.status_code == 503
    assert "127.0.0.1" not in str(caught.value.jupyterhub_message)


async def test_a_service_that_comes_back_in_time_starts_the_server(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await fake.down()
    start = asyncio.ensure_future(spawner.start())
    await asyncio.sleep(1)
    await fake.up()
    assert await start == "http://127.0.0.1:12345"


async def test_a_service_that_is_only_just_starting_is_waited_for(fake: FakeBerth, spawner: BerthSpawner) -> None:
    fake.refuse_start = Refused(503, "not-ready", "The service has not yet seen what runs.")
    start = asyncio.ensure_future(spawner.start())
    await asyncio.sleep(0.7)
    fake.refuse_start = None
    assert await start == "http://127.0.0.1:12345"


async def test_the_service_restarted_in_mid_start_is_followed_on(fake: FakeBerth, spawner: BerthSpawner) -> None:
    go = asyncio.Event()

    async def launch(record: Record) -> str:
        await go.wait()
        return "http://127.0.0.1:7"

    fake.launch = launch
    start = asyncio.ensure_future(spawner.start())
    await until(lambda: fake.records)
    await fake.down()
    await asyncio.sleep(0.5)
    go.set()
    await fake.up()
    assert await asyncio.wait_for(start, 10) == "http://127.0.0.1:7"


async def test_a_stop_waits_until_the_server_is_gone(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()

    async def halt(record: Record) -> None:
        await asyncio.sleep(1)

    fake.halt = halt
    began = time.monotonic()
    await spawner.stop()
    assert 0.9 < time.monotonic() - began < 2
    assert fake.only.status["state"] == "stopped"
    assert methods(fake).count("DELETE") == 1
    assert await spawner.poll() == 0


async def test_a_stop_longer_than_any_request_may_take_is_waited_out(
    fake: FakeBerth, spawner: BerthSpawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop of 40 s, compressed: no request is open while the server stops, with the stream or without."""
    await spawner.start()
    fake.streaming = False
    fake.cut()

    async def halt(record: Record) -> None:
        await asyncio.sleep(4)

    fake.halt = halt
    await spawner.stop()
    assert fake.only.status["state"] == "stopped"
    assert 2 <= methods(fake).count("GET") <= 8


async def test_a_stop_that_takes_too_long_raises_and_says_so_in_the_log(
    fake: FakeBerth, make: MakeSpawner, caplog: pytest.LogCaptureFixture
) -> None:
    spawner = make(stop_timeout=0.5)
    await spawner.start()

    done = asyncio.Event()

    async def halt(record: Record) -> None:
        await done.wait()

    fake.halt = halt
    with pytest.raises(Exception, match="still runs"):
        await spawner.stop()
    done.set()
    assert "was NOT stopped" in caplog.text


async def test_a_stop_while_the_service_is_down_is_done_once_it_is_back(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    await fake.down()
    stop = asyncio.ensure_future(spawner.stop())
    await asyncio.sleep(0.7)
    await fake.up()
    await asyncio.wait_for(stop, 10)
    assert fake.only.status["state"] == "stopped"


async def test_stopping_what_is_gone_is_done_at_once(fake: FakeBerth, spawner: BerthSpawner) -> None:
    await spawner.start()
    fake.records.clear()
    await asyncio.wait_for(spawner.stop(), 2)


async def test_a_late_stop_leaves_a_newer_start_alone(fake: FakeBerth, make: MakeSpawner) -> None:
    old = make()
    await old.start()
    new = make()
    await new.start()
    await old.stop()
    assert fake.only.status["state"] == "running"


async def test_a_server_stopped_by_an_admin_in_mid_start_fails_it(fake: FakeBerth, spawner: BerthSpawner) -> None:
    fake.launch = slow
    start = asyncio.ensure_future(spawner.start())
    await until(lambda: fake.records)
    fake.delete(fake.only.key, None, False)
    with pytest.raises(StartFailed, match="cancelled"):
        await asyncio.wait_for(start, 5)


async def test_default_and_named_servers_of_one_user_stand_side_by_side(fake: FakeBerth, make: MakeSpawner) -> None:
    default, lab = make(), make(name="lab")
    await asyncio.gather(default.start(), lab.start())
    assert len(fake.records) == 2
    await lab.stop()
    assert await default.poll() is None
    assert await lab.poll() == 0


async def test_delete_forever_purges_in_the_background(fake: FakeBerth, make: MakeSpawner) -> None:
    spawner = make(name="lab")
    await spawner.start()
    await spawner.stop()
    spawner.clear_state()
    spawner.delete_forever()
    await until(lambda: not fake.records)
    spawner.delete_forever()  # what is gone is no error


async def test_delete_forever_spares_a_server_started_under_the_same_name_since(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    await make().start()
    fake.delay = 0.3
    make().delete_forever()
    fake.delay = 0
    await asyncio.sleep(0.01)
    await make().start()
    await asyncio.sleep(0.5)
    assert fake.only.status["state"] == "running"


async def test_a_rename_is_refused_with_a_reason(spawner: BerthSpawner) -> None:
    with pytest.raises(StartFailed, match="display name"):
        await spawner.rename("a", "b")


# --- after a restart of the hub ----------------------------------------------------------------------------------


async def test_state_survives_and_points_at_the_same_server(fake: FakeBerth, make: MakeSpawner) -> None:
    first = make()
    await first.start()
    state = saved(first)
    assert state == {"berth": {"version": 1, "key": fake.only.key, "generation": fake.only.generation}}
    second = make()
    second.load_state(state)
    assert await second.poll() is None
    assert await second.get_url() == "http://127.0.0.1:12345"
    await second.stop()
    assert ("DELETE", f"/v1/servers/{fake.only.key}?generation={fake.only.generation}") in fake.requests


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"container_id": "4a5b", "container_name": "jupyter-user1"},  # dockerspawner
        {"pid": 4711},  # localprocess
        {"pod_name": "jupyter-user1", "namespace": "hub", "dns_name": "x"},  # kubespawner
        {"berth": None},
        {"berth": [1]},
        {"berth": {"key": 3, "generation": "x"}},
        {"berth": {"key": "../../x", "generation": 5}},
        {"berth": {"key": "a-b", "generation": True}},
        None,
        "text",
    ],
)
async def test_a_foreign_or_damaged_state_means_that_nothing_is_known(make: MakeSpawner, state: Any) -> None:
    spawner = make()
    spawner.load_state(state)
    assert spawner.get_state().get("berth") is None
    assert await spawner.poll() == 0


async def test_a_hub_killed_in_mid_start_finds_its_server_by_the_key_alone(fake: FakeBerth, make: MakeSpawner) -> None:
    go = asyncio.Event()

    async def launch(record: Record) -> str:
        await go.wait()
        return "http://127.0.0.1:9"

    fake.launch = launch
    dead = asyncio.ensure_future(make().start())
    await until(lambda: fake.records)
    reborn = make()  # with no state: it is saved only once start() has returned
    reborn.load_state({})
    assert await reborn.poll() is None
    url = asyncio.ensure_future(reborn.get_url())
    await asyncio.sleep(0.3)
    assert not url.done()
    go.set()
    assert await asyncio.wait_for(url, 2) == "http://127.0.0.1:9"
    await dead
    await reborn.stop()
    assert fake.only.status["state"] == "stopped"


async def test_get_url_waits_for_a_service_that_is_down_and_never_raises(fake: FakeBerth, make: MakeSpawner) -> None:
    await make().start()
    await fake.down()
    reborn = make(start_timeout=20)
    url = asyncio.ensure_future(reborn.get_url())
    await asyncio.sleep(0.5)
    await fake.up()
    assert await asyncio.wait_for(url, 10) == "http://127.0.0.1:12345"
    await fake.down()
    hopeless = make(user="user2", start_timeout=1)
    assert await asyncio.wait_for(hopeless.get_url(), 5) == ""


# --- options, certificates, the hub's own configuration ------------------------------------------------------------


async def test_the_form_is_the_services_own_for_this_server_and_image(fake: FakeBerth, make: MakeSpawner) -> None:
    assert await make().get_options_form() == ""
    fake.form = "<select>&lt;script&gt;</select>"
    spawner = make(name="a b", image="x&y")
    assert await spawner.get_options_form() == fake.form
    assert fake.requests[-1] == ("GET", f"/v1/hub?key={await spawner._own_key()}&user=user1&image=x%26y")
    chosen = make(name="lab", image="plain", user_options={"image": "spark"})
    await chosen.get_options_form()
    assert fake.requests[-1] == ("GET", f"/v1/hub?key={await chosen._own_key()}&user=user1&image=spark")


async def test_the_form_still_renders_and_says_so_while_the_service_is_down(fake: FakeBerth, make: MakeSpawner) -> None:
    await fake.down()
    assert "can't be reached" in await make().get_options_form()


@pytest.mark.parametrize(
    ("form", "options"),
    [({"image": ["spark"]}, {"image": "spark"}), ({"image": [""]}, {}), ({"_xsrf": ["x"]}, {}), ({}, {})],
)
async def test_the_form_is_read(make: MakeSpawner, form: Any, options: Any) -> None:
    assert make().options_from_form(form) == options


async def test_the_chosen_image_is_asked_for(fake: FakeBerth, make: MakeSpawner) -> None:
    await make(image="plain").start()
    await make(name="lab", image="plain", user_options={"image": "spark"}).start()
    assert [body["image"] for body in fake.bodies] == ["plain", "spark"]


@pytest.mark.parametrize("options", [{"profile": "x"}, {"image": ["x"]}, {"image": "x", "mounts": []}])
async def test_unknown_options_are_rejected_by_name(fake: FakeBerth, make: MakeSpawner, options: Any) -> None:
    with pytest.raises(StartFailed, match="image") as caught:
        await make(user_options=options).start()
    assert caught.value.status_code == 400
    assert not fake.bodies
    with pytest.raises(StartFailed, match="no option 'cpu'"):
        make().options_from_form({"cpu": ["3"]})


async def test_options_that_another_spawner_left_in_the_database_do_not_lock_a_user_out(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    class Request:
        body = b""
        query_arguments = {"next": [b"/"]}  # noqa: RUF012

    class Handler:
        request = Request()

    await make(user_options={"profile": "gpu", "image": "spark"}, handler=Handler()).start()
    assert fake.bodies[0]["image"] == "spark"


@pytest.mark.parametrize(
    "settings",
    [
        {"pre_spawn_hook": lambda spawner: None},
        {"options_from_form": lambda form: {"profile": form["profile"][0]}},
        {"apply_user_options": {"profile": "image"}},
        {"apply_user_options": lambda spawner, options: None},
    ],
    ids=["a hook", "a form of its own", "apply_user_options", "a callable apply_user_options"],
)
async def test_options_that_the_sites_own_configuration_reads_are_its_own(
    fake: FakeBerth, make: MakeSpawner, settings: Any
) -> None:
    spawner = make(user_options={"profile": "gpu", "image": "spark"})
    for name, value in settings.items():
        setattr(spawner, name, value)  # hubs before 5.3 have no trait apply_user_options
    await spawner.start()
    assert fake.bodies[0]["image"] == "spark"


async def test_certificates_travel_with_the_start_and_are_found_under_run_berth(
    fake: FakeBerth, make: MakeSpawner, tmp_path: Any
) -> None:
    spawner = make(internal_ssl=True)
    for name in ("keyfile", "certfile", "cafile"):
        (tmp_path / name).write_text(f"-----BEGIN {name}\n")
    spawner.cert_paths = await spawner.move_certs({n: str(tmp_path / n) for n in ("keyfile", "certfile", "cafile")})
    assert spawner.cert_paths == {
        "keyfile": "/run/berth/ssl/key.pem",
        "certfile": "/run/berth/ssl/cert.pem",
        "cafile": "/run/berth/ssl/ca.pem",
    }
    await spawner.start()
    assert fake.bodies[0]["certificates"] == {
        "key": "-----BEGIN keyfile\n",
        "certificate": "-----BEGIN certfile\n",
        "authority": "-----BEGIN cafile\n",
    }
    assert fake.bodies[0]["environment"]["JUPYTERHUB_SSL_KEYFILE"] == "/run/berth/ssl/key.pem"
    assert "BEGIN" not in json.dumps(spawner.get_state())


async def test_a_certificate_names_the_servers_key(fake: FakeBerth, make: MakeSpawner, tmp_path: Any) -> None:
    pytest.importorskip("certipy").Certipy  # noqa: B018  a dependency of JupyterHub's
    from certipy import Certipy, CertNotFoundError  # noqa: F401

    certs = Certipy(store_dir=str(tmp_path))
    certs.create_ca("notebooks-ca")
    spawner = make(internal_ssl=True, internal_certs_location=str(tmp_path))
    spawner.internal_trust_bundles = {"notebooks-ca": str(tmp_path / "ca.pem")}
    await spawner.create_certs()
    key = await spawner._own_key()
    assert f"DNS:{key}" in spawner.ssl_alt_names


async def test_a_hub_that_notebooks_cannot_reach_fails_the_start_with_the_very_line(
    fake: FakeBerth, make: MakeSpawner
) -> None:
    with pytest.raises(StartFailed) as caught:
        await make(api_host="127.0.0.1").start()
    assert 'c.JupyterHub.hub_ip = "172.18.0.1"' in str(caught.value.jupyterhub_message)
    assert not fake.records
    fake.network = {"name": "host", "gateway": None}
    await make(api_host="127.0.0.1").start()
