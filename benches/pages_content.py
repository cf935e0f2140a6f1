"""What the console shows in `pages.py`: conversations, contacts, tasks and answers in every state, with long names and other scripts."""
import time

PASSWORD = "four plain words here"
DAY = 86_400_000
LONG = "Wilhelmine-Charlotte von und zu Hohenstein-Wittgenstein-Berleburg (Außenstelle Nord, Werkstatt und Verleih)"
ARABIC = "مرحبا، هل يمكنني إصلاح دراجتي الكهربائية يوم السبت؟ رقم الطلب 4711"
HEBREW = "שלום, מתי אתם פתוחים בחג?"


def fill(server):
    """Content in every state; ids of what has a page of its own."""
    post, now = server.post, int(time.time() * 1000)
    ids = {}
    # Knowledge.
    note = post("/api/v1/snippets", {"title": "Rental " + LONG, "text": "We rent city bikes for 18 euros a day. Helmets are free.\n\nDeposit: 100 euros."})
    ids["document"] = note.get("id") or note.get("document", "")
    post("/api/v1/snippets", {"title": ARABIC[:40], "text": ARABIC})
    server.send("PUT", f"/api/v1/snippets/{ids['document']}", {"title": "Rental " + LONG, "text": "We rent city bikes for 19 euros a day. Helmets are free.\n\nDeposit: 120 euros."})
    for n, (question, answer, state) in enumerate([
            ("Do you sell gift vouchers?", "Yes, vouchers of any amount at the counter.", "approved"),
            ("Is there parking near the shop?", "Yes, behind the shop, free for two hours.", "approved"),
            ("Do you repair tandems, cargo bikes and anything else that has more than two wheels or is longer than two metres?", "Yes. " * 40, "draft"),
            (HEBREW, "אנחנו פתוחים.", "draft")]):
        made = post("/api/v1/faqs", {"questions": [question, f"{question} (in other words)"], "answer": answer, "state": state,
                                     "expires_at": now + 9 * DAY if n == 1 else None})
        ids.setdefault("faq", made.get("id", ""))
    server.send("PUT", "/api/v1/workflows/table", {})
    server.send("PUT", "/api/v1/synonyms", {"groups": [["bike", "bicycle", "cycle"], ["fix", "repair", "mend"]]})
    post("/api/v1/sources", {"url": "https://shop.invalid/", "kind": "crawl"})
    server.wait_ready()
    # Answers: receipts, gaps, golden questions, a run.
    for question in ["How much is a full service?", "Do you sell gift vouchers?", "Can my parrot ride along?", "Do you have a swimming pool?",
                     "When are you open on Saturday?", ARABIC]:
        post("/api/v1/ask", {"question": question})
    receipts = server.send("GET", "/api/v1/receipts").get("receipts", [])
    ids["receipt"] = receipts[-1]["id"] if receipts else ""
    for receipt, thumb in zip(receipts, [-1, 1]):
        post(f"/api/v1/receipts/{receipt['id']}/rating", {"value": thumb})
    for question, must in [("How much is a full service?", "95"), ("Do you repair electric bikes?", "electric"), ("Do you rent zebras?", None)]:
        expectation = {"answerable": True, "must": [[must]]} if must else {"answerable": False}
        post("/api/v1/golden", {"question": question, "expectation": expectation})
    post("/api/v1/evals/runs", {})
    # People at the desk.
    staff = [post("/api/v1/accounts", {"name": name, "email": f"a{n}@marlow.example", "role": role, "password": PASSWORD})
             for n, (name, role) in enumerate([("Tom Baker", "agent"), (LONG[:60], "admin"), ("ليلى حداد", "agent")])]
    staff = [one.get("id") or one.get("account", {}).get("id") for one in staff]
    if staff[2]:
        server.send("PATCH", f"/api/v1/accounts/{staff[2]}", {"suspended": True})
    team = post("/api/v1/teams", {"name": "Workshop", "members": [s for s in staff[:1] if s]}).get("id")
    for shortcut, text in [("hours", "We are open Monday to Friday from 9 to 18."), ("thanks", "Thank you, and see you soon! " * 8), ("price", "A full service is 95 euros.")]:
        post("/api/v1/canned-replies", {"shortcut": shortcut, "text": text})
    server.send("PUT", "/api/v1/contacts/fields", {"fields": [{"name": "Bike", "kind": "text"}, {"name": "Customer since", "kind": "date"},
                                                              {"name": "Size", "kind": "choice", "choices": ["S", "M", "L"]}]})
    contacts = [post("/api/v1/contacts", body).get("id") for body in (
        {"name": "Amelia Stone", "emails": ["amelia@stone.example", "a.stone@work.example"], "phones": ["+44 20 7946 0018"], "language": "en",
         "fields": {"Bike": "Brompton C Line", "Size": "M", "Customer since": "2021-04-01"}},
        {"name": LONG, "emails": ["wilhelmine-charlotte.hohenstein-wittgenstein@a-very-long-domain-name.example"]},
        {"name": "נועה לוי", "phones": ["+972 2 500 0000"], "language": "he"}, {"name": "Bo"})]
    ids["contact"] = contacts[0] or ""
    post(f"/api/v1/contacts/{contacts[0]}/consents", {"purpose": "newsletter", "given": True, "text": "I would like the newsletter."})
    post(f"/api/v1/contacts/{contacts[0]}/consents", {"purpose": "newsletter", "given": False, "text": "Please stop it."})
    tasks = [post("/api/v1/tasks", {"kind": kind, "contact": contacts[who], "wish": wish, "due_at": now + due, **more}).get("id") for kind, who, wish, due, more in (
        ("callback", 0, "Call back about the e-bike battery", -2 * DAY, {"call": {"from": now - 2 * DAY, "until": now - 2 * DAY + 3_600_000}}),
        ("lead", 1, "Wants an offer for twelve company bikes with service, insurance and theft protection for three years", DAY, {}),
        ("todo", 2, HEBREW, 3 * DAY, {"assigned_to": staff[0]}), ("todo", 3, "Order brake pads", -DAY, {}))]
    for task, verb in zip(tasks[2:], ("drop", "done")):
        post(f"/api/v1/tasks/{task}/{verb}")
    # Conversations in every state.
    talks = []
    for n, lines in enumerate([
            ["Hello, how much is a full service?", "And until when can I bring it today?"], [ARABIC], [HEBREW],
            ["My order 4711 has not arrived, and nobody answers the telephone. This is the third time that I write about it. " * 3],
            ["Do you sell gift vouchers?"], ["BUY CHEAP WATCHES http://watches.invalid"], ["Can I speak with somebody?"],
            ["Is there parking near the shop?"], ["https://a-very-long-address.example/" + "path-without-a-break-" * 8], ["Thanks, all done!"]]):
        address = f"198.18.0.{n + 1}"
        token = post("/api/v1/visit", {"site": server.site}, from_address=address).get("token", "")
        if n in (0, 3):
            post("/api/v1/visit/introduce", {"name": ["Amelia Stone", "", "", LONG[:80]][n], "email": ["amelia@stone.example", "", "", "w@hohenstein.example"][n]},
                 token=token, from_address=address)
        for line in lines:
            post("/api/v1/visit/messages", {"text": line, "page": "https://shop.example/prices"}, token=token, from_address=address)
        if n in (1, 3, 6):
            post("/api/v1/visit/person", {}, token=token, from_address=address)
        talks.append(token)
    rows = server.send("GET", "/api/v1/inbox?view=everything&limit=50").get("conversations", [])
    rows = [row["id"] for row in reversed(rows)][-10:]
    act = lambda n, verb, body=None, method="POST": server.send(method, f"/api/v1/inbox/{rows[n]}/{verb}", body or {})
    if len(rows) == 10:
        ids["conversation"] = rows[0]
        act(0, "take")
        act(0, "messages", {"text": "Hello Amelia, a full service is 95 euros. You can bring it until 18:00."})
        act(0, "notes", {"text": "@Tom Baker please look for the invoice of 2024."})
        act(0, "tags", {"tags": ["vip", "service", "a rather long tag for this"]}, "PUT")
        act(2, "assign", {"team": team})
        act(3, "tags", {"tags": ["complaint"]}, "PUT")
        act(4, "snooze", {"until": now + 2 * DAY})
        act(5, "spam")
        act(7, "assign", {"user": staff[0]})
        act(9, "close")
    # Programs.
    ids["webhook"] = post("/api/v1/webhooks", {"url": "https://hooks.invalid/frontdesk/" + "part/" * 12, "events": ["*"]}).get("webhook", {}).get("id", "")
    post(f"/api/v1/webhooks/{ids['webhook']}/test")
    post("/api/v1/keys", {"name": "Website " + LONG[:40], "scopes": ["chat", "documents"]})
    calendar = '{"url": "https://dav.example.com/anna/appointments/", "user": "anna", "minutes": 30, "step": 30, "buffer": 0, "notice": 120, "days": 30, "title": "Appointment"}'
    post("/tools", {"kind": "calendar", "title": "Book an appointment", "name": "appointment", "about": "With Anna, in the workshop.", "approval": "visitor",
                    "seconds": "10", "secret": "a password", "settings": calendar}, form=True)
    post("/providers", {"kind": "openai", "name": "Example AI", "url": "https://api.example.com/v1", "region": "EU", "chat": "small", "class": "public",
                        "active": "1", "key": "a key"}, form=True)
    if ids.get("conversation"):
        post("/scores", {"conversation": ids["conversation"]}, form=True)
    for kind, listed, key in (("tool", "tools", "tools"), ("provider", "providers", "providers"), ("score", "analyses", "analyses")):
        found = server.send("GET", f"/api/v1/{listed}").get(key) or []
        ids[kind] = found[0]["id"] if found else ""
    made = post("/invitations", {"email": "new@marlow.example", "role": "agent"}, form=True)
    ids["invitation"] = made.partition("invitation?token=")[2].partition("<")[0] if isinstance(made, str) else ""
    post("/api/v1/backups/recovery-key")
    post("/api/v1/backups")
    return ids
