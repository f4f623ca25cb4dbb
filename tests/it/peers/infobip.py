"""Infobip, around the models of its official Python client.

Each request is read by the client's own model: what that does not know is a
fault. Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. Each request becomes NNN.json, and of what is taken
NNN.report is the report that would be posted, written by the client's models.
The last two digits of the number say what is to happen.
"""

import json
import pathlib
import sys
import threading
import time
import urllib.parse

from infobip_api_client import models

from serving import Handler, serve

KEY = "App s3cret"
PENDING = {"groupId": 1, "groupName": "PENDING", "id": 26, "name": "PENDING_ACCEPTED"}
REFUSED = {"groupId": 5, "groupName": "REJECTED", "id": 52, "name": "REJECTED_DESTINATION"}
DELIVERED = {"groupId": 3, "groupName": "DELIVERED", "id": 5, "name": "DELIVERED_TO_HANDSET"}
NO_ERROR = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "permanent": False}
AT = "2026-03-01T12:00:30.000+0000"


def read(path, body):
    """The request in the client's words, and what is wrong with it."""
    model = models.SmsRequest if path == "/sms/3/messages" else models.CallsAdvancedBody
    try:
        known = json.loads(model.from_dict(body).to_json())
    except Exception as error:
        return str(error)
    return None if known == body else f"{known} for {body}"


def report(path, message):
    """What would be posted about a message, in the client's own words."""
    destination = message["destinations"][0]
    result = {
        "bulkId": "b-1",
        "messageId": destination["messageId"],
        "to": destination["to"],
        "sentAt": AT,
        "doneAt": AT,
        "status": DELIVERED,
        "error": NO_ERROR,
    }
    if path == "/sms/3/messages":
        result["callbackData"] = message.get("webhooks", {}).get("callbackData")
        return written(models.SmsDeliveryResult.from_dict({"results": [result]}))
    del result["doneAt"]
    result["callbackData"] = message.get("callbackData")
    result["voiceCall"] = {"answerTime": AT, "endTime": AT, "duration": 20, "dtmfCodes": "1"}
    return written(models.CallsReportResponse.from_dict({"results": [result]}))


def written(model):
    """The client cannot write its own times: as the documentation has them."""
    time_of = lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.000%z")
    return json.dumps(model.to_dict(), default=time_of)


class Provider(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0
    taken = {}
    # What the logs have of a message.
    stands = {}

    def do_POST(self):
        body = json.loads(self.body())
        fault = read(self.path, body)
        message = body["messages"][0]
        destination = message["destinations"][0]
        who = destination["to"][-2:]
        with Provider.lock:
            Provider.count += 1
            number = Provider.count
            unsigned = self.headers["Authorization"] != KEY or None
            kept = {"path": self.path, "body": body, "fault": fault, "unsigned": unsigned}
            (self.directory / f"{number:03}.json").write_text(json.dumps(kept))
        if self.headers["Authorization"] != KEY:
            return self.say(401, {"errorCode": "E401"})
        if fault:
            return self.say(400, {"errorCode": "E400", "description": fault})
        if who == "02":
            return self.say(429, {"errorCode": "E429"}, {"Retry-After": "30"})
        if who != "01":
            Provider.taken[destination["messageId"]] = self.path
            Provider.stands[destination["messageId"]] = DELIVERED if who == "05" else PENDING
            (self.directory / f"{number:03}.report").write_text(report(self.path, message))
        if who == "03":
            time.sleep(3600)
        if who == "04":
            self.close_connection = True
            return
        status = REFUSED if who == "01" else PENDING
        details = {"messageId": destination["messageId"], "status": status}
        if self.path == "/sms/3/messages":
            details["destination"] = destination["to"]
            model = models.SmsResponse
        else:
            details["to"] = destination["to"]
            model = models.CallsVoiceResponse
        said = model.from_dict({"bulkId": "b-1", "messages": [details]})
        self.say(200, json.loads(said.to_json()))

    def do_GET(self):
        split = urllib.parse.urlsplit(self.path)
        wanted = urllib.parse.parse_qs(split.query)["messageId"][0]
        if self.headers["Authorization"] != KEY:
            return self.say(401, {"errorCode": "E401"})
        of_sms = split.path == "/sms/3/logs"
        path = "/sms/3/messages" if of_sms else "/tts/3/advanced"
        found = [wanted] if Provider.taken.get(wanted) == path else []
        results = [{"messageId": one, "status": Provider.stands[one]} for one in found]
        model = models.SmsLogsResponse if of_sms else models.CallsLogsResponse
        self.say(200, json.loads(model.from_dict({"results": results}).to_json()))

    def say(self, status, said, headers={}):
        headers = {**headers, "Content-Type": "application/json"}
        self.answer(status, headers, json.dumps(said).encode())


serve(Provider)
