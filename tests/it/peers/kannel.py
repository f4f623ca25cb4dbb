"""A real Kannel: bearerbox, smsbox, and fakesmsc as the telephones.

Prints "port N", N being that of sendsms on 127.0.0.1, and ends when its
standard input does. What the telephones see is kept in phone.log. Arguments:
the directory; the URL, token included, that Kannel calls when a telephone
writes; and what the telephone +15558675310 writes to 8080, once.
"""

import ctypes
import pathlib
import signal
import socket
import subprocess
import sys
import time

BEARERBOX, SMSBOX = "/usr/sbin/bearerbox", "/usr/sbin/smsbox"
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
for program in (BEARERBOX, SMSBOX, FAKESMSC):
    if not pathlib.Path(program).exists():
        sys.exit(f"{program} is missing: apt-get install kannel kannel-extras")

CONF = """
group = core
admin-port = {admin}
admin-password = x
admin-interface = 127.0.0.1
smsbox-port = {smsbox}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake1
port = {fake}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = duebell
password = secret
concatenation = true
max-messages = 6

group = sms-service
keyword = default
get-url = "{get_url}&from=%p&to=%P&text=%a&charset=%C&id=%I"
max-messages = 0
"""


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on {port}")


directory = pathlib.Path(sys.argv[1])
admin, smsbox, fake, sendsms = free_ports(4)
conf = directory / "kannel.conf"
conf.write_text(CONF.format(
    admin=admin, smsbox=smsbox, fake=fake, sendsms=sendsms, get_url=sys.argv[2]))
children = []
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def start(name, *command):
    log = (directory / f"{name}.log").open("wb")
    children.append(subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory,
        # A test ends us by SIGKILL, of which nobody else would hear.
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)))


def stop(*_):
    for child in reversed(children):
        child.kill()
    for child in children:
        child.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
try:
    start("bearerbox", BEARERBOX, "-v", "1", str(conf))
    wait_for(smsbox)
    start("smsbox", SMSBOX, "-v", "1", str(conf))
    wait_for(sendsms)
    words = sys.argv[3] if len(sys.argv) > 3 else ""
    # At most one message from the telephone; none where there are no words.
    start("phone", FAKESMSC, "-H", "127.0.0.1", "-r", str(fake), "-i", "1",
          "-m", "1" if words else "0", f"15558675310 8080 text {words}")
    print(f"port {sendsms}", flush=True)
    sys.stdin.read()
finally:
    stop()
