"""Inspects containers one by one, as a spawner without an event stream polls; docker-py, as dockerspawner uses it.

    inspect_rounds.py SOCKET INSPECTS ID...

Writes `ready` once all is warm, waits for a line, and then writes the CPU seconds of all inspects as JSON.
"""

from __future__ import annotations

import json
import resource
import sys

import docker


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


client = docker.APIClient(base_url=f"unix://{sys.argv[1]}")
inspects, ids = int(sys.argv[2]), sys.argv[3:]


def inspect(number: int) -> None:
    container = client.inspect_container(ids[number % len(ids)])
    if not container["State"]["Running"]:
        raise SystemExit("a container doesn't run")


for number in range(len(ids)):
    inspect(number)
print("ready", flush=True)
sys.stdin.readline()
began = cpu()
for number in range(inspects):
    inspect(number)
print(json.dumps({"cpuSeconds": cpu() - began}), flush=True)
sys.stdin.readline()
