"""A real hub with both of Berth's classes: its login form, its pages, its database."""

from __future__ import annotations

import asyncio
import html
from pathlib import Path
from typing import Any, AsyncIterator, Callable

import jupyterhub
import pytest
import pytest_asyncio
from fake_service import FakeBerth, Record, Refused
from real_hub import Browser, RealHub
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

INLINE = jupyterhub.version_info[:2] >= (5, 3)
MakeHub = Callable[..., RealHub]


@pytest.fixture
def hub(fake: FakeBerth, tmp_path: Path) -> MakeHub:
    (tmp_path / "hub.token").write_text(fake.token)
    fake.network = None

    def make(*lines: str) -> RealHub:
        three = """
from jupyterhub_berth import BerthAuthenticator, BerthSpawner
c.JupyterHub.authenticator_class = BerthAuthenticator
c.JupyterHub.spawner_class = BerthSpawner
c.JupyterHub.cleanup_servers = False
c.Berth.token_file = "hub.token"
"""
        return RealHub(tmp_path, "\n".join([three, f'c.Berth.berth_url = "{fake.url}"', *lines]))

    return make


class Anything(RequestHandler):
    def get(self) -> None:
        self.set_header("X-JupyterHub-Version", jupyterhub.__version__)


@pytest_asyncio.fixture
async def notebook() -> AsyncIterator[str]:
    """Where something answers, in place of a notebook server."""
    (listener,) = bind_sockets(0, "127.0.0.1")
    server = HTTPServer(Application([(r".*", Anything)]))
    server.add_sockets([listener])
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.stop()


def is_form(page: Any) -> bool:
    return 'name="password"' in page.text


async def test_what_a_user_reads_who_is_not_let_in(fake: FakeBerth, hub: MakeHub, tmp_path: Path) -> None:
    fake.user("user1")
    async with hub() as running:
        await running.logged("JupyterHub is now running")
        browser = Browser(running)
        wrong = await browser.log_in("user1", "wrong")
        assert "Invalid username or password" in wrong.text
        assert is_form(wrong)
        for refused in (
            Refused(403, "group-missing", "You're in no group that may log in: <b>100%</b> sure."),
            Refused(429, "login-throttled", "Too many attempts. Try again in 10 minutes."),
        ):
            fake.refuse_login = refused
            page = await browser.log_in("user1", fake.password)
            assert page.status_code == refused.status
            assert is_form(page) is INLINE
            assert html.escape(refused.body["detail"]) in page.text.replace("&#34;", "&quot;").replace(
                "&#39;", "&#x27;"
            )
            assert "<b>100%" not in page.text
        fake.refuse_login = Refused(503, "directory-unreachable", "dc1.corp.example.test: connection refused.")
        page = await browser.log_in("user1", fake.password)
        assert page.status_code == 503
        assert is_form(page) is INLINE
        assert "be logged in at the moment" in page.text
        assert "dc1.corp" not in page.text
        assert "dc1.corp.example.test: connection refused." in running.log
        fake.refuse_login = None
        await fake.down()
        assert (await browser.log_in("user1", fake.password)).status_code == 503
        assert "`berth serve`" in running.log
        await fake.up()
        # None of that keeps the user out later, and no browser chooses the address it has.
        made_up = {"X-Real-IP": "6.6.6.6", "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=6.6.6.6"}
        browser.session.headers.update(made_up)
        assert (await browser.log_in("USER1", fake.password)).status_code == 302
        assert fake.logins[-1]["remoteAddress"] == "127.0.0.1"
        assert fake.logins[-1]["forwardedFor"] == ["203.0.113.9"]
        assert (await browser.get("home")).status_code == 200
    kept = running.log.encode() + b"".join(file.read_bytes() for file in tmp_path.glob("*sqlite*"))
    assert b"user1" in kept
    assert fake.password.encode() not in kept


async def test_groups_and_admin_follow_the_directory_until_it_says_no(fake: FakeBerth, hub: MakeHub) -> None:
    async with hub("c.BerthAuthenticator.auth_refresh_age = 1") as running:
        browser = Browser(running)
        fake.user("user1", admin=True, groups=("risk analysts", "риск"))
        assert (await browser.log_in("user1", fake.password)).status_code == 302
        user = await running.user("user1")
        assert (user["admin"], sorted(user["groups"])) == (True, ["risk analysts", "риск"])
        assert "admin" in user["roles"]
        assert (await browser.get("admin")).status_code == 200

        fake.user("user1", groups=("риск",))
        await asyncio.sleep(1.1)
        assert (await browser.get("admin")).status_code == 403
        user = await running.user("user1")
        assert (user["admin"], user["groups"], user["roles"]) == (False, ["риск"], ["user"])

        fake.user("user1")
        assert (await Browser(running).log_in("user1", fake.password)).status_code == 302
        assert (await running.user("user1"))["groups"] == []

        fake.out["user1"] = "The account is disabled."
        await asyncio.sleep(1.1)
        page = await browser.get("home")
        assert page.status_code == 302
        assert page.headers["Location"].startswith("/hub/login")
        assert "'user1' is logged out: The account is disabled." in running.log


async def test_the_sites_own_admins_stay_and_hub_made_ones_do_not(fake: FakeBerth, hub: MakeHub) -> None:
    async with hub('c.BerthAuthenticator.admin_users = {"BANK\\\\User1"}') as running:
        for name in ("bank\\user1", "user2"):
            fake.user(name)
            assert (await Browser(running).log_in(name, fake.password)).status_code == 302
        assert (await running.user("bank\\user1"))["admin"] is True
        assert (await running.user("user2"))["admin"] is False


async def test_while_the_service_is_down_users_stay_for_the_grace(fake: FakeBerth, hub: MakeHub) -> None:
    lines = "c.BerthAuthenticator.auth_refresh_age = 1", "c.BerthAuthenticator.refresh_grace = 4"
    async with hub(*lines) as running:
        browser = Browser(running)
        fake.user("user1", admin=True)
        await browser.log_in("user1", fake.password)
        await fake.down()
        await asyncio.sleep(1.1)
        assert (await browser.get("home")).status_code == 200
        assert (await running.user("user1"))["admin"] is True
        await asyncio.sleep(3.5)
        assert (await browser.get("home")).status_code == 302
        await fake.up()
        assert (await browser.get("home")).status_code == 200


async def test_names_of_the_directory_reach_the_page_and_the_server(
    fake: FakeBerth, hub: MakeHub, notebook: str
) -> None:
    async def launch(record: Record) -> str:
        return notebook

    fake.launch = launch
    async with hub() as running:
        for name in ("anna maria", "bank\\user1", "user1@corp.example.test", "банк\\анна п"):
            fake.user(name)
            browser = Browser(running)
            assert (await browser.log_in(name.upper(), fake.password)).status_code == 302
            home = await browser.get("home")
            assert home.status_code == 200
            assert name in html.unescape(home.text)
            path = f"users/{jupyterhub.utils.url_escape_path(name)}/server"
            status, answer = await running.api("POST", path)
            assert status in (201, 202), answer
            for _ in range(100):
                if (await running.user(name))["server"]:
                    break
                await asyncio.sleep(0.1)
            assert fake.bodies[-1]["user"] == name
            assert (await running.user(name))["server"]


async def test_a_start_asks_whether_the_user_may_still_be_here(fake: FakeBerth, hub: MakeHub, notebook: str) -> None:
    async def launch(record: Record) -> str:
        return notebook

    fake.launch = launch
    async with hub() as running:
        fake.user("user1")
        await Browser(running).log_in("user1", fake.password)
        fake.out["user1"] = "The account is disabled."
        status, _ = await running.api("POST", "users/user1/server")
        assert status == 403
        assert not fake.bodies
        assert "'user1' is logged out: The account is disabled." in running.log


async def test_a_hub_without_a_directory_is_told_so_as_it_starts(fake: FakeBerth, hub: MakeHub) -> None:
    fake.login = "none"
    async with hub() as running:
        await running.logged("Nobody can log in, since the service has no directory.")
        assert "\n        directory:\n          domain: " in running.log
        assert running.log.count("Berth: Nobody") == 1
