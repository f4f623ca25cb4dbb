"""What Twilio itself says is right: its Python library and its description of
its API, neither written by us.

Each line of standard input is JSON, and each line of standard output the JSON
answer to it:

  {"sign": url, "fields": {…}, "key": …, "algorithm": …}   the signature
  {"request": "messages" or "calls", "account", "token", "fields": {…}}
      what the library would send: path, authorization and fields
  {"described": path, "fields": […]}
      what Twilio's OpenAPI description finds wrong with them; null where the
      description could not be had
  {"fetch": "messages" or "calls", "account", "token", "sid"}
      what the library would ask
  {"gather": {attributes}, "says": […], "language", "voice", "ours": xml}
      whether the library makes the same TwiML
  {"leave": text, "next": url, "language", "voice", "ours": xml}    likewise
"""

import fcntl
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as xml

import jsonschema
import requests
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Gather, VoiceResponse

# The npm package in which Twilio ships the description.
PACKAGE = "@twilio/cli-core@8.3.2"
INSIDE = "package/src/services/twilio-api/twilio_api_v2010.json"
HOME = pathlib.Path(__file__).parents[3] / "target/peers"


def sign(said):
    validator = RequestValidator(said["key"])
    return validator.compute_signature(said["sign"], said["fields"], said.get("algorithm"))


class Recorder(HttpClient):
    def __init__(self):
        super().__init__(logger=None, is_async=False)

    def request(self, method, url, params=None, data=None, headers=None, auth=None, **rest):
        prepared = requests.Request(method, url, data=data, auth=auth).prepare()
        self.sent = {
            "method": method,
            "path": prepared.path_url,
            "authorization": prepared.headers["Authorization"],
            "fields": {name: str(value) for name, value in (data or {}).items()},
        }
        kind = "CA" if url.endswith("Calls.json") else "SM"
        return Response(201, json.dumps({"sid": kind + "0" * 32}))


def request(said):
    recorder = Recorder()
    client = Client(said["account"], said["token"], http_client=recorder)
    snake = {re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): value
             for name, value in said["fields"].items()}
    # `from` is a word of Python's.
    if "from" in snake:
        snake["from_"] = snake.pop("from")
    getattr(client, said["request"]).create(**snake)
    return recorder.sent


def fetch(said):
    recorder = Recorder()
    client = Client(said["account"], said["token"], http_client=recorder)
    getattr(client, said["fetch"])(said["sid"]).fetch()
    return recorder.sent


def description():
    kept = HOME / "twilio_api_v2010.json"
    with open(HOME / "twilio.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            try:
                packed = subprocess.run(
                    ["npm", "pack", "--silent", "--pack-destination", str(HOME), PACKAGE],
                    capture_output=True, check=True, text=True).stdout.strip()
                with tarfile.open(HOME / packed) as tar:
                    text = tar.extractfile(INSIDE).read()
            except (OSError, subprocess.CalledProcessError, KeyError):
                return None
            kept.write_bytes(text)
    return json.loads(kept.read_text())


def described(said):
    whole = description()
    if whole is None:
        return None
    for path, operations in whole["paths"].items():
        pattern = re.sub(r"\{\w+\}", "([^/]+)", re.escape(path).replace(r"\{", "{").replace(r"\}", "}"))
        found = re.fullmatch(pattern, said["described"])
        if found and "post" in operations:
            break
    else:
        return ["no such path"]
    operation = operations["post"]
    wrong = []
    for parameter, value in zip(operation["parameters"], found.groups()):
        wrong += problems(parameter["schema"], value)
    schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    # A form has texts alone; what is a number or a list there is read as one.
    fields = {}
    for name, value in said["fields"]:
        kind = schema["properties"].get(name, {}).get("type")
        if kind == "integer":
            value = int(value) if re.fullmatch(r"-?\d+", value) else value
        if kind == "array":
            value = fields.get(name, []) + [value]
        fields[name] = value
    return wrong + problems({**schema, "additionalProperties": False}, fields)


def problems(schema, value):
    checker = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in checker.iter_errors(value)]


def gather(said):
    response = VoiceResponse()
    listening = Gather(**said["gather"])
    for text in said["says"]:
        listening.say(text, language=said["language"], voice=said["voice"])
    response.append(listening)
    return same(str(response), said["ours"])


def leave(said):
    response = VoiceResponse()
    response.say(said["leave"], language=said["language"], voice=said["voice"])
    response.redirect(said["next"], method="POST")
    return same(str(response), said["ours"])


def same(theirs, ours):
    theirs, ours = xml.canonicalize(theirs), xml.canonicalize(ours)
    return True if theirs == ours else theirs


DOES = {"sign": sign, "request": request, "fetch": fetch, "described": described, "gather": gather, "leave": leave}

for line in sys.stdin:
    said = json.loads(line)
    does = next(does for name, does in DOES.items() if name in said)
    print(json.dumps(does(said)), flush=True)
