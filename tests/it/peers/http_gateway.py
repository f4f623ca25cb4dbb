"""An operator's gateway that keeps what it gets and misbehaves on demand.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. A second argument makes each answer wait these many seconds. Each request becomes NNN.json with its headers and body.
The local part of the address, or the last digits of the number, say what is
to happen.
"""

import json
import pathlib
import sys
import threading
import time

from serving import Handler, serve

ANSWERS = {
    "unknown": (422, {}, {"error": "bad_recipient", "why": "unknown@example.net"}),
    "stopped": (410, {}, {"error": "opted_out"}),
    "busy": (429, {"Retry-After": "30"}, {}),
    "paused": (503, {"Retry-After": "120"}, {}),
    "denied": (401, {}, {}),
    "broken": (500, {}, {}),
    "elsewhere": (307, {"Location": "/elsewhere"}, {}),
}


class Gateway(Handler):
    directory = pathlib.Path(sys.argv[1])
    wait = float(sys.argv[2]) if len(sys.argv) > 2 else 0
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = json.loads(self.body())
        who = body["to"].split("@")[0]
        with Gateway.lock:
            Gateway.count += 1
            number = Gateway.count
            kept = {"path": self.path, "headers": dict(self.headers), "body": body}
            (self.directory / f"{number:03}.json").write_text(json.dumps(kept))
        time.sleep(Gateway.wait)
        if who == "silent":
            time.sleep(3600)
        if who == "drop":
            self.close_connection = True
            return
        status, headers, answer = ANSWERS.get(who, (202, {}, {"id": f"m-{number}"}))
        headers = {**headers, "Content-Type": "application/json"}
        self.answer(status, headers, json.dumps(answer).encode())


serve(Gateway)
