"""An API that keeps what it gets and answers what it is told to.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. The second argument is JSON: a status, headers and a body.
Each request becomes NNN.json with its method, path, headers and body, as they
came.
"""

import json
import pathlib
import sys
import threading

from serving import Handler, serve

STATUS, HEADERS, BODY = json.loads(sys.argv[2])


class Script(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        kept = {"method": self.command, "path": self.path, "body": body,
                "headers": {name.lower(): value for name, value in self.headers.items()}}
        with Script.lock:
            Script.count += 1
            (self.directory / f"{Script.count:03}.json").write_text(json.dumps(kept))
        self.answer(STATUS, HEADERS, BODY.encode())

    do_GET = do_PUT = do_POST


serve(Script)
