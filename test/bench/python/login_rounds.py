"""Logs users in by jupyterhub-ldapauthenticator, as a hub calls it: one authenticator, one process, one event loop.

Writes `ready`. The first line that it reads is {"settings", "ca"}: traits of LDAPAuthenticator, and the PEM file that
servers are verified by; its answer is `true`. For each further line {"username", "password", "count"}: the seconds of
so many logins.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import sys
import time
import warnings

# ssl.match_hostname, by which ldap3 compares names, says at each call that it is old.
warnings.simplefilter("ignore")

from ldapauthenticator import LDAPAuthenticator  # noqa: E402


async def log_in(authenticator: LDAPAuthenticator, username: str, password: str) -> float:
    began = time.perf_counter()
    found = await authenticator.authenticate(None, {"username": username, "password": password})
    took = time.perf_counter() - began
    if found is None or not await authenticator.check_allowed(username, found):
        raise SystemExit(f"{username} is refused: {found}")
    return took


async def main() -> None:
    print("ready", flush=True)
    told = json.loads(sys.stdin.readline())
    tls = {"validate": ssl.CERT_REQUIRED, "ca_certs_file": told["ca"]}
    authenticator = LDAPAuthenticator(**told["settings"], tls_kwargs=tls)
    authenticator.log = logging.getLogger("bench")
    print("true", flush=True)
    while (line := sys.stdin.readline()) not in ("", "end\n"):
        asked = json.loads(line)
        took = [await log_in(authenticator, asked["username"], asked["password"]) for _ in range(asked["count"])]
        print(json.dumps(took), flush=True)


asyncio.run(main())
