"""A billing system that takes advice only where the library of the Standard
Webhooks scheme says that the signature is good.

Arguments: a directory, the secret, and the statuses to answer good posts with,
one after the other, the last for ever. What was verified becomes NNN.json with
its id, its body and the status; what was not is answered with 401, and becomes
NNN.json with the reason.
"""

import json
import pathlib
import sys
import threading

from serving import Handler, serve
from standardwebhooks import Webhook, WebhookVerificationError

SECRET, STATUSES = sys.argv[2], [int(status) for status in sys.argv[3:]] or [204]


class Billing(Handler):
    directory = pathlib.Path(sys.argv[1])
    lock = threading.Lock()
    count = 0

    def do_POST(self):
        data = self.body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        kept = {"id": headers.get("webhook-id"), "type": headers.get("content-type")}
        with Billing.lock:
            Billing.count += 1
            number = Billing.count
            try:
                kept["body"] = Webhook(SECRET).verify(data, headers)
                kept["status"] = STATUSES[min(number, len(STATUSES)) - 1]
            except WebhookVerificationError as error:
                kept["refused"] = str(error)
                kept["status"] = 401
            path = Billing.directory / f"{number:03}.json"
            path.write_text(json.dumps(kept))
        self.answer(kept["status"], {}, b"")


serve(Billing)
