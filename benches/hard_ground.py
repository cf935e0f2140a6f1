#!/usr/bin/env python3
"""Frontdesk on hard ground: erasing, restoring, damage, a full disk, a roll-back, real SFTP and S3 servers, age, the seal.

usage: hard_ground.py FRONTDESK [--only 1,4] [--keep]
Prints each command with what came back. Works in a temporary folder, ends only what it started, exits 1 when something
is not as it should be. Needs root (a small tmpfs, sshd), age, sshd, strace, and the Python packages `moto[server]` and
`sqlcipher3-binary` in the environment of this interpreter; models in FRONTDESK_MODELS_DIR (`models get --starter test`).
With OLDER=PATH the roll-back goes from that earlier program to this one and back."""
import argparse, hashlib, hmac, http.client, io, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.parse, zipfile

MODELS = os.environ.get("FRONTDESK_MODELS_DIR", os.path.expanduser("~/.cache/frontdesk/models"))
LINES = 24  # most lines of an answer that are shown
EMAIL, PASSWORD = "owner@shop.example", "correct-horse-battery"


# ------------------------------------------------------------------ what is printed
failed, done = [], 0


def say(text=""):
    print(text, flush=True)


def title(text):
    say(); say("=" * 100); say(text); say("=" * 100)


def shortened(text):
    return text.replace(ROOT, "…").replace(BINARY, "frontdesk").replace(OLDER or BINARY, "older-frontdesk")


def shown(text):
    lines = shortened(text).rstrip().splitlines()
    for line in lines[:LINES]:
        say("  " + (line if len(line) <= 400 else line[:400] + " …"))
    if len(lines) > LINES:
        say(f"  … {len(lines) - LINES} lines more")


def expect(holds, what):
    global done
    done += 1
    say(f"  {'[as it should]' if holds else '[NOT AS IT SHOULD]'} {what}")
    if not holds:
        failed.append(what)
    return holds


# ------------------------------------------------------------------ commands and servers
def run(*command, env=None, input=None, rc=0, quiet=False, timeout=300, binary=False):
    """Runs a command, prints it with what came back, and looks at its exit code (None: any)."""
    say("$ " + shortened(" ".join(command)))
    ran = subprocess.run(command, input=input, capture_output=True, timeout=timeout, cwd=ROOT, env={**ENV, **(env or {})})
    out, err = ran.stdout, ran.stderr.decode(errors="replace")
    text = "" if binary else out.decode(errors="replace")
    if not quiet:
        shown(text + err)
    if rc is not None and ran.returncode != rc:
        expect(False, f"exit code {ran.returncode} in place of {rc}: {shortened(command[0])} {' '.join(command[1:4])}")
    return out if binary else text + err


class Desk:
    """A data folder, and at times the server on it."""

    def __init__(self, name, folder=None, **settings):
        self.data = folder or os.path.join(ROOT, name)
        self.env = {"FRONTDESK_" + key.upper(): value for key, value in settings.items()}
        self.port, self.process, self.cookie, self.binary = free_port(), None, "", BINARY

    def __call__(self, *args, **more):
        return run(self.binary, *args, "--data", self.data, env={**self.env, **more.pop("env", {})}, **more)

    def start(self, *args, wait=True, wrap=()):
        command = [*wrap, self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data, *args]
        say("$ " + shortened(" ".join(command)) + " &")
        self.log_path = os.path.join(ROOT, os.path.basename(self.data) + ".log")
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, cwd=ROOT, env={**ENV, **self.env})
        started.append(self.process)
        for _ in range(1200):
            if self.process.poll() is not None:
                self.said(3)
                expect(not wait, "the server ended at once")
                return self
            try:
                status, _ = self.http("GET", "/readyz" if wait else "/healthz", quiet=True)
                if status == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        expect(False, "the server is ready after two minutes")
        return self

    def stop(self, sign=signal.SIGTERM):
        say(f"$ kill -{sign.name} (the server)")
        self.process.send_signal(sign)
        code = self.process.wait(60)
        self.log.close()
        return code

    def said(self, last=4):
        """The end of the server's log."""
        say("  the server's log, its end:")
        shown("\n".join(re.sub(r"\x1b\[\d+m", "", line) for line in open(self.log_path).read().splitlines()[-last:]))

    def http(self, method, path, body=None, token=None, form=None, quiet=False, cookie=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)
        headers = {"Origin": f"http://127.0.0.1:{self.port}"}
        if token: headers["Authorization"] = "Bearer " + token
        if cookie: headers["Cookie"] = self.cookie
        data = None
        if form is not None:
            data, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie": self.cookie = value.split(";")[0]
        connection.close()
        if not quiet:
            say(f"$ curl -X {method} http://127.0.0.1:PORT{path}" + (f" -d '{json.dumps(body)}'" if body else ""))
            shown(f"{answer.status} {text[:1500]}")
        return answer.status, text

    def page(self, path, form=None):
        """A page's words, as somebody who signed in."""
        status, text = self.http("POST" if form is not None else "GET", path, form=form, quiet=True, cookie=True)
        text = re.sub(r"(?s)<(script|style|svg|head).*?</\1>", " ", text)
        return status, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))

    def status_page(self, *words):
        """The sentences of the status page that hold one of these words."""
        status, text = self.http("GET", "/api/v1/status", token=self.key, quiet=True)
        say(f"$ curl http://127.0.0.1:PORT/api/v1/status    (the status page's protections: {', '.join(words)})")
        protections = json.loads(text).get("protections", []) if status == 200 else []
        told = [p for p in protections if p["name"] in words]
        for one in told:
            say(f"  {one['name']}: {'ok' if one['ok'] else 'NOT OK'}: {shortened(one['detail'])}")
        if not told: shown(f"{status} {text[:600]}")
        return {one["name"]: one for one in told}

    def owner(self):
        """An owner's account, visitors let in, and a key for programs."""
        self("admin", "user", "create", "--name", "Olive Owner", "--email", EMAIL, input=(PASSWORD + "\n").encode())
        self("admin", "visitors")
        self.key = self("admin", "key", "create", "--name", "hard ground", "--all", quiet=True).split()[0]
        return self

    def sign_in(self):
        status, text = self.http("POST", "/login", form={"email": EMAIL, "password": PASSWORD, "next": ""}, quiet=True)
        say(f"  signing in on the page: {status}" + ("" if status == 303 else " " + text[:200]))
        return status == 303

    def visit(self):
        site = self("admin", "site-key", quiet=True).split()[0]
        return json.loads(self.http("POST", "/api/v1/visit", {"site": site}, quiet=True)[1])["token"]

    def chat(self, token, text):
        """A visitor's message; the answer."""
        say(f"  a visitor writes: {text}")
        status, events = self.http("POST", "/api/v1/visit/messages", {"text": text}, token=token, quiet=True)
        fields = [dict(line.split(": ", 1) for line in event.splitlines() if ": " in line) for event in events.replace("\r", "").split("\n\n")]
        fields = [event for event in fields if "event" in event]
        name, data = (fields[-1]["event"], fields[-1].get("data", "")) if fields else ("", json.dumps(events[:300]))
        answer = json.loads(data).get("answer", data) if name == "done" else data
        say(f"  the front desk ({status}, {name}): {answer[:300]}")
        return answer if name == "done" else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def serve_beside(*command, port, env=None, name="server"):
    """Another program's server, until it listens."""
    say("$ " + shortened(" ".join(command)) + " &")
    log = open(os.path.join(ROOT, name + ".log"), "ab")
    process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env={**ENV, **(env or {})})
    started.append(process)
    for _ in range(300):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise SystemExit(f"{command[0]} does not listen: " + open(log.name).read()[-800:])


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill(); process.wait()


def write(path, text, mode=0o600):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def flip(path, at):
    """Turns over one bit of a file."""
    say(f"$ flip one bit of byte {at} of {shortened(path)} ({os.path.getsize(path)} bytes)")
    with open(path, "r+b") as file:
        file.seek(at); byte = file.read(1)[0]
        file.seek(at); file.write(bytes([byte ^ 1]))


# ------------------------------------------------------------------ looking into files without Frontdesk
def database(path, key):
    """A connection to an SQLCipher file with a raw key."""
    import sqlcipher3.dbapi2 as sqlcipher
    connection = sqlcipher.connect(path)
    connection.execute(f"PRAGMA key = \"x'{key}'\"")
    return connection


def store_key(data):
    """The store's key as it follows from master.key (HKDF-SHA256; ARCHITECTURE.md and src/store/key.rs)."""
    master = bytes.fromhex(open(os.path.join(data, "master.key")).read().strip())
    salt = re.search(rb'HKDF_SALT: &\[u8\] = b"([^"]+)"', open(KEY_RS, "rb").read()).group(1)
    prk = hmac.new(salt, master, hashlib.sha256).digest()
    return hmac.new(prk, b"store\x01", hashlib.sha256).hexdigest()


def times_in_database(connection, word):
    """How often a word stands in any value of any table, by table."""
    found = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                raw = value if isinstance(value, bytes) else str(value).encode()
                if word.lower().encode() in raw.lower():
                    found[table] = found.get(table, 0) + 1
    return found


def opened_with_age(backup, key_file, folder):
    """Opens a backup with age and unzip alone; its manifest and a connection to its database."""
    os.makedirs(folder, exist_ok=True)
    plain = os.path.join(folder, "opened.zip")
    run("age", "--decrypt", "--identity", key_file, "--output", plain, backup)
    run("unzip", "-o", "-q", plain, "-d", folder)
    run("unzip", "-l", plain)
    manifest = json.load(open(os.path.join(folder, "manifest.json")))
    return manifest, database(os.path.join(folder, "frontdesk.db"), manifest["key"])


def newest(desk):
    """The path of the newest backup."""
    folder = os.path.join(desk.data, "backups")
    return os.path.join(folder, sorted(name for name in os.listdir(folder) if name.endswith(".age"))[-1])


def recovery_key(desk, name):
    return write(os.path.join(ROOT, name), desk("backup", "recovery-key", quiet=True).split()[0] + "\n")


# ------------------------------------------------------------------ 1, 2 and 7: erased, restored, opened with age
CANARY, MAIL = "Quokkalantern", "wilhelmina@quokkalantern.example"


def part_1():
    title("1. A chat is erased with its canary")
    desk = Desk("shop").start("--demo").owner()
    key = recovery_key(desk, "recovery.txt")
    visitor = desk.visit()
    desk.chat(visitor, f"My name is Wilhelmina {CANARY}, {MAIL}. How much is a full service?")
    desk.chat(visitor, f"Does the {CANARY} guild get a discount on unicycles?")
    other = desk.visit()
    desk.chat(other, "How much is a full service?")
    receipts = json.loads(desk.http("GET", "/api/v1/receipts", token=desk.key, quiet=True)[1])["receipts"]
    hers = next(one["id"] for one in receipts if CANARY in json.dumps(one))
    desk.http("POST", f"/api/v1/receipts/{hers}/rating", {"value": -1, "comment": f"{CANARY} was not content"}, token=desk.key)
    desk("backup", "create")
    before = newest(desk)
    say(f"Where the word is before: {where_told(desk)}")
    expect(sum(where_told(desk).values()) > 0, "the word is found before it is erased")

    desk("person", "find", MAIL)
    desk("person", "copy", MAIL, "--out", "wilhelmina.zip")
    preview = desk("person", "erase", MAIL, rc=2)
    expect("nothing was erased yet" in preview and CANARY in preview, "without --yes the command shows what would go, and erases nothing")
    certificate = json.loads(desk("person", "erase", MAIL, "--yes", "--json"))
    expect(certificate["erased"]["conversations"] == 1 and certificate["erased"]["messages"] >= 4, "the certificate counts the conversation and its messages")
    expect(certificate["copies_erased"], "the certificate says that copies which Frontdesk keeps are gone too")
    desk("person", "find", MAIL)
    told = where_told(desk)
    say(f"Where the word is afterwards: {told}")
    expect(not any(told.values()), "no export, list or page of the API tells the word any more")
    time.sleep(1.1)
    desk("backup", "create")
    after = newest(desk)
    rows = json.loads(desk.http("GET", "/api/v1/conversations", token=desk.key, quiet=True)[1])["conversations"]
    expect(len(rows) == 1, "the other visitor's conversation is still there")
    desk.stop()
    say("The store itself, opened with SQLCipher and the key that follows from master.key, row by row:")
    with database(os.path.join(desk.data, "frontdesk.db"), store_key(desk.data)) as store:
        found = times_in_database(store, CANARY)
    say(f"  {found or 'nowhere'}")
    expect(not found, "the word is in no row of the store")
    found = {name: open(os.path.join(at, name), "rb").read().lower().count(CANARY.lower().encode()) for at, _, names in os.walk(desk.data) for name in names if name != "reserve"}
    expect(not any(found.values()), f"the word stands in the clear in none of the {len(found)} files of the data folder")
    return desk, key, before, after


def where_told(desk):
    """How often the word is told, by the door."""
    told = {}
    for path in ("/api/v1/conversations", "/api/v1/receipts?limit=200", "/api/v1/receipts/export", "/api/v1/gaps", "/api/v1/golden", "/api/v1/calls", "/api/v1/egress", f"/api/v1/people?who={CANARY}"):
        status, text = desk.http("GET", path, token=desk.key, quiet=True)
        told[path if status == 200 else f"{path} ({status})"] = text.lower().count(CANARY.lower())
    out = os.path.join(ROOT, "workspace.zip")
    desk("admin", "workspace", "export", "default", "--out", out, quiet=True)
    with zipfile.ZipFile(out) as archive:
        told["workspace export"] = sum(archive.read(name).lower().count(CANARY.lower().encode()) for name in archive.namelist())
    return told


def part_2_and_7(desk, key, before, after):
    title("7. The backups, opened with age, unzip and SQLCipher alone")
    run("age", "--version")
    manifest, older = opened_with_age(before, key, os.path.join(ROOT, "by-age-before"))
    say(f"  manifest: {json.dumps({**manifest, 'key': '…', 'rows': '…'})}")
    expect(times_in_database(older, CANARY), f"the backup of before the erasure still holds the word: {times_in_database(older, CANARY)}")
    _, younger = opened_with_age(after, key, os.path.join(ROOT, "by-age-after"))
    expect(not times_in_database(younger, CANARY), "the backup of afterwards holds it nowhere")
    run("age-keygen", "-o", "wrong.txt", quiet=True)
    run("age", "--decrypt", "--identity", "wrong.txt", "--output", "no.zip", before, rc=1)

    say(); say("The other way round: a ZIP made by hand and encrypted by age is restored")
    made = os.path.join(ROOT, "by-hand.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("manifest.json", "frontdesk.db"):
            archive.write(os.path.join(ROOT, "by-age-after", name), name)
    recipient = run("age-keygen", "-y", key).strip()
    run("age", "--encrypt", "--recipient", recipient, "--output", made + ".age", made)
    by_hand = Desk("by-hand")
    told = by_hand("backup", "restore", made + ".age", "--recovery-key", key)
    expect("Restored" in told, "Frontdesk restores what age encrypted")

    title("2. A backup restored on an empty machine")
    carried = os.path.join(ROOT, "stick")
    say("$ cp -r …/shop/backups …/stick   (as a whole, as from a disk that was carried over)")
    shutil.copytree(os.path.join(desk.data, "backups"), carried)
    shown("\n".join(sorted(os.listdir(carried))))
    name = os.path.basename(before)
    new = Desk("new-machine")
    new("backup", "restore", os.path.join(carried, name), rc=1)
    new("backup", "restore", os.path.join(carried, name), "--recovery-key", "wrong.txt", rc=1)
    told = new("backup", "restore", os.path.join(carried, name), "--recovery-key", key)
    expect("erased again" in told, "the restore says what was erased again")
    new.start()
    new.key = new("admin", "key", "create", "--name", "after", "--all", quiet=True).split()[0]
    told = where_told(new)
    say(f"Where the word is: {told}")
    expect(not any(told.values()), "the word is nowhere on the new machine")
    expect(new.sign_in(), "the owner signs in on the new machine with the password of before")
    _, old = new.http("GET", "/api/v1/conversations", token=desk.key, quiet=True)
    say(f"  the API key of before on the new machine: {old[:160]}")
    new.chat(new.visit(), "How much is a full service?")
    new.stop()
    new("backup", "restore", os.path.join(carried, name), "--recovery-key", key, rc=2)

    say(); say("The same backup alone, as it comes from the page's button Download: no list of who was erased lies beside it")
    alone = os.path.join(ROOT, "downloads"); os.mkdir(alone)
    shutil.copy(os.path.join(carried, name), alone)
    lone = Desk("lone-machine")
    told = lone("backup", "restore", os.path.join(alone, name), "--recovery-key", key)
    with database(os.path.join(lone.data, "frontdesk.db"), store_key(lone.data)) as store:
        back = times_in_database(store, CANARY)
    say(f"  the word in the restored store: {back or 'nowhere'}")
    expect(not back or "erased.jsonl" in told, "who was erased is not back, or the command says that the list was not there")


# ------------------------------------------------------------------ 3: a flipped byte
def part_3():
    title("3. A flipped byte is noticed")
    desk = Desk("damaged").start("--demo").owner()
    key = recovery_key(desk, "recovery-3.txt")
    desk.chat(desk.visit(), "How much is a full service?")
    desk("ingest", big_document("archive", 24))
    desk("backup", "create")
    whole = newest(desk)
    say("In a backup, at its beginning, in the middle and at its end:")
    size = os.path.getsize(whole)
    for at in (60, size // 2, size - 3):
        broken = os.path.join(desk.data, "backups", "frontdesk-2020-01-01T00-00-00Z.zip.age")
        shutil.copy(whole, broken); flip(broken, at)
        told = desk("backup", "verify", os.path.basename(broken), rc=1)
        expect("cannot be used" in told or "does not open" in told, "verify notices it")
        empty = Desk(f"empty-{at}")
        told = empty("backup", "restore", broken, "--recovery-key", key, rc=1)
        expect("cannot be used" in told or "does not open" in told, "restore notices it")
        expect(not os.path.exists(os.path.join(empty.data, "frontdesk.db")), "and leaves no database")
        os.remove(broken)
    desk("backup", "verify")

    say(); say("In the database while the server runs: the next backup")
    path = os.path.join(desk.data, "frontdesk.db")
    desk.stop()
    with database(path, store_key(desk.data)) as store:
        root = lambda table: store.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        first = root("workspaces")
        size = int(store.execute("PRAGMA page_size").fetchone()[0])
    desk.start()
    site = desk("admin", "site-key", quiet=True).split()[0]
    say("  (the first check after the start is waited for)")
    for _ in range(600):
        if "checked and is intact" in desk.http("GET", "/api/v1/status", token=desk.key, quiet=True)[1]: break
        time.sleep(0.1)
    desk.status_page("database")
    middle = os.path.getsize(path) // 2  # of the original of a document, and not in the memory of a connection
    flip(path, middle)
    told = desk("backup", "create", rc=1)
    expect("damaged" in told, "no backup is made of a damaged database, and the command says why")
    status, _ = desk.http("GET", "/readyz")
    expect(status == 503, "/readyz tells of it too")
    now = desk.status_page("database", "backups")
    expect(now and not now["backups"]["ok"], "the status page tells of it under backups")
    expect(now and not now["database"]["ok"], "and under database: that it was checked and is intact is not right any more")
    answers = [desk.http("GET", "/api/v1/documents", token=desk.key, quiet=True)[0] for _ in range(12)]
    say(f"$ curl http://127.0.0.1:PORT/api/v1/documents    (twelve times)\n  {answers}")
    visitors = [desk.http("POST", "/api/v1/visit", {"site": site}, quiet=True)[0] for _ in range(6)]
    say(f"$ curl -X POST http://127.0.0.1:PORT/api/v1/visit    (six times)\n  {visitors}")
    desk.said(3)
    expect(set(answers) == {200} and set(visitors) == {200}, "what does not need the damaged page goes on")
    desk.http("GET", "/readyz")
    desk.stop()

    say(); say("A server that is started with a damaged page: after the first check")
    desk.start(wait=False)
    for _ in range(600):
        status, text = desk.http("GET", "/readyz", quiet=True)
        if "damaged" in text: break
        time.sleep(0.1)
    desk.http("GET", "/readyz")
    expect(status == 503 and "damaged" in text, "/readyz answers 503 and says that the database is damaged")
    desk.status_page("database", "backups")
    desk.said()
    desk.stop()

    say(); say("In the first page, where damage looks like a wrong key:")
    flip(path, middle)
    flip(path, 100)
    desk.start(wait=False)
    expect(desk.process.poll() is None, "a page at its address says what happened and which backups there are (README, \"if it cannot start at all\")")
    if desk.process.poll() is None: desk.stop()
    flip(path, 100)

    say(); say("In a page that is read at the start: safe mode")
    flip(path, (first - 1) * size + size // 2)
    desk.start(wait=False)
    words = ""
    for address in ("/healthz", "/readyz", "/"):
        status, text = desk.http("GET", address, quiet=True)
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style|svg|head).*?</\1>", " ", text)))
        say(f"$ curl http://127.0.0.1:PORT{address}"); shown(f"{status} {words}")
    expect(status == 503 and "backup restore" in words, "safe mode: a page says what happened and which backups there are")
    desk("ask", "Are you open?", rc=1)
    desk("backup", "list", rc=1)
    expect(desk.stop() == 1, "stopped, the server's exit code is 1")
    told = desk("backup", "restore", whole, "--yes")
    expect("Restored" in told and "is kept as" in told, "the restore goes on this machine without a key, and keeps the damaged file")
    desk.start()
    desk.chat(desk.visit(), "How much is a full service?")
    desk.stop()


# ------------------------------------------------------------------ 4: a full disk
def part_4():
    title("4. A full disk")
    folder = os.path.join(ROOT, "small-disk"); os.mkdir(folder)
    run("mount", "-t", "tmpfs", "-o", "size=192m,mode=700", "tmpfs", folder)
    mounts.append(folder)
    desk = Desk("small", os.path.join(folder, "data")).start("--demo").owner()
    recovery_key(desk, "recovery-4.txt")
    desk("faq", "add", "Do you lend pumps?", "Yes, at the counter, for a deposit of 5 euros.")
    desk("ingest", big_document("catalogue", 5))
    desk.chat(desk.visit(), "How much is a full service?")
    gone = json.loads(desk.http("GET", "/api/v1/conversations", token=desk.key, quiet=True)[1])["conversations"][0]["id"]
    run("df", "-h", folder)

    filler = os.path.join(folder, "filler")
    fill(filler)
    run("df", "-h", folder)
    told_full = desk("ingest", big_document("winter-catalogue", 20), rc=1)
    expect("full" in told_full, "a new document is refused, and the command says that the disk is full")
    for _ in range(100):
        status, text = desk.http("GET", "/readyz", quiet=True)
        if status == 503: break
        time.sleep(0.1)
    desk.http("GET", "/readyz")
    expect(status == 503 and "full" in text, "/readyz answers 503 and says that the disk is full")
    now = desk.status_page("database", "backups")
    expect(not now["database"]["ok"], "so does the status page, from the first minute on")
    run("df", "-h", folder)
    expect(not os.path.exists(os.path.join(desk.data, "reserve")), "the reserve was let go")
    visitor = desk.visit()
    expect("deposit" in (desk.chat(visitor, "Do you lend pumps?") or ""), "an approved answer is given")
    expect(desk.chat(visitor, "How much is a full service?"), "a question is answered from the documents")
    expect(desk.sign_in(), "the owner signs in")
    status, _ = desk.page("/documents")
    expect(status == 200, "the owner reads the pages")
    status, _ = desk.page("/status")
    desk.http("DELETE", f"/api/v1/conversations/{gone}", token=desk.key)
    left = json.loads(desk.http("GET", "/api/v1/conversations", token=desk.key, quiet=True)[1])["conversations"]
    expect(gone not in [one["id"] for one in left], "a conversation is deleted")
    room = shutil.disk_usage(folder).free
    for _ in range(2):
        time.sleep(1.1); desk("backup", "create", rc=None)
    left = shutil.disk_usage(folder).free
    say(f"  of the room that was kept free there were {room >> 20} MB, and after two backups there are {left >> 20} MB")
    expect(room - left < 1 << 20, "backups, which are made by themselves every day, do not use up what is kept free for answers, sign-in and deleting")
    desk.status_page("database", "backups")
    say("A restart on the full disk:")
    desk.stop(); desk.start(wait=False)
    expect("deposit" in (desk.chat(desk.visit(), "Do you lend pumps?") or ""), "it starts on the full disk and answers")

    say("The room that was kept free is used up too, by another program:")
    visitor = desk.visit()
    desk.chat(visitor, "Do you lend pumps?")
    fill(filler + "-2")
    run("df", "-h", folder)
    status, events = desk.http("POST", "/api/v1/visit/messages", {"text": "Do you lend pumps?"}, token=visitor, quiet=True)
    say("  a visitor writes: Do you lend pumps?"); shown(f"{status} {events}")
    expect(ROOT not in events, "a visitor is not told where the data lies")
    say("$ rm …/small-disk/filler*"); os.remove(filler); os.remove(filler + "-2")
    began = time.time()
    for _ in range(1200):
        status, text = desk.http("GET", "/readyz", quiet=True)
        if status == 200: break
        time.sleep(0.1)
    expect(status == 200, f"/readyz is content again {time.time() - began:.0f} seconds after there was room")
    desk.status_page("database")
    desk("ingest", write(os.path.join(ROOT, "new-prices.txt"), "A saddle costs 39 euros.\n"))
    desk("backup", "create")
    expect(os.path.exists(os.path.join(desk.data, "reserve")), "the reserve is kept again")
    desk.stop()


def fill(path):
    say(f"$ cat /dev/zero > {shortened(path)}    (until the disk is full)")
    with open(path, "wb", buffering=0) as file:
        for piece in (1 << 16, 4096, 1):
            try:
                while True: file.write(bytes(piece))
            except OSError as error:
                told = error
    say(f"  {told}")


# ------------------------------------------------------------------ 5: a roll-back
def part_5():
    title("5. Back to the database of before an update")
    desk = Desk("updated")
    path = os.path.join(desk.data, "frontdesk.db")
    if OLDER:
        say("A business that runs the program of before:")
        desk.binary = OLDER
        desk.start("--demo")
        desk("admin", "user", "create", "--name", "Olive Owner", "--email", EMAIL, input=(PASSWORD + "\n").encode())
        visitor = json.loads(desk.http("POST", "/api/v1/visit", {}, quiet=True)[1])["token"]
        desk.chat(visitor, "How much is a full service?")
        desk.stop()
        desk.binary = BINARY
    else:
        desk.start("--demo").owner()
        desk.chat(desk.visit(), "How much is a full service?")
        desk("admin", "roll-back", "--yes", rc=1)
        desk.stop()
        desk("admin", "roll-back", "--yes", rc=1)
        say("No program of before is at hand (OLDER): SQLCipher takes out again what the last migration added")
        with database(path, store_key(desk.data)) as store:
            store.execute("ALTER TABLE client_secrets DROP COLUMN sessions_left")
            store.execute(f"PRAGMA user_version = {NEWEST_SCHEMA - 1}")
        store.close()
    older = schema(desk)
    say(f"The database is of schema {older}. The present program with it:")
    desk.start()
    desk.said(3)
    expect(schema(desk) == NEWEST_SCHEMA, f"the database was brought to schema {NEWEST_SCHEMA}")
    kept = path + f".before-{older:04}"
    shown("\n".join(sorted(os.listdir(desk.data))))
    expect(os.path.exists(kept), "the database of before the update is kept beside")
    desk.chat(desk.visit(), "Are you open on Saturday?")
    desk("admin", "roll-back", "--yes", rc=1)
    desk.stop()
    told = desk("admin", "roll-back", rc=2)
    expect("--yes" in told, "without --yes it says what it would do")
    told = desk("admin", "roll-back", "--yes")
    expect(f"schema {older} " in told and "earlier version" in told, "it says which database is in use, and what to start next")
    expect(schema(desk) == older, f"the database is of schema {older} again")
    shown("\n".join(sorted(os.listdir(desk.data))))
    if OLDER:
        say("The program of before with it:")
        desk.binary = OLDER
        desk.start()
        visitor = json.loads(desk.http("POST", "/api/v1/visit", {}, quiet=True)[1])["token"]
        expect(desk.chat(visitor, "How much is a full service?"), "the program of before answers with it")
        expect(desk.sign_in(), "and the owner signs in")
        desk.stop()
        desk.binary = BINARY

    say(); say("Updated a second time, killed in the middle of its work, and back a second time:")
    desk.start()
    desk.chat(desk.visit(), "Are you open on Sunday?")
    desk.stop(signal.SIGKILL)
    log = path + "-wal"
    size = os.path.getsize(log) if os.path.exists(log) else 0
    say(f"  the write-ahead log has {size} bytes, which are not in the database file yet")
    say(f"  messages about Sunday in the database as the killed server left it: {about(desk, 'sunday')}")
    told = desk("admin", "roll-back", "--yes", rc=None)
    shown("\n".join(f"{name}  {os.path.getsize(os.path.join(desk.data, name))}" for name in sorted(os.listdir(desk.data)) if "frontdesk.db" in name))
    if "in use again" in told:
        expect(schema(desk) == older, f"the database is of schema {older} again")
    else:
        now = os.path.getsize(log) if os.path.exists(log) else 0
        say(f"  messages about Sunday in it now: {about(desk, 'sunday')}")
        expect(now == size, "a roll-back that is refused leaves the database as it was, with its write-ahead log")


def about(desk, word):
    """How many messages hold a word, in a copy of the database with its log: to look at it must not change it."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("frontdesk.db", "frontdesk.db-wal"):
            if os.path.exists(os.path.join(desk.data, name)): shutil.copy(os.path.join(desk.data, name), copy)
        store = database(os.path.join(copy, "frontdesk.db"), store_key(desk.data))
        count = store.execute("SELECT count(*) FROM messages WHERE lower(text) LIKE ?", (f"%{word}%",)).fetchone()[0]
        store.close()
    return count


def schema(desk):
    store = database(os.path.join(desk.data, "frontdesk.db"), store_key(desk.data))
    version = store.execute("PRAGMA user_version").fetchone()[0]
    store.close()
    return version


# ------------------------------------------------------------------ 6: real servers
def part_6():
    title("6a. Copies of backups on a real SFTP server (OpenSSH)")
    there = os.path.join(ROOT, "sshd"); os.mkdir(there)
    for name in ("host", "other-host", "login", "rsa"):
        run("ssh-keygen", "-q", "-t", "rsa" if name == "rsa" else "ed25519", "-N", "", "-f", os.path.join(there, name), quiet=True)
    shutil.copy(os.path.join(there, "login.pub"), os.path.join(there, "authorized"))
    port, s3_port = free_port(), free_port()
    user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
    config = write(os.path.join(there, "sshd_config"), f"""Port {port}
ListenAddress 127.0.0.1
HostKey {there}/host
PidFile none
AuthorizedKeysFile {there}/authorized
StrictModes no
PasswordAuthentication no
UsePAM no
PermitRootLogin prohibit-password
LogLevel VERBOSE
Subsystem sftp internal-sftp -d {there}
""")
    os.makedirs("/run/sshd", exist_ok=True)
    start_sshd = lambda text=None: serve_beside("/usr/sbin/sshd", "-D", "-e", "-f", text or config, port=port, name="sshd")
    sshd = start_sshd()
    folder = os.path.join(there, "copies", "frontdesk")
    desk = Desk("copied").start("--demo").owner()
    key = recovery_key(desk, "recovery-6.txt")
    desk("backup", "target")
    desk("backup", "target", "try", rc=1)
    set_up = ("backup", "target", "sftp", f"{user}@127.0.0.1:{port}", "--folder", folder, "--private-key")
    told = desk(*set_up, os.path.join(there, "login"), rc=1)
    expect("egress.allow" in told, "a machine of the own network is refused until it is allowed by name, and the command says which setting")
    desk.stop()
    allow = f"127.0.0.1:{port}, 127.0.0.1:{s3_port}"
    say(f'frontdesk.toml: egress.allow = "{allow}"')
    desk.env["FRONTDESK_EGRESS_ALLOW"] = allow
    desk.start()
    told = desk(*set_up, os.path.join(there, "rsa"), rc=None)
    expect("Ed25519" in told, "an RSA key, which cannot be used (README), is refused when it is set up")
    told = desk(*set_up, os.path.join(there, "login"))
    print_of_host = run("ssh-keygen", "-l", "-f", os.path.join(there, "host.pub")).split()[1]
    expect(print_of_host in told, "the fingerprint that was noted is the one that ssh-keygen shows")
    told = desk("backup", "target", "try")
    expect("It works" in told, "the try works")
    desk("backup", "create")
    name = os.path.basename(newest(desk))
    told = desk("backup", "target", "copy")
    expect(name in told, "the backup is copied")
    run("ls", "-l", folder)
    expect(open(os.path.join(folder, name), "rb").read() == open(newest(desk), "rb").read(), "what lies there is the same, byte by byte")
    desk("backup", "list", "--target")
    told = desk("backup", "verify", name, "--target")
    expect("Complete" in told, "the copy is fetched, opened and found complete")
    desk("egress", "--last", "4")

    say(); say("Another host key in its place:")
    end(sshd)
    sshd = start_sshd(write(config + "-2", open(config).read().replace("/host\n", "/other-host\n")))
    told = desk("backup", "target", "try", rc=1)
    expect("another host key" in told, "a server with another host key gets nothing, and the command says both fingerprints")
    desk("backup", "list", "--target", rc=1)

    say(); say("The server ends in the middle of a transfer:")
    end(sshd)
    sshd = start_sshd()
    time.sleep(1.1)
    desk("ingest", big_document("big", 32))
    desk("backup", "create")
    big = os.path.basename(newest(desk))
    say(f"  the backup has {os.path.getsize(newest(desk)) >> 20} MB; all of sshd is stopped as soon as a part of it is there")
    partial = os.path.join(folder, f".{big}.partial")
    for attempt in range(5):
        copying = subprocess.Popen([BINARY, "backup", "target", "copy", "--data", desk.data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env={**ENV, **desk.env})
        started.append(copying)
        while copying.poll() is None and not (os.path.exists(partial) and os.path.getsize(partial) > 100_000):
            time.sleep(0.001)
        for pid in children(sshd.pid): os.kill(pid, signal.SIGKILL)
        sshd.kill(); sshd.wait()
        out = copying.communicate(timeout=180)[0].decode()
        if copying.returncode: break
        say("  (the copy was faster; once more)"); sshd = start_sshd(); os.remove(os.path.join(folder, big))
    say("$ frontdesk backup target copy"); shown(out)
    expect(copying.returncode == 1, "the command fails and says why")
    run("ls", "-la", folder)
    expect(not os.path.exists(os.path.join(folder, big)), "no half copy lies under the backup's name")
    told = desk("backup", "target", "copy", rc=1)
    desk("backup", "list")
    desk.status_page("backups")
    sshd = start_sshd()
    told = desk("backup", "target", "copy")
    expect(big in told, "when the server is back, the copy is made")
    run("ls", "-la", folder)

    say(); say("Somebody is erased, and the place is emptied (a new disk in it); the copies are made again:")
    desk.chat(desk.visit(), f"I am Wilhelmina {CANARY}, {MAIL}.")
    time.sleep(1.1); desk("backup", "create")
    with_her = os.path.basename(newest(desk))
    desk("person", "erase", MAIL, "--yes")
    time.sleep(1.1); desk("backup", "create")
    desk("backup", "target", "copy")
    run("ls", "-A", folder)
    expect(os.path.exists(os.path.join(folder, "erased.jsonl")), "the list of who was erased lies beside the copies")
    for file in os.listdir(folder): os.remove(os.path.join(folder, file))
    desk("backup", "target", "copy")
    run("ls", "-A", folder)
    expect(os.path.exists(os.path.join(folder, "erased.jsonl")), "and is brought there again with them")
    lone = Desk("from-emptied")
    lone.env = dict(desk.env)
    lone(*set_up, os.path.join(there, "login"))
    told = lone("backup", "restore", with_her, "--target", "--recovery-key", key, "--yes")
    with database(os.path.join(lone.data, "frontdesk.db"), store_key(lone.data)) as store:
        back = times_in_database(store, CANARY)
    expect(not back, f"a restore from there does not bring back who was erased (found: {back or 'nowhere'})")

    say(); say("An empty machine restores from there:")
    new = Desk("from-sftp")
    new.env = dict(desk.env)
    new("backup", "list", "--target", rc=1)
    new(*set_up, os.path.join(there, "login"))
    new("backup", "list", "--target")
    new("backup", "restore", big, "--target", "--recovery-key", key, rc=None)
    told = new("backup", "restore", big, "--target", "--recovery-key", key, "--yes")
    expect("Restored" in told, "the copy is fetched and restored")
    new.start()
    new.chat(new.visit(), "How much is a full service?")
    new.stop()
    end(sshd)

    title("6b. Copies of backups on a real S3 API (moto)")
    moto = os.path.join(os.path.dirname(sys.executable), "moto_server")
    start_s3 = lambda: serve_beside(moto, "-H", "127.0.0.1", "-p", str(s3_port), port=s3_port, name="moto")
    s3(desk, key, start_s3, s3_port, "moto", "ann", "moto-secret")
    desk.stop()


def s3(desk, key, start_s3, port, kind, access, secret):
    server = start_s3()
    address = f"http://127.0.0.1:{port}"
    secret_file = write(os.path.join(ROOT, f"{kind}-secret"), secret + "\n")
    set_up = ("backup", "target", "s3", address, "--bucket", f"desk-{kind}", "--prefix", "shop/backups", "--path-style", "--access-key", access, "--secret-key")
    desk(*set_up, secret_file)
    told = desk("backup", "target", "try", rc=1)
    expect("NoSuchBucket" in told, "a bucket that is missing is told")
    desk("backup", "target", "copy", rc=1)
    make_bucket(address, f"desk-{kind}", access, secret)
    told = desk("backup", "target", "try")
    expect("It works" in told, "the try works")
    told = desk("backup", "target", "copy")
    name = os.path.basename(newest(desk))
    expect(name in told, "the backups are copied")
    desk("backup", "list", "--target")
    told = desk("backup", "verify", name, "--target")
    expect("Complete" in told, "the copy is fetched, opened and found complete")
    new = Desk(f"from-{kind}")
    new.env = dict(desk.env)
    new(*set_up, secret_file)
    told = new("backup", "restore", name, "--target", "--recovery-key", key, "--yes")
    expect("Restored" in told, "an empty machine restores from there")
    end(server)
    told = desk("backup", "target", "copy", rc=None)
    told = desk("backup", "target", "try", rc=1)
    expect("reached" in told, "a server that is gone is told")
    desk("egress", "--last", "3")


def make_bucket(address, bucket, access, secret):
    say(f"$ (boto3) create_bucket {bucket}")
    import boto3
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id=access, aws_secret_access_key=secret).create_bucket(Bucket=bucket)


def children(pid):
    """All processes below one."""
    below = []
    for path in os.listdir("/proc"):
        if path.isdigit():
            try:
                parent = int(open(f"/proc/{path}/stat").read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid: below += [int(path), *children(int(path))]
    return below


def big_document(name, megabytes):
    """A document of few words whose original does not shrink."""
    path = os.path.join(ROOT, name + ".html")
    import base64
    with open(path, "w") as file:
        file.write("<p>A big page about saddles.</p><!-- " + base64.b64encode(os.urandom((megabytes << 20) * 3 // 4)).decode() + " -->")
    return path


# ------------------------------------------------------------------ 8: sealed
def part_8():
    title("8. Sealed: nothing leaves")
    desk = Desk("sealed")
    outside = socket.socket(); outside.bind(("127.0.0.1", 0)); outside.listen(); outside.setblocking(False)
    port = outside.getsockname()[1]
    desk.env["FRONTDESK_EGRESS_ALLOW"] = f"127.0.0.1:{port}"
    trace = os.path.join(ROOT, "sealed.strace")
    desk.start("--demo", "--sealed", wrap=("strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", trace)).owner()
    desk.chat(desk.visit(), "How much is a full service?")
    desk("sources", "add", f"http://127.0.0.1:{port}/page", "--page", rc=None)
    desk("sources", "list")
    secret = write(os.path.join(ROOT, "sealed-secret"), "hunter2\n")
    desk("backup", "target", "s3", f"http://127.0.0.1:{port}", "--bucket", "desk", "--path-style", "--access-key", "ann", "--secret-key", secret)
    told = desk("backup", "target", "try", rc=1)
    expect("sealed" in told, "the try of a target is refused, and the command says why")
    told = desk("models", "get", "bge-small-en-v1.5", env={"FRONTDESK_SEALED": "true", "FRONTDESK_MODELS_DIR": os.path.join(ROOT, "no-models")}, rc=1)
    expect("sealed" in told, "with the setting `sealed` no model is fetched either")
    desk("egress")
    desk.status_page("egress")
    children_of = children(desk.process.pid)
    say(f"$ kill -SIGTERM (the server)")
    for pid in children_of[:1]: os.kill(pid, signal.SIGTERM)
    desk.process.wait(60)
    try:
        outside.accept(); reached = True
    except BlockingIOError:
        reached = False
    expect(not reached, "nobody connected to the machine outside")
    tried = [line for line in open(trace) if "AF_INET" in line]
    say("strace, every connection and datagram to an internet address that any process of it tried:")
    shown("\n".join(line.strip() for line in tried) or "none")
    expect(tried and all("EPERM" in line or "= -1" in line for line in tried), "each was refused by the kernel")


# ------------------------------------------------------------------ all of it
def main():
    global ROOT, BINARY, ENV, KEY_RS, NEWEST_SCHEMA, OLDER
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary"); parser.add_argument("--only", default="1,3,4,5,6,8"); parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    BINARY, ROOT = os.path.abspath(args.binary), tempfile.mkdtemp(prefix="hard-ground-")
    ENV = {"PATH": os.environ["PATH"], "HOME": ROOT, "LANG": "C.UTF-8", "FRONTDESK_MODELS_DIR": MODELS, "TMPDIR": ROOT}
    repository = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    KEY_RS = os.path.join(repository, "src/store/key.rs")
    NEWEST_SCHEMA = len([name for name in os.listdir(os.path.join(repository, "src/store/migrations")) if name.endswith(".sql")])
    OLDER = os.environ.get("OLDER")
    only = args.only.split(",")
    began = time.time()
    say(time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()))
    run(BINARY, "--version")
    try:
        if "1" in only:
            part_2_and_7(*part_1())
        for number, part in (("3", part_3), ("4", part_4), ("5", part_5), ("6", part_6), ("8", part_8)):
            if number in only:
                part()
    finally:
        for process in started:
            if process.poll() is None: process.kill(); process.wait()
        for folder in mounts:
            subprocess.run(["umount", folder])
        if not args.keep: shutil.rmtree(ROOT, ignore_errors=True)
    title(f"{done} expectations, {len(failed)} not as it should be, {time.time() - began:.0f} seconds")
    for what in failed: say(f"- {what}")
    return 1 if failed else 0


started, mounts = [], []
if __name__ == "__main__":
    sys.exit(main())
