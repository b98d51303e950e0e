#!/usr/bin/python3
"""Starts services of one family that share their imports.

launch.py FIFO MODULE[:FUNCTION]...

The modules are imported, and the functions called, at once: that is most of a service's start. Then the FIFO is read, a service a line:

    NAME MODULE:FUNCTION PROGRAM [ARGUMENT...]

Each becomes a process of its own, in a session of its own, that runs the function under the program's usual name, with
its output in $LOG/NAME.log and "PID START_TIME" in $RUN/pids/NAME. At the end of input the launcher removes the
FIFO and ends; they stay.

The services whose Debian package would pull in an init script and unwanted dependencies (hypervisors, iSCSI targets)
are started from their Python package in this way.
"""
import importlib
import os
import shlex
import sys

import setproctitle

LOG, RUN = os.environ['LOG'], os.environ['RUN']

# 'python3 launch.py' puts this folder first in the path: the drivers beside this
# file are wanted, but after the system's packages.
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or '.') != here]
sys.path.append(here)


def start_time(pid):
    with open('/proc/%d/stat' % pid) as f:
        return f.read().rsplit(') ', 1)[1].split()[19]


def find(target):
    module, _, function = target.partition(':')
    module = importlib.import_module(module)
    return getattr(module, function) if function else None


def become(name, target, program, arguments):
    """The rest of the new process: never returns."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open('%s/%s.log' % (LOG, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for own, standard in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(own, standard)
    os.nice(-os.nice(0))    # the imports stood back, the service need not
    if 'eventlet' in sys.modules:
        sys.modules['eventlet'].hubs.use_hub()    # not the one whose file descriptors it shares with its siblings
    setproctitle.setproctitle(name)
    sys.argv[:] = [program] + arguments
    main = find(target)
    if program == 'nova-compute':    # it takes its drivers from nova.virt alone
        importlib.import_module('nova.virt').__path__.append(here)
    sys.exit(main())


def launch(line):
    name, target, program, *arguments = shlex.split(line)
    pid = os.fork()
    if pid == 0:
        become(name, target, program, arguments)
    new = '%s/pids/.%s' % (RUN, name)
    with open(new, 'w') as f:
        f.write('%d %s\n' % (pid, start_time(pid)))
    os.rename(new, '%s/pids/%s' % (RUN, name))


def main(fifo, modules):
    os.nice(5)
    for module in modules:
        function = find(module)
        if function:
            function()
    with open(fifo) as lines:
        for line in lines:
            launch(line)
    os.unlink('%s/pids/%s' % (RUN, os.path.basename(fifo)))
    os.unlink(fifo)


main(sys.argv[1], sys.argv[2:])
