"""Signs messages by the Standard Webhooks scheme, with Python's own hmac.

Each line of standard input is JSON, {"secret", "id", "timestamp", "body"},
secret and body in base64; each line of standard output is its signature.
"""

import base64
import hashlib
import hmac
import json
import sys

for line in sys.stdin:
    message = json.loads(line)
    signed = f"{message['id']}.{message['timestamp']}.".encode()
    signed += base64.b64decode(message["body"])
    digest = hmac.new(base64.b64decode(message["secret"]), signed, hashlib.sha256).digest()
    print("v1," + base64.b64encode(digest).decode())
