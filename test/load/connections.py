"""Connections of people who don't say goodbye. Prints how many it opened.

    connections.py vanish|hold ADDRESS PORT COUNT < the request to send on each

`vanish`: once the answer begins, the connection is gone on this side without FIN or RST, as when a laptop loses its
network: TCP_REPAIR (tcp(7); needs CAP_NET_ADMIN) lets a socket be closed in silence. `hold`: kept open and never read.
"""

import socket
import sys
import time

TCP_REPAIR = 19

how, address, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
request = sys.stdin.buffer.read()

opened = []
for _ in range(count):
    one = socket.create_connection((address, port), timeout=60)
    one.sendall(request)
    opened.append(one)
for one in opened:
    if not one.recv(1):
        sys.exit("closed before it answered")
print(len(opened), flush=True)
if how == "hold":
    time.sleep(3600)
for one in opened:
    one.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    one.close()
