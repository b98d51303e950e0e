"""What the checks are made of: the clients, waiting, cleaning up, and the runner."""
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
import json
import os
import select
import subprocess
import threading
import time
import types
import uuid

STATE = os.environ.get('TESTCLOUD_STATE', '/var/lib/testcloud')
for v in [v for v in os.environ if v.startswith('OS_')]:
    del os.environ[v]
os.environ.update(OS_CLIENT_CONFIG_FILE=STATE + '/clouds.yaml', no_proxy='*',
                  PATH='/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin')

import openstack  # noqa: E402

TOOLS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TAG = 'smoke-' + uuid.uuid4().hex[:6]
made = types.SimpleNamespace()    # what a check made for those that need it
admin = openstack.connect(cloud='testcloud-admin')
tenon = openstack.connect(cloud='testcloud-tenon')


# ---------------------------------------------------------------- commands and waiting
def sh(*args, ok=True, timeout=120):
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    if ok and r.returncode:
        raise AssertionError('%s: %s' % (' '.join(args), r.stdout.strip()[-300:]))
    return r.stdout if ok else r.returncode


def until(what, condition, limit=120, pause=0.3):
    """Waits for the condition. The limit is for a machine with much else to do: a condition that
    comes true late is no failure, one that does not is."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError('not in %d s: %s' % (limit, what))
        time.sleep(pause)


# ---------------------------------------------------------------- cleaning up
# What later stages hold must be gone first; within a stage the order is any.
USERS, BALANCERS, PORTS, INTERFACES, NETWORKS = range(5)
cleanups = []


def later(stage, function, *args, **kw):
    cleanups.append((stage, function, args, kw))


def clean_up():
    left = 0
    with ThreadPoolExecutor(6) as pool:
        for stage in range(NETWORKS + 1):
            jobs = [pool.submit(f, *args, **kw) for s, f, args, kw in reversed(cleanups) if s == stage]
            for e in [j.exception() for j in jobs]:
                if e:
                    left += 1
                    print('LEFT  %s: %s' % (type(e).__name__, str(e)[:300].replace('\n', ' ')), flush=True)
    return left


# ---------------------------------------------------------------- the command line
class CommandLine:
    """One openstack command that answers many questions: its start takes longer than they do."""

    def __init__(self, cloud):
        self.process = subprocess.Popen(
            ['/usr/bin/openstack'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, OS_CLOUD='testcloud-' + cloud, PYTHONUNBUFFERED='1'))
        self.lock = threading.Lock()
        later(USERS, self.close)

    def __call__(self, command, limit=120):
        with self.lock:
            return self.ask(command, limit)

    def ask(self, command, limit):
        self.process.stdin.write((command + ' -f json\n').encode())
        self.process.stdin.flush()
        out, end = b'', time.monotonic() + limit
        while time.monotonic() < end and self.process.poll() is None:
            if not select.select([self.process.stdout], [], [], 1)[0]:
                continue
            out += os.read(self.process.stdout.fileno(), 1 << 16)
            try:
                return json.loads(out)
            except ValueError:
                continue    # not all of it yet
        raise AssertionError('openstack %s: %s' % (command, out.decode()[-300:] or 'no answer'))

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


# ---------------------------------------------------------------- checks
class Check:
    def __init__(self, title, needs, function):
        self.title, self.needs, self.function = title, needs, function
        self.group, self.name = function.__module__.split('.')[-1], function.__name__
        self.passed = None

    def run(self):
        began = time.monotonic()
        try:
            self.function()
            self.passed = True
            print('PASS  %-9s %s (%.1f s)' % (self.group, self.title, time.monotonic() - began), flush=True)
        except Exception as e:
            self.fail('%s: %s' % (type(e).__name__, str(e)[:400].replace('\n', ' ')))

    def fail(self, why):
        self.passed = False
        print('FAIL  %-9s %s: %s' % (self.group, self.title, why), flush=True)


checks = {}


def check(title, *needs):
    """Marks a check. It runs when those that it needs have passed, beside whatever else can run."""
    def mark(function):
        checks[function.__name__] = Check(title, needs, function)
        return function
    return mark


def choose(groups):
    """The checks of these groups, with all that they need."""
    wanted = [c.name for c in checks.values() if c.group in groups]
    for name in wanted:    # grows as it goes
        wanted += [n for n in checks[name].needs if n not in wanted]
    return [c for c in checks.values() if c.name in wanted]


def run(chosen, workers=5):
    waiting, running = list(chosen), {}
    with ThreadPoolExecutor(workers) as pool:
        while waiting or running:
            for c in list(waiting):
                states = [checks[n].passed for n in c.needs]
                if False in states:
                    c.fail('needs "%s"' % checks[c.needs[states.index(False)]].title)
                    waiting.remove(c)
                elif None not in states and len(running) < workers:
                    running[pool.submit(c.run)] = c
                    waiting.remove(c)
            for done in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                del running[done]
                done.result()
    return sum(c.passed for c in chosen), sum(not c.passed for c in chosen)
