"""Berth for JupyterHub: notebook servers in Docker containers, started by the Berth service.

c.JupyterHub.spawner_class = "berth"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .spawner import BerthSpawner

__all__ = ["BerthSpawner", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """BerthSpawner, looked up each time it is asked for: a hub that names it in its configuration is then told at its
    start what else it lacks, by a line in its log. Nothing else of a spawner runs before the first user comes.
    """
    if name != "BerthSpawner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .checks import check_at_start
    from .spawner import BerthSpawner

    check_at_start(BerthSpawner)
    return BerthSpawner
