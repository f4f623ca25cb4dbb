"""One of the SMSCs of Jasmin's own tests: those that behave, and those that
do not. The class is the second argument.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. The simulator is part of Jasmin's source distribution and
of nothing that is installed, so that is fetched from PyPI once.
"""

import fcntl
import importlib.util
import pathlib
import subprocess
import sys
import tarfile
import threading

from twisted.internet import protocol, reactor

JASMIN = "jasmin-0.11.1"
SIMULATOR = f"{JASMIN}/tests/protocols/smpp/smsc_simulator.py"


def simulator():
    home = pathlib.Path(sys.prefix)
    path = home / SIMULATOR
    with (home / "jasmin.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                     "--no-binary", ":all:", "--dest", str(home), JASMIN.replace("-", "==")]
            subprocess.run(fetch, check=True)
            with tarfile.open(home / f"{JASMIN}.tar.gz") as source:
                source.extract(SIMULATOR, home)
    spec = importlib.util.spec_from_file_location("smsc_simulator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


factory = protocol.Factory()
factory.protocol = getattr(simulator(), sys.argv[2])
port = reactor.listenTCP(0, factory, interface="127.0.0.1")
print(f"port {port.getHost().port}", flush=True)


def end():
    sys.stdin.read()
    reactor.callFromThread(reactor.stop)


threading.Thread(target=end, daemon=True).start()
reactor.run()
