"""Attempts as processes of this machine, run by a small separate process, the supervisor.

    engine.py      the engine of the server's side: speaks to the supervisor, starts a new one when it died
    wire.py        what the two say to each other over a Unix socket
    supervisor.py  the separate process: its loop and its sockets
    attempts.py    what the supervisor knows of its attempts: start, stop, end, forget
    spawn.py       one process: user, PATH, working folder, exec, and the words for what went wrong
    cgroups.py     memory limit, CPU shares and the killing of all that is left, by control groups
    procfs.py      what /proc tells: adopted children, what a dead supervisor left behind
    journal.py     the file by which the next supervisor knows what a killed one had started
    logfile.py     the file that tells when a log's lines were written
    folders.py     the working folders of attempts and how they go away

Nothing that the supervisor imports may import asyncio or the rest of the server: it must start in a moment, stay small
and have no reason to fail. Images, placements and retries do not belong here.
"""
