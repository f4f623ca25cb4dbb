"""SES, End User Messaging and SNS as Amazon's own client knows them.

Requests are held against botocore: the signature is made again with its
signer, and the body is checked against its model of the service. Each becomes
NNN.json with what is wrong about it; the local part of the address, or the
last two digits of the number, say what is to happen.

Notifications are signed with a key of the peer's own by `cryptography`: POST
/sign fills in a signature, its certificate is where
Amazon's would be. A
confirmation, GET /?Action=ConfirmSubscription, is kept as well.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does.
"""

import base64
import datetime
import functools
import json
import pathlib
import re
import sys
import threading
import time
import urllib.parse

import botocore.session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from serving import Handler, serve

KEYS = {"AKIDEXAMPLE": ("s3cret/key+", None), "ASIAROLE": ("role/s3cret", "session-t0ken==")}

# What becomes of a number, by its last two digits.
NUMBERS = {
    "81": "unknown", "82": "busy", "83": "silent", "84": "drop", "85": "denied",
    "86": "stopped", "87": "broken", "88": "html", "89": "paused", "90": "blocked",
}

SES = {
    "unknown": (400, {}, "BadRequestException", {}),
    "unverified": (400, {}, "MessageRejected", {"message": "Email address is not verified."}),
    "busy": (429, {"Retry-After": "30"}, "TooManyRequestsException", {}),
    "quota": (400, {}, "ThrottlingException", {"message": "Daily message quota exceeded."}),
    "denied": (403, {}, "ExpiredTokenException", {"message": "expired: unknown@example.net"}),
    "skewed": (403, {}, "InvalidSignatureException", {"message": "Signature expired"}),
    "paused": (503, {"Retry-After": "120"}, "ServiceUnavailable", {}),
    "broken": (500, {}, "InternalFailure", {}),
}

NUMBER_FIELD = [{"Name": "DestinationPhoneNumber", "Message": "+49 is no number"}]
EUM = {
    "unknown": (400, {}, "ValidationException",
                {"Reason": "FIELD_VALIDATION_FAILED", "Fields": NUMBER_FIELD}),
    "stopped": (400, {}, "ConflictException", {"Reason": "DESTINATION_PHONE_NUMBER_OPTED_OUT"}),
    "blocked": (400, {}, "ValidationException", {"Reason": "PRICE_OVER_THRESHOLD"}),
    "busy": (400, {}, "ThrottlingException", {}),
    "denied": (400, {}, "AccessDeniedException", {"Reason": "ACCOUNT_DISABLED"}),
    "paused": (503, {"Retry-After": "120"}, "ServiceUnavailable", {}),
    "broken": (500, {}, "InternalServerException", {}),
}

SESSION = botocore.session.get_session()


@functools.cache
def model(service):
    return SESSION.get_service_model(service)


def unsigned(request, body, service):
    """What is wrong with the signature, by botocore's own signer."""
    said = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/([\w-]+)/([\w-]+)/aws4_request, "
        r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})",
        request.headers.get("Authorization", ""),
    )
    if not said:
        return "no signature"
    key, region, name, signed, signature = said.groups()
    if key not in KEYS or name != service:
        return f"no such key for {name}"
    secret, token = KEYS[key]
    if token != request.headers.get("X-Amz-Security-Token"):
        return "another session token"
    names = signed.split(";")
    must = {"host", "x-amz-date", "content-type"} | ({"x-amz-security-token"} if token else set())
    if not must <= set(names):
        return f"only {signed} are signed"
    aws = AWSRequest(
        method=request.command,
        url=f"http://{request.headers['Host']}{request.path}",
        headers={name: request.headers[name] for name in names},
        data=body,
    )
    aws.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(key, secret, token), name, region)
    text = signer.string_to_sign(aws, signer.canonical_request(aws))
    return None if signer.signature(text, aws) == signature else "another signature"


def unfit(value, shape, place=""):
    """What in a value does not fit a shape of the model."""
    if shape.type_name == "structure":
        faults = [f"{place}.{name} is missing" for name in shape.required_members if name not in value]
        for name, inner in value.items():
            if name not in shape.members:
                faults.append(f"{place}.{name} is not known")
            else:
                faults += unfit(inner, shape.members[name], f"{place}.{name}")
        return faults
    if shape.type_name == "list":
        return [fault for one in value for fault in unfit(one, shape.member, place)]
    if shape.type_name == "map":
        return [fault for key, one in value.items()
                for fault in unfit(key, shape.key, place) + unfit(one, shape.value, place)]
    limits = shape.metadata
    size = value if isinstance(value, int) else len(value)
    if not limits.get("min", size) <= size <= limits.get("max", size):
        return [f"{place} is out of bounds"]
    if "pattern" in limits and not re.search(f"^(?:{limits['pattern']})$", value):
        return [f"{place} does not fit {limits['pattern']}"]
    if "enum" in limits and value not in limits["enum"]:
        return [f"{place} is none of {limits['enum']}"]
    return []


@functools.cache
def key():
    from cryptography.hazmat.primitives.asymmetric import rsa
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate():
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime.datetime(2026, 1, 1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key().public_key()).serial_number(17)
    builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(400))
    made = builder.sign(key(), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def sign(envelope):
    """Fills in the signature, as Amazon's guide says how it is made."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    fields = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    if envelope["Type"] == "Notification":
        fields = [name for name in fields if name not in ("SubscribeURL", "Token")]
    text = "".join(f"{name}\n{envelope[name]}\n" for name in fields if name in envelope)
    digest = hashes.SHA1() if envelope["SignatureVersion"] == "1" else hashes.SHA256()
    signature = key().sign(text.encode(), padding.PKCS1v15(), digest)
    return envelope | {"Signature": base64.b64encode(signature).decode()}


class Amazon(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def keep(self, kept):
        with Amazon.lock:
            Amazon.count += 1
            (self.directory / f"{Amazon.count:03}.json").write_text(json.dumps(kept))
            return Amazon.count

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.keep({"path": path, "query": dict(urllib.parse.parse_qsl(query))})
        if path == "/SimpleNotificationService-0123456789abcdef.pem":
            return self.answer(200, {}, certificate())
        is_confirmation = path == "/" and "Token" in query
        self.answer(200 if is_confirmation else 404, {}, b"")

    def do_POST(self):
        body = self.body()
        if self.path == "/sign":
            return self.answer(200, {}, json.dumps(sign(json.loads(body)), ensure_ascii=False).encode())
        is_mail = self.path == "/v2/email/outbound-emails"
        value = json.loads(body)
        if is_mail:
            service, shape = "ses", model("sesv2").operation_model("SendEmail").input_shape
            who = value["Destination"]["ToAddresses"][0].split("<")[-1].split("@")[0]
        else:
            service, name = "sms-voice", self.headers["X-Amz-Target"].split(".")[-1]
            shape = model("pinpoint-sms-voice-v2").operation_model(name).input_shape
            who = NUMBERS.get(value["DestinationPhoneNumber"][-2:])
        fault = unsigned(self, body, service)
        number = self.keep({
            "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": value, "unsigned": fault, "unfit": unfit(value, shape),
        })
        if who == "silent":
            time.sleep(3600)
        if who == "drop":
            self.close_connection = True
            return
        if who == "html":
            return self.answer(200, {}, b"<html>Welcome to the hotel</html>")
        if fault:
            who, script = "", {"": (403, {}, "InvalidSignatureException", {})}
        else:
            script = SES if is_mail else EUM
        if who not in script:
            return self.answer(200, {}, json.dumps({"MessageId": f"m-{number}"}).encode())
        status, headers, error, more = script[who]
        # SES names the error in a header, End User Messaging in the body.
        if is_mail:
            headers = headers | {"x-amzn-ErrorType": f"{error}:http://internal.amazon.com/"}
        else:
            more = more | {"__type": f"com.amazonaws#{error}", "Message": "+49 is at fault"}
        self.answer(status, headers, json.dumps(more).encode())


serve(Amazon)
