"""Drives /mcp of a running Frontdesk with the official MCP client.

    check.py BASE_URL KEY

Prints one line per check and ends with status 1 if any failed.
"""

import asyncio
import json
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid

from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

BASE, KEY = sys.argv[1].rstrip("/"), sys.argv[2]
TEXT = "The workshop repairs bicycles from Monday to Friday between 9:00 and 17:00."
QUESTION = "Do you have parking?"
ANSWER = "Yes, six places behind the house."
failed = []


def send(method, path, data=None, kind=None, key=KEY):
    """Status and answer of the API."""
    request = urllib.request.Request(f"{BASE}{path}", method=method)
    request.add_header("Accept", "application/json")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    if kind:
        request.add_header("Content-Type", kind)
    try:
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def post(path, body, key=KEY):
    return send("POST", path, json.dumps(body).encode(), "application/json", key)


def wait_for_server():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{BASE}/healthz", timeout=2).read()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start within a minute")


def upload(name, text):
    """Uploads a text and waits until it can be searched; its id."""
    line = uuid.uuid4().hex
    form = (
        f"--{line}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n"
        f"Content-Type: text/plain\r\n\r\n{text}\r\n--{line}--\r\n"
    )
    status, sent = send("POST", "/api/v1/documents", form.encode(), f"multipart/form-data; boundary={line}")
    assert status == 200, sent
    document = sent["files"][0]["document"]
    end = time.monotonic() + 60
    while time.monotonic() < end:
        _, found = send("GET", f"/api/v1/documents/{document}")
        if found["state"] == "ready":
            return document
        time.sleep(0.2)
    raise AssertionError("the document was not read within a minute")


def make_key(scopes):
    status, made = post("/api/v1/keys", {"name": "narrow", "scopes": scopes})
    assert status == 201, made
    return made["key"]


async def with_client(key, mode, work):
    async with create_mcp_http_client(headers={"Authorization": f"Bearer {key}"}) as http:
        transport = streamable_http_client(f"{BASE}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            return await work(client)


async def check(name, work):
    try:
        await work
        print(f"ok      {name}")
    except Exception:
        failed.append(name)
        print(f"FAILED  {name}")
        traceback.print_exc()


async def tool(client, name, **arguments):
    called = await client.call_tool(name, arguments)
    assert not called.is_error, called.content
    # Older clients read the text.
    assert json.loads(called.content[0].text) == called.structured_content
    return called.structured_content


def checks(document, conversation):
    """What each generation of the protocol is checked for."""

    async def introduces_itself(client):
        assert client.server_info is None or client.server_info.name == "frontdesk"
        assert "refusal" in client.instructions
        assert client.server_capabilities.tools is not None

    async def lists_tools(client):
        listed = (await client.list_tools()).tools
        names = [one.name for one in listed]
        assert names == ["search", "ask", "list_conversations", "read_conversation", "list_documents"], names
        for one in listed:
            assert one.input_schema["type"] == "object" and one.description, one

    async def searches(client):
        found = await tool(client, "search", query="When does the workshop repair bicycles?", limit=3)
        first = found["passages"][0]
        assert first["document"] == document and first["text"] == TEXT, found
        assert 0 < first["score"] <= 1 and first["span"] == [0, len(TEXT)], found

    async def asks(client):
        answer = await tool(client, "ask", question=QUESTION)
        assert answer["rung"] == "faq" and ANSWER in answer["answer"], answer
        assert answer["citations"] and answer["receipt"], answer
        status, _ = send("GET", f"/api/v1/receipts/{answer['receipt']}")
        assert status == 200

    async def reads_conversations(client):
        listed = await tool(client, "list_conversations", limit=10)
        assert conversation in [one["id"] for one in listed["conversations"]], listed
        read = await tool(client, "read_conversation", id=conversation)
        assert read["transcript"][0]["text"] == QUESTION, read

    async def reads_documents(client):
        listed = await tool(client, "list_documents")
        assert [one["id"] for one in listed["documents"]] == [document], listed
        resources = (await client.list_resources()).resources
        assert [one.title for one in resources], resources
        read = await client.read_resource(resources[0].uri)
        assert read.contents[0].text == TEXT, read

    async def is_told_what_is_wrong(client):
        for name, arguments in [
            ("search", {"query": ""}),
            ("search", {"query": "x", "limit": 9999}),
            ("ask", {"question": "x", "workspace": "nobody's"}),
            ("read_conversation", {"id": "nonsense"}),
        ]:
            called = await client.call_tool(name, arguments)
            assert called.is_error and called.content[0].text, (name, called)
        for broken in (client.call_tool("no_such_tool", {}), client.read_resource("frontdesk://documents/nonsense")):
            try:
                await broken
            except MCPError as error:
                assert error.message, error
            else:
                raise AssertionError("it was not refused")

    return [introduces_itself, lists_tools, searches, asks, reads_conversations, reads_documents, is_told_what_is_wrong]


async def narrow_key(client):
    names = [one.name for one in (await client.list_tools()).tools]
    assert names == ["search", "list_documents"], names
    try:
        await client.call_tool("ask", {"question": QUESTION})
    except MCPError:
        return
    raise AssertionError("a key without the scope asked")


async def refuses_strangers():
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for key in ("", "fd_live_made_up"):
        status, _ = post("/mcp", message, key)
        assert status == 401, status


async def main():
    wait_for_server()
    document = upload("workshop.txt", TEXT)
    status, made = post("/api/v1/faqs", {"questions": [QUESTION], "answer": ANSWER, "state": "approved"})
    assert status == 201, made
    status, begun = post("/api/v1/conversations", {"title": "Parking"})
    assert status == 201, begun
    conversation = begun["id"]
    # The answer comes as JSON, rather than as events, to whoever says so.
    path = f"/api/v1/conversations/{conversation}/messages"
    status, said = post(path, {"text": QUESTION})
    assert status == 200, said

    for mode in ("auto", "legacy"):
        for one in checks(document, conversation):
            await check(f"{mode}: {one.__name__}", with_client(KEY, mode, one))
        narrow = make_key(["documents"])
        await check(f"{mode}: {narrow_key.__name__}", with_client(narrow, mode, narrow_key))

    async def negotiates(client):
        print(f"        auto speaks {client.protocol_version}")
        assert client.protocol_version >= "2026-07-28", client.protocol_version

    await check("auto: negotiates the protocol of today", with_client(KEY, "auto", negotiates))
    await check(refuses_strangers.__name__, refuses_strangers())
    if failed:
        raise SystemExit(f"{len(failed)} failed")


asyncio.run(main())
