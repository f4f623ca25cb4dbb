"""Alibaba Cloud's SMS and voice, around its official SDK.

Each request is signed again by the SDK's own signer, and read by the SDK's
own models: what they do not know is a fault. Listens on a free port of
127.0.0.1, prints "port N", and ends when its standard input does. Each
request becomes NNN.json. The last two digits of the number say what is to
happen.
"""

import hashlib
import json
import pathlib
import re
import sys
import threading
import time
import types
import urllib.parse

from alibabacloud_dysmsapi20170525 import models as sms
from alibabacloud_dyvmsapi20170525 import models as voice
from alibabacloud_tea_openapi.utils import Utils

from serving import Handler, serve

KEY, SECRET = "LTAItest", "s3cret"
MODELS = {
    "SendSms": sms.SendSmsRequest,
    "SingleCallByTts": voice.SingleCallByTtsRequest,
    "IvrCall": voice.IvrCallRequest,
    "QueryCallDetailByCallId": voice.QueryCallDetailByCallIdRequest,
    "QuerySendDetails": sms.QuerySendDetailsRequest,
}
ANSWERS = {
    "01": (200, "isv.MOBILE_NUMBER_ILLEGAL"),
    "02": (200, "isv.BUSINESS_LIMIT_CONTROL"),
    "05": (400, "InvalidTimeStamp.Expired"),
}


def signature_fault(handler, query, body):
    """What is wrong with the signature; None where it is the SDK's."""
    given = handler.headers.get("Authorization", "")
    signed = re.search(r"SignedHeaders=([^,]*)", given)
    if not signed:
        return "unsigned"
    names = signed[1].split(";")
    must = [name.lower() for name in handler.headers if name.lower().startswith("x-acs-")]
    missing = [name for name in must + ["host", "content-type"] if name not in names]
    if missing:
        return f"not signed: {missing}"
    request = types.SimpleNamespace(
        method="POST",
        pathname=urllib.parse.urlsplit(handler.path).path,
        query=query,
        headers={name: handler.headers[name] for name in names},
    )
    payload = hashlib.sha256(body).hexdigest()
    if handler.headers["x-acs-content-sha256"] != payload:
        return "another body"
    ours = Utils.get_authorization(request, "ACS3-HMAC-SHA256", payload, KEY, SECRET)
    return None if ours == given else "another signature"


def model_fault(action, query):
    """What the SDK's model of the request does not know."""
    fields = {}
    for name, value in query.items():
        menu = re.fullmatch(r"MenuKeyMap\.(\d+)\.(\w+)", name)
        if menu:
            keys = fields.setdefault("MenuKeyMap", [])
            keys.extend({} for _ in range(int(menu[1]) - len(keys)))
            keys[int(menu[1]) - 1][menu[2]] = value
        else:
            fields[name] = value
    model = MODELS[action]().from_map(fields)
    model.validate()
    read = {name: value for name, value in model.to_map().items() if value not in (None, [])}
    if read != fields:
        return f"fields: {read} for {fields}"
    for name, value in query.items():
        if name.endswith(("Param", "Params")):
            filled = json.loads(value)
            if not all(isinstance(text, str) and text for text in filled.values()):
                return f"{name} holds more than texts"
    if "OutId" in query and "Call" in action and not 1 <= len(query["OutId"].encode()) <= 15:
        return "OutId is not 1 to 15 bytes"
    return None


class Cloud(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        split = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(split.query, strict_parsing=True))
        action = self.headers["x-acs-action"]
        fault = signature_fault(self, query, body)
        answer = (400, "SignatureDoesNotMatch") if fault else None
        if not fault:
            fault = model_fault(action, query)
            answer = (400, "InvalidParameter") if fault else None
        with Cloud.lock:
            Cloud.count += 1
            number = Cloud.count
            kept = {"action": action, "query": query, "fault": fault}
            (self.directory / f"{number:03}.json").write_text(json.dumps(kept))
        who = (query.get("PhoneNumbers") or query.get("CalledNumber") or "")[-2:]
        if who == "03":
            time.sleep(3600)
        if who == "04":
            self.close_connection = True
            return
        status, code = answer or ANSWERS.get(who, (200, "OK"))
        said = {"Code": code, "Message": query.get("PhoneNumbers", ""), "RequestId": "R-1"}
        if code == "isv.BUSINESS_LIMIT_CONTROL":
            said["Message"] = "触发小时级流控Permits:5"
        if code == "OK" and action == "SendSms":
            said["BizId"] = f"90{number}^0"
        if code == "OK" and action in ("SingleCallByTts", "IvrCall"):
            said["CallId"] = f"1^{number}"
        if action == "QueryCallDetailByCallId":
            detail = {"state": "200003", "endDate": "2026-03-01 20:05:00", "duration": 0}
            # A call with keys is none of the other product's.
            asked = (query["CallId"], query["ProdId"])
            said["Data"] = json.dumps({} if asked == ("2^1", "11010000138001") else detail)
        if action == "QuerySendDetails":
            # Two others to that number, and then the one with this key.
            state = {"^1": 3, "^2": 2, "^3": 1}[query["BizId"][-2:]]
            all = [{"OutId": "another", "SendStatus": 3}, {"SendStatus": 2}]
            all += [{"OutId": "0123456789abcdef0123456789abcdef.2", "SendStatus": state,
                     "ErrCode": "DELIVERED", "ReceiveDate": "2026-03-01 20:05:00"}]
            model = sms.QuerySendDetailsResponseBody().from_map({
                **said, "TotalCount": "3", "SmsSendDetailDTOs": {"SmsSendDetailDTO": all}})
            said = model.to_map()
        headers = {"Content-Type": "application/json"}
        self.answer(status, headers, json.dumps(said).encode())


serve(Cloud)
