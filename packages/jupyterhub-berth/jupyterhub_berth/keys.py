"""Keys: the one function of (hub, user, server name) that names a server at the Berth service.

Stated in the contract (openapi/berth.yaml, "Keys"); test/vectors/keys.json holds vectors shared with the service.
"""

from __future__ import annotations

import base64
import hashlib
import re


def slug(text: str) -> str:
    """`text` with all but lower-case ASCII letters and digits as single dashes; at most 20 characters, maybe none."""
    lowered = "".join(c.lower() if c.isascii() else c for c in text)
    return re.sub(r"[^a-z0-9]+", "-", lowered).strip("-")[:20].strip("-")


def server_key(hub: str, user: str, server_name: str) -> str:
    """The key of `user`'s server; the default server's name is the empty string."""
    digest = hashlib.sha256("\0".join((hub, user, server_name)).encode("utf-8")).digest()
    parts = slug(user), slug(server_name), base64.b32encode(digest).decode("ascii").lower()[:16]
    return "-".join(part for part in parts if part)
