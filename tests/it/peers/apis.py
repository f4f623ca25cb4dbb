"""Three SMS APIs that hold each request to the provider's own Python library.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. Each request becomes NNN.json with its method, path and
fields, and with what the library finds wrong: a field that it does not have or
would not take, a login or a body that it would have written otherwise. The
last two digits of the number say what is to happen.
"""

import json
import pathlib
import sys
import threading
import time
import urllib.parse

import plivo
from pydantic import ValidationError
from requests import Response
from serving import Handler, serve
from sinch.domains.sms.models.v1.shared.text_request import TextRequest
from vonage_http_client.auth import Auth
from vonage_sms import SmsMessage

KEY, SECRET = "abcd1234", "s3cret-of-vonage"
PLAN, TOKEN = "jd63jf88477ll123ab4567cd89012ef3", "t0ken-of-sinch"
ACCOUNT, PASSWORD = "MAXXXXXXXXXXXXXXXXXX", "t0ken-of-plivo"


def by_model(model, fields):
    """What the model finds wrong with fields, and whether it writes them so."""
    names = {field.alias or field.serialization_alias or name: name
             for name, field in model.model_fields.items()}
    unknown = sorted(set(fields) - set(names))
    if unknown:
        return [f"no such field: {name}" for name in unknown]
    try:
        read = model.model_validate({names[name]: value for name, value in fields.items()},
                                    by_name=True)
    except ValidationError as error:
        return [str(problem["loc"]) + ": " + problem["msg"] for problem in error.errors()]
    written = read.model_dump(mode="json", by_alias=True)
    return [f"{name}: {written[name]!r}, and not {value!r}" for name, value in fields.items()
            if str(written[name]) != str(value)]


def vonage(request):
    login = Auth(api_key=KEY, api_secret=SECRET).create_basic_auth_string()
    pairs = urllib.parse.parse_qsl(request["body"], keep_blank_values=True, strict_parsing=True)
    fields = dict(pairs)
    wrong = by_model(SmsMessage, fields)
    if len(fields) != len(pairs):
        wrong.append("a field stands there twice")
    return fields, fields["to"], login, wrong


def sinch(request):
    fields = json.loads(request["body"])
    return fields, fields["to"][0], f"Bearer {TOKEN}", by_model(TextRequest, fields)


class Recorder:
    """Stands for the library's session: keeps what it would send."""

    def send(self, prepared, **_):
        self.prepared = prepared
        response = Response()
        response.status_code, response.request = 202, prepared
        response._content = b'{"api_id": "a", "message": "queued", "message_uuid": ["u"]}'
        return response


def by_plivo(request):
    fields = json.loads(request["body"])
    client, recorder = plivo.RestClient(ACCOUNT, PASSWORD), Recorder()
    client.session.send = recorder.send
    wrong, login = [], None
    try:
        client.messages.create(**fields)
        theirs = json.loads(recorder.prepared.body)
        login = recorder.prepared.headers["Authorization"]
        # Its defaults, which need not be sent.
        for name, default in [("type", "sms"), ("log", "true"), ("trackable", False)]:
            if theirs.get(name) == default:
                theirs.pop(name)
        if theirs != fields:
            wrong.append(f"the library would send {sorted(theirs)}")
        if recorder.prepared.path_url != request["path"]:
            wrong.append(f"the library would ask at {recorder.prepared.path_url}")
    except Exception as error:
        wrong.append(repr(error))
    return fields, fields["dst"], login, wrong


def by_status(status):
    return 200, {"message-count": "1", "messages": [
        {"status": status, "error-text": "about 491512345678 and unknown@example.net"}]}


# For each API: who reads a request, and what becomes of whom.
APIS = {
    "/sms/json": (vonage, {
        "00": (200, {"message-count": "2", "messages": [
            {"to": "1", "message-id": f"V-{part}", "status": "0", "remaining-balance": "1",
             "message-price": "0.1", "network": "1"} for part in (1, 2)]}),
        "01": by_status("6"),
        "02": by_status("1"),
        "05": by_status("4"),
        "06": (200, {"message-count": "2", "messages": [
            {"message-id": "V-1", "status": "0"}, {"status": "1", "error-text": "Throttled"}]}),
        "07": by_status("5"),
    }),
    f"/xms/v1/{PLAN}/batches": (sinch, {
        "00": (201, {"id": "01FC66621VHDBN119Z8PMV1QPU", "to": ["1"], "canceled": False}),
        "01": (400, {"code": "syntax_invalid_parameter_format", "text": "to: 491512345678"}),
        "02": (429, {}),
        "05": (401, {}),
    }),
    f"/v1/Account/{ACCOUNT}/Message/": (by_plivo, {
        "00": (202, {"api_id": "a", "message": "message(s) queued",
                     "message_uuid": ["db3ce55a-7f1d-11e1-8ea7-1231380bc196"]}),
        "01": (400, {"api_id": "a", "error": "dst 491512345678 is not valid"}),
        "02": (429, {"api_id": "a", "error": "rate limit"}),
        "05": (401, {}),
    }),
}


class Apis(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        request = {"method": self.command, "path": self.path, "body": body}
        if self.path not in APIS:
            return self.answer(404, {}, b"")
        read, answers = APIS[self.path]
        with Apis.lock:
            Apis.count += 1
            fields, to, login, wrong = read(request)
            if self.headers["Authorization"] != login:
                wrong.append("the login is another")
            kept = {**request, "fields": fields, "wrong": wrong}
            (self.directory / f"{Apis.count:03}.json").write_text(json.dumps(kept))
        who = to[-2:]
        if who == "03":
            time.sleep(3600)
        if who == "04":
            self.close_connection = True
            return
        status, answer = answers[who]
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(answer).encode())


serve(Apis)
