"""The key function is the contract's: the service and the adapter are held to the same vectors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jupyterhub_berth.keys import server_key, slug

VECTORS = json.loads((Path(__file__).parents[3] / "test/vectors/keys.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["key"])
def test_a_shared_vector_has_its_key(vector: dict[str, str]) -> None:
    assert server_key(vector["hub"], vector["user"], vector["serverName"]) == vector["key"]


@pytest.mark.parametrize("user", ["bank\\user1", "ана", "a b", "../x", "x" * 200, "İstanbul", "K", "a\u0000b"])
def test_each_name_becomes_a_safe_segment(user: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", server_key("default", user, user))


def test_a_cut_slug_does_not_end_in_a_dash() -> None:
    assert slug("abcdefghijklmnopqrs-tuv") == "abcdefghijklmnopqrs"
