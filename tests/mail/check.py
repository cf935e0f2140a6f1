"""Drives the mail of a running Frontdesk against the servers of servers.py.

    check.py BASE_URL KEY FOLDER

Prints one line per check and ends with status 1 if any failed.
"""

import email
import email.policy
import imaplib
import json
import pathlib
import ssl
import sys
import time
import traceback
import urllib.error
import urllib.request

from servers import PASSWORD, USER

BASE, KEY, FOLDER = sys.argv[1].rstrip("/"), sys.argv[2], pathlib.Path(sys.argv[3])
PORTS = json.loads((FOLDER / "ready.json").read_text())
AUTHORITY = (FOLDER / "authority.pem").read_text()


def call(method, path, body=None):
    """Status and answer of the API."""
    request = urllib.request.Request(f"{BASE}/api/v1{path}", method=method)
    request.add_header("Authorization", f"Bearer {KEY}")
    data = None
    if body is not None:
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=90) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def until(what, is_so, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = is_so()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} seconds: {what}")


def settings(tls, password=PASSWORD, mailbox=True):
    server = {"host": "127.0.0.1", "port": PORTS[tls], "tls": tls, "user": USER, "password": password,
              "authority": AUTHORITY}
    body = {"server": server, "sender": {"name": "Café “Zur Post”", "address": "desk@example.com"}}
    if mailbox:
        body["mailbox"] = {**server, "port": PORTS["imap"], "tls": "starttls", "password": PASSWORD,
                           "folder": "INBOX", "address": "desk@example.com"}
    return body


def taken():
    files = sorted((FOLDER / "taken").glob("*.eml"), key=lambda file: int(file.stem))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def set_up(**wanted):
    status, answer = call("PUT", "/mail", settings(**wanted))
    assert status == 200, answer
    assert PASSWORD not in json.dumps(answer), answer


def test_to(address):
    status, answer = call("POST", "/mail/test", {"to": address})
    assert status == 200, answer
    return answer


def check_sending():
    """A test arrives over both kinds of TLS, with correct headers."""
    for tls in ("implicit", "starttls"):
        set_up(tls=tls)
        before = len(taken())
        answer = test_to("anna@example.com")
        assert answer["ok"], answer
        assert "taken as" in answer["said"], answer
        message = taken()[before]
        assert message["From"].addresses[0].display_name == "Café “Zur Post”", message["From"]
        assert message["To"].addresses[0].addr_spec == "anna@example.com"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Message-ID"].endswith("@example.com>") and message["Date"].datetime
        assert not message.defects, message.defects
        assert "can send e-mail" in message.get_content()


def check_refusals():
    """What a server refuses is told in its words; a wrong password says what to do."""
    set_up(tls="starttls")
    answer = test_to("nobody@example.com")
    assert not answer["ok"] and "550 5.1.1 nobody of that name" in answer["said"], answer
    answer = test_to("later@example.com")
    assert not answer["ok"] and "450 4.2.0" in answer["said"], answer
    set_up(tls="implicit", password="wrong")
    answer = test_to("anna@example.com")
    assert not answer["ok"] and "app password" in answer["said"], answer
    status, answer = call("GET", "/mail")
    assert answer["sending"]["state"] == "fails", answer


def check_log():
    status, log = call("GET", "/mail/log?limit=3")
    assert status == 200 and len(log["messages"]) == 3 and log["next"], log
    status, rest = call("GET", f"/mail/log?before={log['next']}")
    assert len(rest["messages"]) == 2 and "next" not in rest, rest
    states = [message["state"] for message in log["messages"] + rest["messages"]]
    assert states.count("sent") == 2 and states.count("failed") == 3, states


def check_mailbox():
    """The mailbox is watched; a forged answer is refused and noted, ordinary mail stays unseen."""
    set_up(tls="starttls")
    until("the mailbox is watched", lambda: call("GET", "/mail")[1]["replies"]["state"] == "works")
    context = ssl.create_default_context(cadata=AUTHORITY)
    mailbox = imaplib.IMAP4("127.0.0.1", PORTS["imap"])
    mailbox.starttls(context)
    mailbox.login(USER, PASSWORD)
    forged = f"From: mallory@example.org\r\nTo: desk+r.{'0' * 32}@example.com\r\nSubject: Re\r\n\r\nWords\r\n"
    plain = "From: boss@example.com\r\nTo: desk@example.com\r\nSubject: Private\r\n\r\nWords\r\n"
    for message in (plain, forged):
        mailbox.append("INBOX", None, None, message.encode())
    received = until("the forged answer is noted", lambda: call("GET", "/mail/log")[1]["received"], 90)
    assert len(received) == 1, received
    assert received[0]["outcome"] == "refused" and received[0]["sender"] == "mallory@example.org", received
    mailbox.select("INBOX", readonly=True)
    _, (flags,) = mailbox.search(None, "UNSEEN", "SUBJECT", "Private")
    assert flags, "ordinary mail was marked as seen"
    mailbox.logout()


def check_off():
    assert call("DELETE", "/mail")[0] == 204
    status, answer = call("GET", "/mail")
    assert answer["server"] is None and answer["sending"]["state"] == "not_set_up", answer
    assert call("POST", "/mail/test", {"to": "anna@example.com"})[0] == 409


def is_up():
    try:
        return call("GET", "/mail")[0] == 200
    except OSError:
        return False


def main():
    until("the server is up", is_up, 60)
    failed = 0
    for check in (check_sending, check_refusals, check_log, check_mailbox, check_off):
        try:
            check()
            print(f"ok      {check.__name__}")
        except Exception:
            failed += 1
            print(f"FAILED  {check.__name__}")
            traceback.print_exc()
    sys.exit(1 if failed else 0)


main()
