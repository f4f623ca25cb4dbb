"""moto, which stands in for SES, SNS and IAM, behind a door of our own.

What comes to the door goes on to moto as it is; requests are signed with the
key in keys.json, and moto checks that against IAM. POST /publish publishes its
body to the topic; what moto then posts to its subscriber, /notify, is kept as
NNN.body, byte for byte. GET /sent is what moto has sent.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does.
"""

import http.client
import json
import logging
import os
import pathlib
import sys
import threading

logging.getLogger("werkzeug").setLevel(logging.ERROR)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

import boto3
from moto.server import ThreadedMotoServer

from serving import Handler, listen, stay

DIRECTORY = pathlib.Path(sys.argv[1])
ANYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}

moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
moto.start()
HOST, PORT = moto.get_host_and_port()


def client(name, key="x", secret="x"):
    return boto3.client(
        name, region_name="us-east-1", endpoint_url=f"http://{HOST}:{PORT}",
        aws_access_key_id=key, aws_secret_access_key=secret,
    )


def moto_says(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(HOST, PORT)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    error = response.getheader("x-amzn-errortype")
    return response.status, {"x-amzn-errortype": error} if error else {}, response.read()


class Door(Handler):
    lock = threading.Lock()
    count = 0

    def do_GET(self):
        if self.path == "/sent":
            return self.answer(*moto_says("GET", "/moto-api/data.json"))
        # Which service is meant moto tells from a signature's scope.
        scope = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sns/aws4_request, SignedHeaders=x, Signature=x"
        self.answer(*moto_says("GET", self.path, headers={"Authorization": scope}))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/publish":
            SNS.publish(TopicArn=TOPIC, Message=body.decode())
            return self.answer(200, {}, b"{}")
        if self.path == "/notify":
            with Door.lock:
                Door.count += 1
                (DIRECTORY / f"{Door.count:03}.body").write_bytes(body)
            return self.answer(200, {}, b"")
        self.answer(*moto_says("POST", self.path, body, dict(self.headers)))


port = listen(Door)

iam = client("iam")
iam.create_user(UserName="duebell")
iam.put_user_policy(UserName="duebell", PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
made = iam.create_access_key(UserName="duebell")["AccessKey"]
KEY, SECRET = made["AccessKeyId"], made["SecretAccessKey"]
(DIRECTORY / "keys.json").write_text(json.dumps({"AccessKeyId": KEY, "SecretAccessKey": SECRET}))
client("sesv2").create_email_identity(EmailIdentity="rechnung@example.org")
TOPIC = client("sns").create_topic(Name="duebell")["TopicArn"]
client("sns").subscribe(
    TopicArn=TOPIC, Protocol="http", Endpoint=f"http://127.0.0.1:{port}/notify"
)
SNS = client("sns", KEY, SECRET)
# From here on every request is held against IAM.
status, _, said = moto_says("POST", "/moto-api/reset-auth", "0", {"Content-Type": "text/plain"})
assert status == 200, said

stay(port)
