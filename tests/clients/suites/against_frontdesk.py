"""A plugin for pytest: runs the tests that the official packages ship against a Frontdesk that is running.

Those tests are written for a server of mocks that answers every id, every key and every recording. So this plugin sends the
right key, puts things that exist in the place of the made-up ids, and a real recording in the place of `Example data`. It
changes nothing else: neither what is asked nor what is expected of the answer.

Tests in left_out.toml are run too: they must be refused as that list says.
"""

import fnmatch
import json
import os
import pathlib
import re
import tomllib
import urllib.request

import httpx2
import pytest

PACKAGE = os.environ["SUITE_PACKAGE"]
ROOT = os.environ["SUITE_ROOT"].rstrip("/")
KEY = os.environ["SUITE_KEY"]
RECORDING = pathlib.Path(os.environ["SUITE_RECORDING"]).read_bytes()
LEFT_OUT = tomllib.loads(pathlib.Path(__file__).with_name("left_out.toml").read_text())[PACKAGE]
# Ids of the server's own hold a UUID of version 7, which made-up ones do not.
OURS = re.compile(r"^((resp|conv|msg|fc|fco)_|chatcmpl-)[0-9a-f]{12}7[0-9a-f]{19}")


def make(path, body):
    """Makes something that a test then reads, changes or deletes."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    request = urllib.request.Request(ROOT + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


def new_response(background=False):
    body = {"input": "Say yes.", "max_output_tokens": 4, "background": background}
    return make("/v1/responses", body)["id"]


def new_completion():
    # The package describes all stored messages as the assistant's.
    messages = [{"role": "assistant", "content": "Yes?"}]
    body = {"model": "default", "messages": messages, "store": True, "max_tokens": 4}
    return make("/v1/chat/completions", body)["id"]


def new_conversation():
    items = [{"role": "user", "content": "Hello"}]
    return make("/v1/conversations", {"items": items})["id"]


def first_item(conversation):
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{ROOT}/v1/conversations/{conversation}/items"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60) as response:
        return json.load(response)["data"][0]["id"]


def real_path(path):
    """The path with things that exist."""
    parts = path.split("/")

    def replace(after, new):
        for at, part in enumerate(parts[:-1]):
            name = parts[at + 1]
            if part == after and name and not OURS.match(name) and name not in ("input_tokens", "compact"):
                parts[at + 1] = new()

    replace("responses", lambda: new_response(background=path.endswith("/cancel")))
    if "chat" in parts:
        replace("completions", new_completion)
    replace("conversations", new_conversation)
    if "conversations" in parts and "items" in parts[:-1]:
        replace("items", lambda: first_item(parts[parts.index("conversations") + 1]))
    return "/".join(parts)


def real_body(body):
    if not isinstance(body, dict):
        return body
    previous, conversation = body.get("previous_response_id"), body.get("conversation")
    if isinstance(previous, str) and not OURS.match(previous):
        body["previous_response_id"] = new_response()
    if isinstance(conversation, str) and not OURS.match(conversation):
        body["conversation"] = new_conversation()
    return body


def rewrite(request):
    if not str(request.url).startswith(ROOT):
        return request
    headers = httpx2.Headers(request.headers)
    headers["Authorization"] = f"Bearer {KEY}"
    headers.pop("x-api-key", None)
    try:
        content = request.content
    except httpx2.RequestNotRead:
        content = request.read()
    if headers.get("content-type", "").startswith("application/json") and content:
        body = real_body(json.loads(content))
        # The client asks for base64 by itself and checks the answer before it decodes it: its strict tests expect floats.
        if request.url.path.endswith("/embeddings") and isinstance(body, dict):
            body.pop("encoding_format", None)
        content = json.dumps(body).encode()
    content = content.replace(b"Example data", RECORDING)
    headers["Content-Length"] = str(len(content))
    if not content:
        headers.pop("Content-Length")
    url = request.url.copy_with(path=real_path(request.url.path))
    return httpx2.Request(request.method, url, headers=headers, content=content, extensions=request.extensions)


send, send_async = httpx2.Client.send, httpx2.AsyncClient.send


def patched(self, request, **options):
    return send(self, rewrite(request), **options)


async def patched_async(self, request, **options):
    if request.headers.get("content-type", "").startswith("multipart/"):
        await request.aread()
    return await send_async(self, rewrite(request), **options)


httpx2.Client.send, httpx2.AsyncClient.send = patched, patched_async


def entry(item):
    name = item.nodeid.split("api_resources/", 1)[-1].split("[", 1)[0]
    name = re.sub(r"::Test\w+::", "::", name)
    for one in LEFT_OUT:
        if fnmatch.fnmatchcase(name, one["test"]) and one.get("only", "") in name:
            return one
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    one = entry(item) if call.when == "call" else None
    if one is None or not report.failed:
        return report
    error = getattr(call.excinfo.value, "body", None)
    error = error if isinstance(error, dict) else {}
    error = error.get("error", error)
    # Anthropic's errors have no field for it: the sentence begins with it.
    field = str(error.get("param") or error.get("message", "").split(":")[0])
    is_refused = field in one.get("refused", []) or one.get("code") in (error.get("code"), error.get("type"))
    if error and is_refused:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"refused as documented: {one['why']}")
    return report
