"""Berth for JupyterHub: notebook servers in Docker containers, started by the Berth service, for users whom it logs in.

c.JupyterHub.spawner_class = "berth"
c.JupyterHub.authenticator_class = "berth"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .authenticator import BerthAuthenticator
    from .spawner import BerthSpawner

__all__ = ["BerthAuthenticator", "BerthSpawner", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Both classes, looked up each time they are asked for: a hub that names one in its configuration is then told at
    its start what else it lacks, by a line in its log. Nothing else of a spawner runs before the first user comes.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import authenticator, checks, spawner

    checks.check_at_start()
    return getattr(spawner if name == "BerthSpawner" else authenticator, name)
