"""Twilio's REST API as its documentation describes it, which misbehaves on
demand: the last digits of the number say what is to happen.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. A second argument is the account and the token that it asks
for. Each request becomes NNN.json with its path, its headers
and its fields. The answers are those of the documentation; Twilio's own
description has the success alone.
"""

import base64
import json
import pathlib
import sys
import threading
import time
import urllib.parse

from serving import Handler, serve

ERRORS = {
    "0001": (400, 21211, "The 'To' number +49 is not a valid phone number."),
    "0002": (429, 20429, "Too Many Requests"),
    "0003": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "0004": (401, 20003, "Authenticate"),
    "0005": (400, 21408, "Permission to send an SMS has not been enabled"),
    "0006": (500, 20500, "Internal server error"),
}
SILENT, DROP, PAGE = "0007", "0008", "0009"


LOGIN = sys.argv[2] if len(sys.argv) > 2 else None


class Api(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    # By the last digit of what is asked for.
    STANDS = {
        "1": {"status": "delivered"},
        "2": {"status": "undelivered", "error_code": 30003},
        "3": {"status": "failed", "error_code": 30036},
        "4": {"status": "sent"},
        "5": {"status": "completed", "answered_by": "human"},
        "6": {"status": "completed", "answered_by": "machine_end_beep"},
        "7": {"status": "no-answer"},
        "8": {"status": "a status that is new"},
    }

    def do_GET(self):
        login = f"Basic {base64.b64encode((LOGIN or '').encode()).decode()}"
        with Api.lock:
            Api.count += 1
            number = Api.count
            kept = {"path": self.path, "headers": dict(self.headers), "fields": []}
            (self.directory / f"{number:03}.json").write_text(json.dumps(kept))
        sid = self.path.split("/")[-1].removesuffix(".json")
        stands = Api.STANDS.get(sid[-1:])
        if LOGIN is not None and self.headers["Authorization"] != login:
            status, answer = 401, {"code": 20003, "message": "Authenticate", "status": 401}
        elif stands is None:
            status, answer = 404, {"code": 20404, "message": "not found", "status": 404}
        else:
            status = 200
            updated = "Sun, 01 Mar 2026 11:59:30 +0000"
            answer = {"sid": sid, "error_code": None, "date_updated": updated, **stands}
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def do_POST(self):
        body = self.body().decode()
        fields = urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True)
        login = f"Basic {base64.b64encode((LOGIN or '').encode()).decode()}"
        fault = None if LOGIN is None or self.headers["Authorization"] == login else "another token"
        with Api.lock:
            Api.count += 1
            number = Api.count
            kept = {"path": self.path, "headers": dict(self.headers), "fields": fields,
                    "fault": fault}
            (self.directory / f"{number:03}.json").write_text(json.dumps(kept))
        who = "0004" if fault else dict(fields)["To"][-4:]
        if who == SILENT:
            time.sleep(3600)
        if who == DROP:
            self.close_connection = True
            return
        if who == PAGE:
            self.answer(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>")
            return
        if who in ERRORS:
            status, code, message = ERRORS[who]
            info = f"https://www.twilio.com/docs/errors/{code}"
            answer = {"code": code, "message": message, "more_info": info, "status": status}
        else:
            kind = "CA" if self.path.endswith("Calls.json") else "SM"
            status, answer = 201, {"sid": f"{kind}{number:032x}", "status": "queued"}
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())


serve(Api)
