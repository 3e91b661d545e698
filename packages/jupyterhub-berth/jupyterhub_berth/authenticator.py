"""BerthAuthenticator: users of the directory log in at the hub's own form. Who may is decided by the Berth service."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from jupyterhub.auth import Authenticator
from traitlets import Float, default

from .messages import Problem, StartFailed, plain
from .service import Berth

# Refusals that no user can do anything about.
_NOT_THE_USERS = ("request-invalid", "role-insufficient")


class LoginFailed(StartFailed):
    """Why a login failed, in a sentence on the login form (since JupyterHub 5.3), or on the error page."""


class BerthAuthenticator(Berth, Authenticator):
    """Logs users in by the directory that the Berth service asks. What it says of a user is the truth: name, groups,
    whether they are an admin. The password goes there and nowhere else.
    """

    refresh_grace = Float(
        8 * 3600,
        help="Seconds that a user stays logged in after the service's last answer about them, while none comes.",
    ).tag(config=True)

    @default("manage_groups")
    def _default_manage_groups(self) -> bool:
        return True

    @default("refresh_pre_spawn")
    def _default_refresh_pre_spawn(self) -> bool:
        return True  # a start asks the directory

    @default("allow_all")
    def _default_allow_all(self) -> bool:
        """Whoever the service lets in; a site's `allowed_users` restrict that further, as they do before 5.0."""
        return not self.allowed_users

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._answered: dict[str, float] = {}  # when the service last let a user in, or stay; -inf where it said no
        self._turns = asyncio.Semaphore(100)  # of the service's 200: logins that hang hold up neither starts nor pages

    def normalize_username(self, username: str) -> str:
        """The service's name is final. `username_map` would make it one that the service doesn't know."""
        return username.lower()

    async def authenticate(self, handler: Any, data: Any) -> dict[str, Any] | None:
        """The user; None where name or password is wrong, for which the hub has its own words. Else LoginFailed."""
        body = {name: (data or {}).get(name, "") for name in ("username", "password")}
        if not all(0 < len(text) <= 1024 for text in body.values()):
            return None
        body.update(_addresses(handler.request))
        try:
            async with self._turns:
                model = self._model(await self._service().call("POST", "/v1/logins", body, 60))
            self._answered[model["name"]] = time.monotonic()
            return model
        except Problem as problem:
            if problem.code == "credentials-wrong":
                return None
            theirs = problem.status_code in (400, 403, 429) and problem.code not in _NOT_THE_USERS
            failed = LoginFailed(problem.jupyterhub_message, problem.status_code) if theirs else None
            why = problem.why
        except Exception as error:
            failed, why = None, _why(error)
        if failed is None:
            self.log.error("Berth: a login failed, not by the user's doing: %s", why)
            sentence = "You can't be logged in at the moment: the service that checks passwords (Berth) can't do it."
            failed = LoginFailed(f"{sentence} Try again in a minute; if it stays so, tell your administrator.", 503)
        raise failed

    async def refresh_user(self, user: Any, handler: Any = None) -> bool | dict[str, Any]:
        """False, which logs a user out, only where Berth itself says so, or has said nothing for `refresh_grace`."""
        name = user.name
        try:
            answer = await self._service().call("POST", f"/v1/users/{quote(name, safe='')}/refresh")
            if answer["loggedIn"] is False:
                return self._out(name, plain(str(answer.get("reason"))))
            model = self._model(answer["user"], name) if answer["user"] else True
            self._answered[name] = time.monotonic()
            return model
        except Exception as error:
            why = _why(error)
            if getattr(error, "code", "") == "user-not-found":
                return self._out(name, why)
        left = self._answered.setdefault(name, time.monotonic()) + self.refresh_grace - time.monotonic()
        then = f"stays so for another {left:.0f} s" if left > 0 else "is logged out"
        self.log.warning("Berth: whether %r may be logged in is not known, and %s. %s", name, then, why)
        return left > 0

    def _out(self, name: str, why: str) -> bool:
        self._answered[name] = float("-inf")  # nor does a service that goes down let them in again
        self.log.warning("Berth: %r is logged out: %s", name, why)
        return False

    async def missing(self) -> list[str]:
        """What is wrong with the service or the settings, each a sentence that ends in what to do."""
        found = []
        try:
            if (await self._service().call("GET", "/v1/hub"))["login"] != "directory":
                found.append(_NO_DIRECTORY)
        except Exception as error:
            found.append(_why(error))
        if not self.auth_refresh_age:
            then = "not even when a server starts. Set\n    c.BerthAuthenticator.auth_refresh_age = 300"
            found.append(f"With auth_refresh_age = 0 nobody is logged out who may no longer be here, {then}")
        elif self.auth_refresh_age >= self.refresh_grace:
            then = f"Set\n    c.BerthAuthenticator.refresh_grace = {8 * 3600 + self.auth_refresh_age}"
            found.append(f"auth_refresh_age is as long as refresh_grace: one missed answer logs a user out. {then}")
        if self.username_map:
            found.append("username_map has no effect: users keep the service's names. Set login.userName there.")
        return found

    def _model(self, user: Any, known_as: str = "") -> dict[str, Any]:
        """What the hub takes over: False where Berth doesn't say admin, too, else a demoted admin would stay one."""
        name, groups = user["name"], user["groups"]
        if not (isinstance(name, str) and name == (known_as or name) and isinstance(groups, list)):
            raise TypeError
        model: dict[str, Any] = {"name": name, "admin": user["admin"] is True or name in self.admin_users}
        if self.manage_groups:
            model["groups"] = [str(group) for group in groups]
        return model


def _why(error: Exception) -> str:
    """For the log: of other errors only the kind, since they may quote what was sent or read."""
    return error.why if isinstance(error, StartFailed) else f"The answer was not Berth's ({type(error).__name__})."


def _addresses(request: Any) -> dict[str, Any]:
    """Whose connection this is, and the proxies' word for who is behind it, which the service weighs.

    Not the hub's `remote_ip`, which any browser may set by X-Real-IP. What a proxy adds stands last; left of what is no
    address, nothing is to be believed.
    """
    peer = getattr(getattr(request.connection, "context", None), "address", None)
    forwarded: list[str] = []
    for entry in reversed(request.headers.get("X-Forwarded-For", "").split(",")[-32:]):
        text = entry.strip()
        if "]" in text or text.count(":") == 1:  # with a port
            text = text.rpartition(":")[0] if not text.endswith("]") else text
        try:
            address = str(ip_address(text.strip("[]")))
        except ValueError:
            break
        if len(address) > 64:  # a scope of any length may stand in it
            break
        forwarded.insert(0, address)
    remote = peer[0] if isinstance(peer, tuple) else ""  # none on a unix socket
    return {"forwardedFor": forwarded, **({"remoteAddress": remote} if remote else {})}


_NO_DIRECTORY = """Nobody can log in, since the service has no directory. Add to its configuration, with your names,
    directory:
      domain: corp.example.test
    login:
      allow: ['CORP\\domain users']"""
