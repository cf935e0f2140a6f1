"""The official OpenAI client against a running Frontdesk: every endpoint, streaming, errors.

    python check.py BASE_URL KEY [--audio FILE.wav] [--words WORD ...]

Prints one line per check and ends with status 1 if any failed. Needs no test framework.
"""

import argparse
import io
import json
import math
import struct
import sys
import threading
import time
import traceback
import urllib.request
import wave

import openai

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Desk:
    """The server under test, and the client that talks to it."""

    def __init__(self, arguments):
        self.root = arguments.base_url.rstrip("/")
        self.key = arguments.key
        self.audio = arguments.audio
        self.words = arguments.words
        self.client = self.client_with(arguments.key)
        self.chat_model = "default"

    def client_with(self, key):
        return openai.OpenAI(base_url=self.root + "/v1", api_key=key, max_retries=0, timeout=300)

    def post(self, path, body, content_type="application/json", accept="application/json"):
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": content_type,
            "Accept": accept,
        }
        request = urllib.request.Request(self.root + path, body, headers)
        with urllib.request.urlopen(request, timeout=300) as response:
            return response.read()

    def get(self, path):
        request = urllib.request.Request(
            self.root + path, headers={"Authorization": f"Bearer {self.key}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)


def say(text):
    return [{"role": "user", "content": text}]


def fails(kind, call):
    """Calls and returns the error, which must be of this kind."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


@check
def models_are_listed_and_found(desk):
    ids = [model.id for model in desk.client.models.list()]
    assert ids, "no models"
    for model_id in ids:
        assert desk.client.models.retrieve(model_id).id == model_id
    return ", ".join(ids)


@check
def chat_answers(desk):
    answer = desk.client.chat.completions.create(
        model=desk.chat_model, messages=say("Say hello."), max_tokens=16, temperature=0
    )
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 < usage.completion_tokens <= 16
    return repr(choice.message.content)


@check
def chat_streams_with_usage(desk):
    stream = desk.client.chat.completions.create(
        model=desk.chat_model,
        messages=say("Count from one to five."),
        max_tokens=24,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    text, finish, usage, chunks = "", None, None, 0
    for chunk in stream:
        chunks += 1
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
            finish = chunk.choices[0].finish_reason or finish
        usage = chunk.usage or usage
    assert text and finish in ("stop", "length"), (text, finish)
    assert usage is not None and usage.completion_tokens > 0
    return f"{chunks} chunks: {text!r}"


@check
def the_same_seed_gives_the_same_answer(desk):
    def once():
        answer = desk.client.chat.completions.create(
            model=desk.chat_model, messages=say("Tell me a word."), max_tokens=8, seed=7
        )
        return answer.choices[0].message.content

    first = once()
    assert first == once()
    return repr(first)


@check
def a_stop_string_ends_the_answer(desk):
    ask = dict(model=desk.chat_model, messages=say("Say: one two three"), temperature=0)
    whole = desk.client.chat.completions.create(**ask, max_tokens=24).choices[0].message.content
    stop = whole[len(whole) // 2 :][:3]
    cut = desk.client.chat.completions.create(**ask, max_tokens=24, stop=[stop])
    text = cut.choices[0].message.content or ""
    assert stop not in text and whole.startswith(text), (whole, stop, text)
    return f"{whole!r} before {stop!r}: {text!r}"


@check
def json_fits_its_schema(desk):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "open": {"type": "boolean"}},
        "required": ["city", "open"],
        "additionalProperties": False,
    }
    answer = desk.client.chat.completions.create(
        model=desk.chat_model,
        messages=say("The Berlin shop is open. Answer in JSON."),
        max_tokens=64,
        temperature=0,
        response_format={"type": "json_schema", "json_schema": {"name": "shop", "schema": schema}},
    )
    value = json.loads(answer.choices[0].message.content)
    assert isinstance(value["city"], str) and isinstance(value["open"], bool), value
    return json.dumps(value)


@check
def a_required_tool_is_called(desk):
    tool = {
        "type": "function",
        "function": {
            "name": "opening_hours",
            "description": "Opening hours of a day",
            "parameters": {
                "type": "object",
                "properties": {"day": {"type": "string"}},
                "required": ["day"],
            },
        },
    }
    answer = desk.client.chat.completions.create(
        model=desk.chat_model,
        messages=say("When are you open on Monday?"),
        tools=[tool],
        tool_choice="required",
        max_tokens=96,
        temperature=0,
    )
    call = answer.choices[0].message.tool_calls[0]
    assert call.function.name == "opening_hours"
    assert "day" in json.loads(call.function.arguments), call.function.arguments
    assert answer.choices[0].finish_reason == "tool_calls"
    return call.function.arguments


@check
def documents_are_uploaded_and_read(desk):
    boundary = "frontdesk-client-check"
    text = "# Opening hours\n\nThe shop is open from 8:00 to 17:30 on Mondays.\n"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="hours.md"\r\n'
        f"Content-Type: text/markdown\r\n\r\n{text}\r\n--{boundary}--\r\n"
    ).encode()
    report = json.loads(
        desk.post("/api/v1/documents", body, f"multipart/form-data; boundary={boundary}")
    )
    document = report["files"][0]["document"]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        state = desk.get(f"/api/v1/documents/{document}")
        if state["state"] in ("ready", "failed"):
            assert state["state"] == "ready", state
            return f"{state['chunks']} chunks"
        time.sleep(0.2)
    raise AssertionError("the document was not read within 60 s")


@check
def an_assistant_answers_from_documents(desk):
    assistants = [m.id for m in desk.client.models.list() if m.id.startswith("assistant:")]
    assert assistants, "no assistant is listed"
    question = say("When does the shop open on Mondays?")
    answer = desk.client.chat.completions.create(model=assistants[0], messages=question)
    grounds = answer.model_extra["frontdesk"]
    assert grounds["rung"] in ("faq", "fact", "read", "related", "model", "refusal")
    assert grounds["receipt"], grounds
    last = None
    for chunk in desk.client.chat.completions.create(
        model=assistants[0], messages=question, stream=True
    ):
        last = chunk
    assert last.model_extra["frontdesk"]["receipt"]
    return f"{grounds['rung']}: {answer.choices[0].message.content!r}"


@check
def embeddings_come_as_base64_and_as_floats(desk):
    # Without encoding_format the client asks for base64 and decodes it itself.
    packed = desk.client.embeddings.create(model="default", input=["opening hours", "price list"])
    plain = desk.client.embeddings.create(
        model="default", input="opening hours", encoding_format="float"
    )
    first, second = packed.data[0].embedding, packed.data[1].embedding
    assert abs(sum(x * x for x in first) - 1) < 1e-3
    assert max(abs(a - b) for a, b in zip(first, plain.data[0].embedding)) < 1e-4
    assert first != second and packed.data[1].index == 1
    short = desk.client.embeddings.create(model="default", input="opening hours", dimensions=64)
    assert len(short.data[0].embedding) == 64
    assert abs(sum(x * x for x in short.data[0].embedding) - 1) < 1e-3
    return f"{len(first)} dimensions"


def recording(desk):
    """The recording to transcribe: the one that was named, or a second of a tone."""
    if desk.audio:
        with open(desk.audio, "rb") as file:
            return ("call.wav", file.read())
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        tone = (int(8000 * math.sin(n * 2 * math.pi * 440 / 16000)) for n in range(16000))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in tone))
    return ("tone.wav", buffer.getvalue())


@check
def a_recording_is_transcribed_in_every_form(desk):
    create = desk.client.audio.transcriptions.create
    short = create(model="whisper-1", file=recording(desk))
    missing = [word for word in desk.words if word.lower() not in short.text.lower()]
    assert not missing, f"{missing} not in {short.text!r}"
    assert isinstance(create(model="whisper-1", file=recording(desk), response_format="text"), str)
    vtt = create(model="whisper-1", file=recording(desk), response_format="vtt")
    assert vtt.startswith("WEBVTT"), vtt
    assert isinstance(create(model="whisper-1", file=recording(desk), response_format="srt"), str)
    verbose = create(
        model="whisper-1",
        file=recording(desk),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert float(verbose.duration) > 0.5
    if desk.words:
        assert verbose.words and verbose.segments
        assert verbose.words[0].start <= verbose.words[-1].end
    return repr(short.text)


@check
def a_transcript_streams(desk):
    stream = desk.client.audio.transcriptions.create(
        model="default", file=recording(desk), stream=True
    )
    text, done = "", None
    for event in stream:
        if event.type == "transcript.text.delta":
            text += event.delta
        elif event.type == "transcript.text.done":
            done = event.text
    assert done is not None and done.split() == text.split(), (text, done)
    return repr(done)


@check
def a_wrong_key_is_401(desk):
    stranger = desk.client_with("fd_live_wrong")
    for call in (
        lambda: stranger.models.list(),
        lambda: stranger.chat.completions.create(model="default", messages=say("Hi")),
    ):
        assert fails(openai.AuthenticationError, call).code == "invalid_api_key"


@check
def an_unknown_model_is_404(desk):
    client = desk.client
    for call in (
        lambda: client.chat.completions.create(model="gpt-9", messages=say("Hi")),
        lambda: client.embeddings.create(model="gpt-9", input="Hi"),
        lambda: client.audio.transcriptions.create(model="gpt-9", file=recording(desk)),
        lambda: client.models.retrieve("gpt-9"),
    ):
        assert fails(openai.NotFoundError, call).code == "model_not_found"


@check
def what_makes_no_sense_is_400(desk):
    create = desk.client.chat.completions.create
    cases = {
        "temperature": dict(messages=say("Hi"), temperature=9),
        "messages": dict(messages=[]),
        "n": dict(messages=say("Hi"), n=2),
        "messages[0].role": dict(messages=[{"role": "king", "content": "Hi"}]),
    }
    for param, body in cases.items():
        error = fails(openai.BadRequestError, lambda: create(model=desk.chat_model, **body))
        assert error.param == param, (param, error)
    tokens = fails(
        openai.BadRequestError,
        lambda: desk.client.embeddings.create(model="default", input=[[1, 2, 3]]),
    )
    assert tokens.param == "input"
    not_audio = fails(
        openai.BadRequestError,
        lambda: desk.client.audio.transcriptions.create(
            model="whisper-1", file=("notes.txt", b"These are just words, no sound at all.")
        ),
    )
    return str(not_audio.message)


@check
def a_prompt_that_is_too_long_is_400(desk):
    error = fails(
        openai.BadRequestError,
        lambda: desk.client.chat.completions.create(
            model=desk.chat_model, messages=say("word " * 60000), max_tokens=4
        ),
    )
    assert error.code == "context_length_exceeded", error
    return str(error.message)


@check
def leaving_in_mid_stream_frees_the_place(desk):
    stream = desk.client.chat.completions.create(
        model=desk.chat_model,
        messages=say("Tell a very long story about a lighthouse."),
        max_tokens=2000,
        stream=True,
    )
    for _, chunk in zip(range(4), stream):
        assert chunk.object == "chat.completion.chunk"
    stream.close()
    started = time.monotonic()
    desk.client.chat.completions.create(
        model=desk.chat_model, messages=say("Say hello."), max_tokens=4
    )
    return f"the next answer took {time.monotonic() - started:.1f} s"


@check
def several_clients_are_served_at_once(desk):
    answers, errors = [], []

    def ask(number):
        try:
            answer = desk.client.chat.completions.create(
                model=desk.chat_model, messages=say(f"Say the number {number}."), max_tokens=8
            )
            answers.append(answer.choices[0].message.content)
        except Exception as error:  # collected and reported below
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    return f"{len(answers)} answers"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base_url", help="for example http://127.0.0.1:8080")
    parser.add_argument("key")
    parser.add_argument("--audio", help="a recording of speech")
    parser.add_argument("--words", nargs="*", default=[], help="words that it holds")
    desk = Desk(parser.parse_args())
    failed = 0
    print(f"openai {openai.__version__} against {desk.root}")
    for function in CHECKS:
        started = time.monotonic()
        try:
            note = function(desk) or ""
            word = "ok  "
        except Exception as error:  # one failure must not hide the others
            failed += 1
            word, note = "FAIL", f"{type(error).__name__}: {error}"
            if not isinstance(error, AssertionError):
                traceback.print_exc()
        took = time.monotonic() - started
        print(f"{word} {took:6.1f} s  {function.__name__.replace('_', ' ')}  {note}"[:300], flush=True)
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
