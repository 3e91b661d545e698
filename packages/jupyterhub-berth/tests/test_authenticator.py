"""What a login and a refresh answer the hub, whatever the service says, or doesn't."""

from __future__ import annotations

import asyncio
import logging
import traceback
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from conftest import MakeSpawner
from fake_service import FakeBerth, Refused
from tornado.httputil import HTTPHeaders

from jupyterhub_berth import BerthAuthenticator
from jupyterhub_berth.authenticator import LoginFailed

MakeAuthenticator = Callable[..., BerthAuthenticator]
NAMES = ["user1", "bank\\user1", "user1@corp.example.test", "anna maria", "банк\\анна п", "o'brien", "a%2fb+c&d?#e"]
NOT_BERTHS = [
    (200, "text/html", "<h1>Welcome</h1>"),
    (200, "application/json", "{}"),
    (200, "application/json", "[]"),
    (200, "application/json", '{"name": 1, "admin": true, "groups": [], "loggedIn": "yes", "user": "x"}'),
    (200, "application/json", '{"name": "user1", "admin": true, "groups": "all", "loggedIn": null}'),
    (200, "application/json", "{"),
    (401, "text/html", "credentials-wrong"),
    (404, "text/html", "user-not-found"),
    (500, "application/problem+json", "{}"),
    (302, "text/html", ""),
]
NO_ANSWER = [
    Refused(503, "directory-unreachable", "No domain controller answers."),
    Refused(504, "directory-timeout", "The directory did not answer within 15 s."),
    Refused(502, "directory-refused", "tokenGroups can't be read."),
    Refused(401, "token-invalid", "Unknown token."),
    Refused(403, "role-insufficient", "This token is a viewer's."),
    Refused(404, "login-not-configured", "No directory is configured."),
    Refused(409, "no-service-account", "There is no service account."),
    Refused(400, "request-invalid", "The body is wrong."),
    Refused(500, "internal", "Berth made a mistake."),
]


@pytest.fixture
def berth(fake: FakeBerth, make: MakeSpawner) -> MakeAuthenticator:
    """An authenticator with these settings, as the hub makes it."""

    def make_authenticator(**settings: Any) -> BerthAuthenticator:
        return BerthAuthenticator(log=logging.getLogger("berth-test"), **settings)

    return make_authenticator


def request(forwarded: str = "", peer: Any = ("192.0.2.7", 40000)) -> Any:
    context = SimpleNamespace(address=peer)
    headers = HTTPHeaders({"X-Forwarded-For": forwarded} if forwarded else {})
    return SimpleNamespace(
        request=SimpleNamespace(headers=headers, remote_ip="6.6.6.6", connection=SimpleNamespace(context=context))
    )


async def log_in(authenticator: BerthAuthenticator, username: str, password: str, handler: Any = None) -> Any:
    """As the hub does it: names are normalized and checked, users blocked and allowed."""
    data = {"username": username, "password": password}
    return await authenticator.get_authenticated_user(handler or request(), data)


async def test_a_login_hands_over_what_was_typed_and_whose_connection_it_is(
    fake: FakeBerth, berth: MakeAuthenticator
) -> None:
    fake.user("user1", groups=("risk analysts", "риск"))
    user = await log_in(berth(), "USER1", fake.password, request("10.0.0.1, 10.0.0.2"))
    assert (user["name"], user["admin"], user["groups"]) == ("user1", False, ["risk analysts", "риск"])
    assert user["auth_state"] is None
    assert fake.logins == [
        {
            "username": "USER1",
            "password": fake.password,
            "remoteAddress": "192.0.2.7",
            "forwardedFor": ["10.0.0.1", "10.0.0.2"],
        }
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_the_services_name_is_the_hubs_name(fake: FakeBerth, berth: MakeAuthenticator, name: str) -> None:
    fake.user(name)
    authenticator = berth(username_map={name: "other"})
    assert (await log_in(authenticator, name.upper(), fake.password))["name"] == name
    assert (await refresh(authenticator, name))["name"] == name
    authenticator.add_user(SimpleNamespace(name=name))


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("", []),
        ("203.0.113.9", ["203.0.113.9"]),
        (
            "2001:DB8::1, 203.0.113.9:51820 ,[2001:db8::2]:443,[::1]",
            ["2001:db8::1", "203.0.113.9", "2001:db8::2", "::1"],
        ),
        # Left of what no proxy writes stands what a browser made up.
        ("6.6.6.6, unknown, 10.0.0.1", ["10.0.0.1"]),
        ("6.6.6.6, <script>, 10.0.0.1", ["10.0.0.1"]),
        ("10.0.0.1, , ", []),
        ("6.6.6.6, " + "x" * 5000, []),
        ("6.6.6.6, fe80::1%" + "x" * 60 + ", 10.0.0.1", ["10.0.0.1"]),
        (", ".join(f"10.0.0.{n}" for n in range(100)), [f"10.0.0.{n}" for n in range(68, 100)]),
        ("٣.٣.٣.٣", []),
    ],
)
async def test_forwarded_addresses_are_those_that_proxies_wrote(
    fake: FakeBerth, berth: MakeAuthenticator, forwarded: str, expected: list[str]
) -> None:
    await log_in(berth(), "user1", "wrong", request(forwarded))
    assert fake.logins[0]["forwardedFor"] == expected


async def test_a_unix_socket_has_no_address(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    await log_in(berth(), "user1", "wrong", request(peer=b""))
    assert "remoteAddress" not in fake.logins[0]


@pytest.mark.parametrize(("username", "password"), [("user1", ""), ("", "x"), ("user1", "x" * 1025), ("u" * 1025, "x")])
async def test_what_can_be_no_password_is_never_sent(
    fake: FakeBerth, berth: MakeAuthenticator, username: str, password: str
) -> None:
    fake.user("user1")
    assert await log_in(berth(), username, password) is None
    assert await berth().authenticate(request(), {}) is None
    assert await berth().authenticate(request(), None) is None
    assert not fake.logins


async def test_a_wrong_password_is_the_hubs_own_message(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    fake.user("user1")
    assert await log_in(berth(), "user1", "wrong") is None
    assert await log_in(berth(), "nobody", fake.password) is None


@pytest.mark.parametrize(
    "refused",
    [
        Refused(403, "account-disabled", "Your account is disabled. Ask 100% of <b>them</b>."),
        Refused(403, "group-missing", "You are in no group that may log in."),
        Refused(403, "ticket-refused", "The KDC gave no ticket."),
        Refused(429, "login-throttled", "Too many attempts. Try again in 10 minutes."),
        Refused(400, "name-invalid", "No account has a name like that."),
    ],
)
async def test_a_refusal_is_the_services_sentence(fake: FakeBerth, berth: MakeAuthenticator, refused: Refused) -> None:
    fake.refuse_login = refused
    with pytest.raises(LoginFailed) as caught:
        await log_in(berth(), "user1", fake.password)
    error: Any = caught.value
    assert error.status_code == refused.status
    assert error.jupyterhub_message == refused.body["detail"]
    assert error.log_message % error.args == refused.body["detail"]  # what write_error shows before 5.3


def answers(fake: FakeBerth, what: Any) -> None:
    if isinstance(what, Refused):
        fake.refuse_login = fake.refuse_refresh = what
    else:
        fake.answer = what


@pytest.mark.parametrize("what", [*NO_ANSWER, *NOT_BERTHS], ids=str)
async def test_a_login_without_an_answer_says_so_and_the_log_says_why(
    fake: FakeBerth, berth: MakeAuthenticator, what: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answers(fake, what)
    with pytest.raises(LoginFailed, match="You can't be logged in at the moment") as caught:
        await log_in(berth(), "user1", fake.password)
    assert caught.value.status_code == 503
    assert not caught.value.why, "the reason is the log's"
    assert "not by the user's doing: " in caplog.text
    if isinstance(what, Refused):
        assert what.body["detail"] in caplog.text
        assert what.body["detail"] not in str(caught.value)


async def test_a_service_that_is_down_says_so(
    fake: FakeBerth, berth: MakeAuthenticator, caplog: pytest.LogCaptureFixture
) -> None:
    await fake.down()
    with pytest.raises(LoginFailed, match="at the moment"):
        await log_in(berth(), "user1", fake.password)
    assert "`berth serve`" in caplog.text


@pytest.mark.parametrize("what", [None, *NO_ANSWER, *NOT_BERTHS, "down", "echo"], ids=str)
async def test_no_password_is_logged_raised_or_shown(
    fake: FakeBerth, berth: MakeAuthenticator, what: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.user("user1")
    if what == "down":
        await fake.down()
    else:
        # Something in the service's place that repeats what it was sent.
        answers(fake, (200, "text/html", fake.password) if what == "echo" else what)
    authenticator, seen, contexts = berth(), "", []
    for password in (fake.password, fake.password + "-wrong"):
        try:
            seen += repr(await log_in(authenticator, "user1", password))
        except LoginFailed as error:
            seen += "".join(traceback.format_exception(type(error), error, error.__traceback__))
            seen += repr((error, error.args, vars(error), error.__context__, error.__cause__))
            contexts.append(error.__context__)
    seen += caplog.text + repr(authenticator) + repr(vars(authenticator)) + repr(vars(authenticator._service()))
    assert fake.password not in seen
    assert contexts == [None] * len(contexts)


@pytest.mark.parametrize(
    ("says", "admin_users", "admin"), [(True, [], True), (False, [], False), (False, ["user1"], True)]
)
async def test_who_is_an_admin_is_the_services_word_or_the_sites(
    fake: FakeBerth, berth: MakeAuthenticator, says: bool, admin_users: list[str], admin: bool
) -> None:
    fake.user("user1", admin=says)
    authenticator = berth(admin_users=set(admin_users))
    assert (await log_in(authenticator, "user1", fake.password))["admin"] is admin
    assert (await refresh(authenticator, "user1"))["admin"] is admin


async def test_groups_are_left_alone_where_the_site_manages_them(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    fake.user("user1", groups=("a",))
    authenticator = berth(manage_groups=False)
    assert "groups" not in await log_in(authenticator, "user1", fake.password)
    assert "groups" not in await refresh(authenticator, "user1")


async def test_the_site_may_block_users_and_restrict_them_further(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    for name in ("user1", "user2"):
        fake.user(name)
    assert await log_in(berth(), "user1", fake.password)
    assert await log_in(berth(blocked_users={"user1"}), "user1", fake.password) is None
    assert await log_in(berth(blocked_users={"user1"}), "user2", fake.password)
    assert await log_in(berth(allowed_users={"user1"}), "user1", fake.password)
    assert await log_in(berth(allowed_users={"user1"}), "user2", fake.password) is None


# --- refresh -------------------------------------------------------------------------------------------------------


async def refresh(authenticator: BerthAuthenticator, name: str) -> Any:
    return await authenticator.refresh_user(SimpleNamespace(name=name), None)


async def test_a_refresh_brings_what_has_changed(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    authenticator = berth()
    fake.user("user1", admin=True, groups=("a", "b"))
    assert await refresh(authenticator, "user1") == {"name": "user1", "admin": True, "groups": ["a", "b"]}
    fake.user("user1")
    assert await refresh(authenticator, "user1") == {"name": "user1", "admin": False, "groups": []}
    fake.answer = (200, "application/json", '{"loggedIn": true, "asked": false, "reason": "x", "user": null}')
    assert await refresh(authenticator, "user1") is True


@pytest.mark.parametrize("disabled", [True, False])
async def test_who_may_no_longer_be_here_is_logged_out_and_the_log_says_why(
    fake: FakeBerth, berth: MakeAuthenticator, disabled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    authenticator = berth()
    if disabled:
        fake.user("user1")
        fake.out["user1"] = "The account is disabled."
    assert await refresh(authenticator, "user1") is False
    assert ("The account is disabled." if disabled else "No such user has logged in.") in caplog.text


@pytest.mark.parametrize("disabled", [True, False])
async def test_who_was_logged_out_has_no_grace(fake: FakeBerth, berth: MakeAuthenticator, disabled: bool) -> None:
    authenticator = berth()
    fake.user("user1")
    assert await log_in(authenticator, "user1", fake.password)
    if disabled:
        fake.out["user1"] = "The account is disabled."
    else:
        del fake.users["user1"]
    assert await refresh(authenticator, "user1") is False
    fake.refuse_refresh = NO_ANSWER[0]
    assert await refresh(authenticator, "user1") is False
    fake.refuse_refresh = None
    fake.out.clear()
    fake.user("user1")
    assert await refresh(authenticator, "user1")
    fake.refuse_refresh = NO_ANSWER[0]
    assert await refresh(authenticator, "user1") is True


@pytest.mark.parametrize("what", [*NO_ANSWER, *NOT_BERTHS, "down"], ids=str)
async def test_without_an_answer_a_user_stays_for_the_grace_and_no_longer(
    fake: FakeBerth, berth: MakeAuthenticator, what: Any, caplog: pytest.LogCaptureFixture
) -> None:
    fake.user("user1")
    authenticator = berth(refresh_grace=0.5)
    await log_in(authenticator, "user1", fake.password)
    if what == "down":
        await fake.down()
    else:
        answers(fake, what)
    assert await refresh(authenticator, "user1") is True
    assert "stays so for another" in caplog.text
    await asyncio.sleep(0.5)
    assert await refresh(authenticator, "user1") is False
    assert "and is logged out" in caplog.text


async def test_the_grace_begins_anew_with_each_answer_and_is_each_users_own(
    fake: FakeBerth, berth: MakeAuthenticator
) -> None:
    fake.user("user1")
    fake.user("user2")
    fake.user("user3")
    authenticator = berth(refresh_grace=0.6)
    for name in ("user1", "user2"):
        await refresh(authenticator, name)
    await log_in(authenticator, "user3", fake.password)
    await asyncio.sleep(0.4)
    await refresh(authenticator, "user1")
    await asyncio.sleep(0.3)
    fake.refuse_refresh = NO_ANSWER[0]
    assert await refresh(authenticator, "user1") is True
    assert await refresh(authenticator, "user2") is False
    assert await refresh(authenticator, "user3") is False
    fake.refuse_refresh = None
    assert await refresh(authenticator, "user2")


async def test_after_a_restart_of_the_hub_the_grace_begins_with_the_first_question(
    fake: FakeBerth, berth: MakeAuthenticator
) -> None:
    fake.refuse_refresh = NO_ANSWER[0]
    authenticator = berth(refresh_grace=0.3)
    assert await refresh(authenticator, "user1") is True
    await asyncio.sleep(0.3)
    assert await refresh(authenticator, "user1") is False
    assert await refresh(berth(refresh_grace=0), "user1") is False


async def test_another_users_answer_is_not_taken_over(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    fake.user("user1")["name"] = "user2"
    fake.users["user1"]["admin"] = True
    assert await refresh(berth(), "user1") is True


# --- beside the spawner --------------------------------------------------------------------------------------------


async def test_spawner_and_authenticator_share_one_service_and_one_stream(
    fake: FakeBerth, berth: MakeAuthenticator, make: MakeSpawner
) -> None:
    fake.user("user1")
    authenticator, spawner = berth(), make()
    await log_in(authenticator, "user1", fake.password)
    await spawner.start()
    assert authenticator._service() is spawner._service()
    assert len([1 for _, uri in fake.requests if uri.startswith("/v1/events")]) == 1


async def test_logins_that_hang_hold_up_neither_starts_nor_pages(
    fake: FakeBerth, berth: MakeAuthenticator, make: MakeSpawner
) -> None:
    authenticator, spawner = berth(), make()
    fake.user("user1")
    fake.hang_logins.clear()
    logins = [asyncio.ensure_future(log_in(authenticator, "user1", fake.password)) for _ in range(300)]
    await asyncio.sleep(1)
    await asyncio.wait_for(spawner.start(), 5)
    assert await asyncio.wait_for(refresh(authenticator, "user1"), 5)
    assert len(fake.logins) == 100
    fake.hang_logins.set()
    assert all(await asyncio.gather(*logins))


async def test_one_setting_is_for_both(fake: FakeBerth) -> None:
    from traitlets.config import Config

    from jupyterhub_berth import BerthSpawner

    config = Config({"Berth": {"berth_url": fake.url, "ca_file": "a"}, "BerthAuthenticator": {"ca_file": "b"}})
    spawner, authenticator = BerthSpawner(config=config), BerthAuthenticator(config=config)
    assert (spawner.berth_url, authenticator.berth_url) == (fake.url, fake.url)
    assert (spawner.ca_file, authenticator.ca_file) == ("a", "b")


async def test_no_request_is_made_for_the_users_that_a_hub_has_when_it_starts(
    fake: FakeBerth, berth: MakeAuthenticator
) -> None:
    authenticator = berth()
    for name in NAMES:
        authenticator.add_user(SimpleNamespace(name=name))
    assert not fake.requests


async def test_each_lack_is_named(fake: FakeBerth, berth: MakeAuthenticator) -> None:
    assert await berth().missing() == []
    fake.login = "none"
    (found,) = await berth().missing()
    assert "\n    directory:\n      domain: " in found
    assert "\n    login:\n      allow: ['CORP\\domain users']" in found
    fake.login = "directory"
    (found,) = await berth(auth_refresh_age=0).missing()
    assert "c.BerthAuthenticator.auth_refresh_age = 300" in found
    (found,) = await berth(refresh_grace=300).missing()
    assert "c.BerthAuthenticator.refresh_grace = 29100" in found
    (found,) = await berth(username_map={"a": "b"}).missing()
    assert "username_map" in found
    fake.token = "other"
    (found,) = await berth().missing()
    assert "c.Berth.token_file" in found
