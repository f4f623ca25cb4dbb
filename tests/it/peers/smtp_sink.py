"""A mail server that keeps what it gets and misbehaves on demand.

Listens on a free port of 127.0.0.1, prints "port N", and ends when its
standard input does. Each mail taken becomes NNN.eml with its envelope in
NNN.json. The local part of the recipient says what is to happen.
"""

import argparse
import asyncio
import json
import pathlib
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult
except ImportError:
    sys.exit("the mail server for tests is missing: apt-get install python3-aiosmtpd")

AT_RECIPIENT = {
    "busy": "450 4.2.0 <busy@example.net> try again",
    "unknown": "550 5.1.1 <unknown@example.net> no such user",
    "denied": "550 5.7.1 <denied@example.net> relaying denied",
    "elsewhere": "550 5.7.1 <elsewhere@example.net> not from here",
    "throttle": "451 4.7.0 slow down",
}
AFTER_CONTENT = {
    "later": "451 4.3.0 out of disk",
    "spam": "554 5.7.1 looks like spam",
}


class Sink:
    def __init__(self, directory):
        self.directory = directory
        self.count = 0
        self.conversations = {}

    async def handle_RCPT(self, server, session, envelope, address, options):
        who = address.split("@")[0]
        if who == "hangup":
            server.transport.abort()
            return "421 4.3.0 gone"
        if who in AT_RECIPIENT:
            return AT_RECIPIENT[who]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        who = envelope.rcpt_tos[0].split("@")[0]
        if who in AFTER_CONTENT:
            return AFTER_CONTENT[who]
        self.keep(server, session, envelope)
        if who == "drop":
            server.transport.abort()
        if who == "silent":
            await asyncio.sleep(3600)
        if who == "bye":
            asyncio.get_running_loop().call_soon(server.transport.close)
        return f"250 2.0.0 Ok: queued as Q{self.count}"

    def keep(self, server, session, envelope):
        self.count += 1
        conversation = self.conversations.setdefault(id(session), len(self.conversations))
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.mail_options,
            "encrypted": server.transport.get_extra_info("ssl_object") is not None,
            "user": session.auth_data,
            "conversation": conversation,
            "hello": session.host_name,
        }
        name = f"{self.count:03}"
        (self.directory / f"{name}.eml").write_bytes(envelope.original_content)
        (self.directory / f"{name}.json").write_text(json.dumps(about))


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        if given == (user, password):
            return AuthResult(success=True, auth_data=user)
        return AuthResult(success=False, handled=False)

    return check


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--tls", choices=["starttls", "implicit"])
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--ascii-only", action="store_true")
    options = parser.parse_args()

    sink = Sink(options.directory)
    settings = {"enable_SMTPUTF8": not options.ascii_only, "hostname": "sink.example.net"}
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    if options.tls == "starttls":
        settings |= {"tls_context": context, "require_starttls": True}
    if options.user:
        settings |= {
            "authenticator": authenticator(options.user, options.password),
            "auth_required": True,
            "auth_require_tls": False,
        }

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, **settings),
        "127.0.0.1",
        0,
        ssl=context if options.tls == "implicit" else None,
    )
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
