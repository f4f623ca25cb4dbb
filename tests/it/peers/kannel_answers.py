"""What Kannel would answer, and what it would never: chosen by the last two
digits of the number. Keeps each request's headers and body in NNN.json.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does.
"""

import json
import pathlib
import sys
import threading
import time

from serving import Handler, serve

ANSWERS = {
    "00": (202, "0: Accepted for delivery"),
    "01": (400, "Empty receiver number not allowed, rejected"),
    "02": (503, "Temporal failure, try again later."),
    "05": (403, "Authorization failed for sendsms"),
    "06": (500, "Sending failed."),
    "07": (403, "Not routable. Do not try again."),
    "08": (202, "3: Queued for later delivery"),
}


class Answers(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = self.body().decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with Answers.lock:
            Answers.count += 1
            path = self.directory / f"{Answers.count:03}.json"
            path.write_text(json.dumps({"headers": headers, "body": body}))
        what = headers["x-kannel-to"][-2:]
        if what == "03":
            time.sleep(3600)
        if what == "04":
            self.close_connection = True
            return
        status, words = ANSWERS[what]
        self.answer(status, {"Content-Type": "text/html"}, words.encode())


serve(Answers)
