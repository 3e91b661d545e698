"""Berth for JupyterHub: notebook servers in Docker containers, started by the Berth service.

c.JupyterHub.spawner_class = "berth"
"""

from .spawner import BerthSpawner

__all__ = ["BerthSpawner", "__version__"]
__version__ = "0.1.0"
