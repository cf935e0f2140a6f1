"""Real mail servers on this machine: aiosmtpd for SMTP, pymap for IMAP, with certificates of an authority made here.

    servers.py FOLDER

FOLDER gets `authority.pem`, and `ready.json` with the ports once both listen. What SMTP takes is written to
`FOLDER/taken/N.eml`. The servers run until standard input ends.
"""

import asyncio
import json
import pathlib
import shutil
import ssl
import subprocess
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER = "desk"
PASSWORD = "correct horse"


def make_certificates(folder):
    """An authority, and a certificate of it for 127.0.0.1."""
    run = lambda *words: subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-keyout", "authority.key", "-out", "authority.pem", "-subj", "/CN=Authority of a test",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
        "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
        "-CAcreateserial", "-days", "2", "-extfile", "server.ext", "-out", "server.pem")


class Taker:
    """Writes down what comes; an address that begins with `nobody` is refused, one with `later` put off once."""

    def __init__(self, folder):
        self.folder = folder
        self.put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 nobody of that name"
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return "450 4.2.0 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        number = len(list(self.folder.glob("*.eml"))) + 1
        # First under another name, so that nobody reads half of it.
        written = self.folder / f"{number}.part"
        written.write_bytes(envelope.content)
        written.rename(self.folder / f"{number}.eml")
        return f"250 2.0.0 taken as {number}"


def authenticate(server, session, envelope, mechanism, data):
    right = getattr(data, "login", None) == USER.encode() and getattr(data, "password", None) == PASSWORD.encode()
    return AuthResult(success=right, handled=False)


class Starttls(Controller):
    """SMTP that turns to TLS, and takes nothing without."""

    def factory(self):
        return SMTP(self.handler, tls_context=self.context, require_starttls=True, authenticator=authenticate,
                    auth_required=True)


def start_smtp(folder, context, starttls):
    (folder / "taken").mkdir(exist_ok=True)
    kind = Starttls if starttls else Controller
    extra = {} if starttls else {"ssl_context": context, "authenticator": authenticate, "auth_required": True,
                                 "auth_require_tls": False}
    controller = kind(Taker(folder / "taken"), hostname="127.0.0.1", port=free_port(), **extra)
    controller.context = context
    controller.start()
    return controller


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_imap(folder):
    port = free_port()
    program = pathlib.Path(sys.executable).parent / "pymap"
    command = [str(program), "--host", "127.0.0.1", "--port", str(port), "--cert", str(folder / "server.pem"),
               "--key", str(folder / "server.key"), "--no-service", "managesieve", "--no-service", "admin",
               "dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    log = open(folder / "imap.log", "wb")
    return port, subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


async def until_listening(port):
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


def main():
    folder = pathlib.Path(sys.argv[1])
    if shutil.which("openssl") is None:
        raise SystemExit("openssl is needed for the certificates")
    make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    implicit, starttls = start_smtp(folder, context, False), start_smtp(folder, context, True)
    imap_port, imap = start_imap(folder)
    try:
        asyncio.run(until_listening(imap_port))
        ports = {"implicit": implicit.port, "starttls": starttls.port, "imap": imap_port}
        (folder / "ready.json").write_text(json.dumps(ports))
        sys.stdin.read()
    finally:
        imap.terminate()
        imap.wait(timeout=10)
        implicit.stop()
        starttls.stop()


if __name__ == "__main__":
    main()
