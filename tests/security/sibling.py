"""A process outside of the walls, of the same user: it has a socket, and sends by it when its memory says `go`."""

import ctypes
import socket
import sys
import time

with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    flag = ctypes.create_string_buffer(16)
    sys.stdout.write(f"{connection.fileno()} {ctypes.addressof(flag)}\n")
    sys.stdout.flush()
    while not sys.stdin.closed:
        if flag.value == b"go":
            connection.sendall(b"out")
            flag.value = b""
        time.sleep(0.01)
