"""Drives the calendar tool of a running Frontdesk against Radicale.

    check.py BASE_URL KEY CALENDAR_SERVER

Prints one line per check and ends with status 1 if any failed.
"""

import base64
import concurrent.futures
import datetime
import json
import sys
import time
import traceback
import urllib.error
import urllib.request

BASE, KEY, DAV = (text.rstrip("/") for text in sys.argv[1:4])
USER, PASSWORD = "anna", "secret word"
CALENDAR = f"{DAV}/anna/appointments/"
UTC = datetime.timezone.utc


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


def dav(method, path, body=None, headers=None):
    """Status and body of the calendar's server."""
    request = urllib.request.Request(f"{DAV}{path}", method=method, data=body.encode() if body else None)
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    request.add_header("Authorization", f"Basic {token}")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(what, is_so, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if is_so():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} seconds: {what}")


def tool(name="visits", password=PASSWORD, url=CALENDAR, **settings):
    status, made = call("POST", "/tools", {
        "kind": "calendar", "name": name, "title": "Visits", "approval": "free", "active": True, "secret": password,
        "settings": {"url": url, "user": USER, "notice": 0, "days": 30, **settings},
    })
    assert status == 201, made
    return made


COUNT = 0


def use(arguments, name="visits", key=None):
    """The call as the log has it."""
    global COUNT
    COUNT += 1
    status, done = call("POST", "/tool-calls", {"tool": name, "arguments": arguments, "key": key or f"check-{COUNT}"})
    assert status == 200, done
    return done


def at(days, hour, minute=0):
    day = datetime.datetime.now(UTC).date() + datetime.timedelta(days=days)
    return datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def stamp(time_):
    return time_.isoformat().replace("+00:00", "Z")


def starts(name="visits", days=2):
    done = use({"action": "free", "from": stamp(at(days, 0)), "until": stamp(at(days + 1, 0))}, name)
    assert done["state"] == "done", done
    slots = done["answer"]["json"]["slots"]
    return [datetime.datetime.fromisoformat(slot["start"]) for slot in slots]


def put(name, event):
    text = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:{name}\r\nDTSTAMP:20260101T000000Z\r\n{event}SUMMARY:{name}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    status, body = dav("PUT", f"/anna/appointments/{name}.ics", text, {"Content-Type": "text/calendar"})
    assert status in (201, 204), (status, body)


def compact(time_):
    return time_.strftime("%Y%m%dT%H%M%SZ")


def set_up():
    until("the calendar's server answers", lambda: dav("PROPFIND", "/", headers={"Depth": "0"})[0] in (207, 404))
    until("Frontdesk answers", lambda: call("GET", "/tools")[0] == 200)
    body = ('<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            "<d:displayname>Appointments</d:displayname></d:prop></d:set></c:mkcalendar>")
    status, text = dav("MKCALENDAR", "/anna/appointments/", body)
    assert status == 201, (status, text)


def without_hours_nothing_is_offered():
    tool()
    done = use({"action": "free"})
    assert done["state"] == "failed" and "not confirmed" in done["error"], done
    assert call("PUT", "/facts/settings", {"time_zone": "UTC", "country": "DE", "holidays": "usual"})[0] < 300
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    status, made = call("POST", "/facts", {"kind": "weekly", "days": days, "open": [{"from": "09:00", "to": "12:00"}]})
    assert status == 201, made


def free_times_lie_within_opening_hours():
    assert starts() == [at(2, hour, minute) for hour in (9, 10, 11) for minute in (0, 30)], starts()


def an_event_and_a_repeated_one_take_their_time():
    put("single", f"DTSTART:{compact(at(2, 9))}\r\nDTEND:{compact(at(2, 10))}\r\n")
    put("daily", f"DTSTART:{compact(at(-400, 11))}\r\nDURATION:PT30M\r\nRRULE:FREQ=DAILY\r\n")
    put("holiday", f"DTSTART;VALUE=DATE:{at(3, 0):%Y%m%d}\r\nDTEND;VALUE=DATE:{at(4, 0):%Y%m%d}\r\n")
    put("note", f"DTSTART:{compact(at(2, 10))}\r\nDTEND:{compact(at(2, 11))}\r\nTRANSP:TRANSPARENT\r\n")
    assert starts() == [at(2, 10), at(2, 10, 30), at(2, 11, 30)], starts()
    assert starts(days=3) == [], starts(days=3)


def an_appointment_is_made_once_and_cancelled():
    wish = {"action": "request", "start": stamp(at(2, 10)), "name": "Zoë; <b>O'Neil</b>", "contact": "0171 555",
            "note": "Two lamps,\nplease"}
    made = use(wish, key="appointment-1")
    assert made["state"] == "done", made
    again = use(wish, key="appointment-1")
    assert again["id"] == made["id"], again
    uid = made["answer"]["json"]["event"]
    status, text = dav("GET", f"/anna/appointments/{uid}.ics")
    assert status == 200 and "Zoë\\; <b>O'Neil</b>" in text.replace("\r\n ", ""), text
    assert at(2, 10) not in starts()
    other = use({**wish, "name": "Second"})
    assert other["state"] == "failed" and "not free any more" in other["error"], other
    gone = use({"action": "cancel", "event": uid})
    assert gone["state"] == "done", gone
    assert dav("GET", f"/anna/appointments/{uid}.ics")[0] == 404
    assert at(2, 10) in starts()
    assert use({"action": "cancel", "event": uid})["state"] == "done"


def of_many_one_gets_the_time():
    def wish(n):
        body = {"action": "request", "start": stamp(at(4, 9)), "name": f"Guest {n}"}
        return call("POST", "/tool-calls", {"tool": "visits", "arguments": body, "key": f"race-{n}"})[1]["state"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        states = list(pool.map(wish, range(8)))
    assert states.count("done") == 1 and states.count("failed") == 7, states


def wrong_times_and_names_are_refused():
    for start in (at(2, 20), at(-1, 10), at(60, 10)):
        done = use({"action": "request", "start": stamp(start), "name": "A"})
        assert done["state"] == "failed" and "opening hours" in done["error"], done
    body = {"tool": "visits", "arguments": {"action": "cancel", "event": "single"}, "key": "other"}
    status, refused = call("POST", "/tool-calls", body)
    assert status == 400 and refused["param"] == "arguments", refused
    assert dav("GET", "/anna/appointments/single.ics")[0] == 200


def a_wrong_password_and_a_wrong_address_say_so():
    tool("locked", password="wrong")
    done = use({"action": "free"}, "locked")
    assert done["state"] == "failed" and "name or the password" in done["error"], done
    tool("lost", url=f"{DAV}/anna/nothing/")
    done = use({"action": "request", "start": stamp(at(2, 10)), "name": "A"}, "lost")
    assert done["state"] == "failed", done


def the_ledger_has_the_kinds_and_not_the_data():
    status, ledger = call("GET", "/egress")
    text = json.dumps(ledger)
    assert status == 200 and '"calendar"' in text, text[:500]
    assert "secret word" not in text and "Guest" not in text


CHECKS = [
    without_hours_nothing_is_offered, free_times_lie_within_opening_hours, an_event_and_a_repeated_one_take_their_time,
    an_appointment_is_made_once_and_cancelled, of_many_one_gets_the_time, wrong_times_and_names_are_refused,
    a_wrong_password_and_a_wrong_address_say_so, the_ledger_has_the_kinds_and_not_the_data,
]


def main():
    set_up()
    failed = 0
    for check in CHECKS:
        try:
            check()
            print(f"ok    {check.__name__}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {check.__name__}", flush=True)
            traceback.print_exc()
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    sys.exit(1 if failed else 0)


main()
