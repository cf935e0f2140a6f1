"""Calls a running Frontdesk with the generated client `frontdesk_client`.

    check.py BASE_URL KEY DOCUMENT

Prints one line per check and ends with status 1 if any failed.
"""

import importlib
import json
import re
import sys
import time
import traceback

from frontdesk_client import AuthenticatedClient
from frontdesk_client.api.admin import create_key, list_keys, revoke_key
from frontdesk_client.api.answers import ask, begin_conversation, get_conversation, list_conversations, search
from frontdesk_client.api.documents import get_document, get_document_text, list_documents, write_snippet
from frontdesk_client.api.faqs import create_faq, get_faq, list_faqs
from frontdesk_client.models import (
    AskRequest,
    FaqRequest,
    NewConversationRequest,
    NewKeyRequest,
    Problem,
    SearchRequest,
    SnippetRequest,
)

BASE, KEY, DOCUMENT = sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3]
ABSENT = "01890000-0000-7000-8000-000000000000"
TEXT = "The workshop repairs bicycles from Monday to Friday between 9:00 and 17:00."
QUESTION = "Do you have parking?"
ANSWER = "Yes, six places behind the house."


def connect(key):
    return AuthenticatedClient(base_url=BASE, token=key, raise_on_unexpected_status=True)


client = connect(KEY)


def every_operation_has_a_module():
    document = json.load(open(DOCUMENT))
    missing = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not path.startswith("/api/v1/"):
                continue
            snake = re.sub(r"(?<!^)(?=[A-Z])", "_", operation["operationId"]).lower()
            tag = re.sub(r"[^a-z0-9]+", "_", operation["tags"][0].lower())
            try:
                importlib.import_module(f"frontdesk_client.api.{tag}.{snake}")
            except ImportError as error:
                missing.append(f"{method} {path}: {error}")
    assert not missing, "\n".join(missing)


def documents_are_written_found_and_read():
    written = write_snippet.sync(client=client, body=SnippetRequest(title="Workshop", text=TEXT))
    end = time.monotonic() + 60
    while get_document.sync(id=written.document, client=client).state != "ready":
        assert time.monotonic() < end, "the document was not read within a minute"
        time.sleep(0.2)
    assert written.document in [one.id for one in list_documents.sync(client=client).documents]
    request = SearchRequest(query="When does the workshop repair bicycles?", limit=3)
    found = search.sync(client=client, body=request)
    passage = found.passages[0]
    assert passage.document == written.document and 0 < passage.score <= 1, found
    text = get_document_text.sync(id=written.document, client=client)
    cut = text.text.encode()[passage.span[0] : passage.span[1]].decode()
    assert cut == passage.text, (cut, passage.text)


def approved_answers_are_given():
    made = create_faq.sync(client=client, body=FaqRequest(questions=[QUESTION], answer=ANSWER, state="approved"))
    assert get_faq.sync(id=made.id, client=client).answer == ANSWER
    assert made.id in [one.id for one in list_faqs.sync(client=client).faqs]
    answer = ask.sync(client=client, body=AskRequest(question=QUESTION))
    assert answer.rung == "faq" and ANSWER in answer.answer, answer
    assert answer.citations[0].kind == "faq" and answer.receipt, answer


def conversations_are_begun_and_read():
    begun = begin_conversation.sync(client=client, body=NewConversationRequest(title="Bells"))
    read = get_conversation.sync(id=begun.id, client=client)
    assert read.title == "Bells" and read.transcript == [], read
    listed = list_conversations.sync(client=client, limit=5)
    assert begun.id in [one.id for one in listed.conversations], listed


def keys_are_made_and_revoked():
    made = create_key.sync(client=client, body=NewKeyRequest(name="narrow", scopes=["chat"]))
    narrow = connect(made.key)
    refused = list_documents.sync_detailed(client=narrow)
    assert refused.status_code == 403 and isinstance(refused.parsed, Problem), refused
    assert refused.parsed.code == "missing_scope", refused.parsed
    assert made.id in [one.id for one in list_keys.sync(client=client).keys]
    assert revoke_key.sync_detailed(id=made.id, client=client).status_code == 204
    refused = ask.sync_detailed(client=narrow, body=AskRequest(question=QUESTION))
    assert refused.status_code == 401 and isinstance(refused.parsed, Problem), refused


def refusals_are_problems():
    absent = get_conversation.sync_detailed(id=ABSENT, client=client)
    assert absent.status_code == 404 and isinstance(absent.parsed, Problem), absent
    assert absent.parsed.detail == "there is no such conversation", absent.parsed
    wrong = search.sync_detailed(client=client, body=SearchRequest(query="", limit=5))
    assert wrong.status_code == 400 and wrong.parsed.param == "query", wrong


failed = 0
for check in (
    every_operation_has_a_module,
    documents_are_written_found_and_read,
    approved_answers_are_given,
    conversations_are_begun_and_read,
    keys_are_made_and_revoked,
    refusals_are_problems,
):
    try:
        check()
        print(f"ok      {check.__name__}")
    except Exception:
        failed += 1
        print(f"FAILED  {check.__name__}")
        traceback.print_exc()
if failed:
    raise SystemExit(f"{failed} failed")
