"""The official clients of Deepgram and OpenAI against our fakes of them.

    python check.py FRONTDESK-FAKES

The clients take nearly everything, so what they read is also held against the fields that their own types call required.
Prints one line per check and ends with status 1 if any failed.
"""

import json
import subprocess
import sys
import traceback
import typing
import urllib.request

import openai
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.environment import DeepgramClientEnvironment
from pydantic import BaseModel

CHECKS = []
SOUND = bytes(32_000)


def check(function):
    CHECKS.append(function)
    return function


class Fake:
    """A server of ours, and its control address."""

    def __init__(self, binary, which):
        self.process = subprocess.Popen([binary, which], stdout=subprocess.PIPE, text=True)
        told = json.loads(self.process.stdout.readline())
        self.url, self.control = told["url"], told["control"]

    def change(self, **what):
        request = urllib.request.Request(
            self.control, json.dumps(what).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def show(self):
        with urllib.request.urlopen(self.control, timeout=10) as response:
            return json.load(response)

    def end(self):
        self.process.terminate()
        self.process.wait(10)


class Desk:
    def __init__(self, binary):
        self.deepgram_fake = Fake(binary, "deepgram")
        self.chat_fake = Fake(binary, "chat")
        self.deepgram = self.deepgram_with(self.deepgram_fake.show()["key"])
        self.openai = openai.OpenAI(
            base_url=self.chat_fake.url + "/v1", api_key="k", max_retries=2, timeout=30
        )

    def deepgram_with(self, key):
        base = self.deepgram_fake.url
        live = base.replace("http", "ws", 1)
        place = DeepgramClientEnvironment(
            base=base, production=live, agent=live, agent_rest=base
        )
        return DeepgramClient(api_key=key, environment=place, timeout=30)

    def end(self):
        self.deepgram_fake.end()
        self.chat_fake.end()


def fails(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


def whole(read, at=""):
    """Fails for a field that the client's type requires and the answer lacks, at any depth."""
    if isinstance(read, BaseModel):
        name = at or type(read).__name__
        for field, about in type(read).model_fields.items():
            there = getattr(read, field, None)
            assert there is not None or not about.is_required(), f"{name}.{field} is missing"
            optional = type(None) in typing.get_args(about.annotation)
            if there is not None or not optional:
                whole(there, f"{name}.{field}")
    elif isinstance(read, (list, tuple)):
        for number, one in enumerate(read):
            whole(one, f"{at}[{number}]")
    return read


@check
def a_recording(desk):
    read = desk.deepgram.listen.v1.media.transcribe_file(
        request=SOUND, model="nova-3", smart_format=True, utterances=True, detect_language=True
    )
    whole(read)
    assert type(read).__name__ == "ListenV1Response", type(read)
    assert read.results.channels[0].alternatives[0].transcript == "Hello there."
    assert read.results.channels[0].detected_language == "en"
    assert read.results.utterances[0].words[1].punctuated_word == "there."
    assert read.metadata.duration == 1.25


@check
def a_recording_elsewhere(desk):
    read = desk.deepgram.listen.v1.media.transcribe_url(
        url="https://recordings.example/a.ogg", model="nova-3"
    )
    whole(read)
    assert read.results.channels[0].alternatives[0].transcript == "Hello there."
    error = fails(
        ApiError,
        lambda: desk.deepgram.listen.v1.media.transcribe_url(url="no address", model="nova-3"),
    )
    assert error.status_code == 400, error


@check
def a_transcript_by_callback(desk):
    read = desk.deepgram.listen.v1.media.transcribe_file(
        request=SOUND, model="nova-3", callback="http://127.0.0.1:9/nobody"
    )
    assert whole(read).request_id


@check
def a_wrong_key(desk):
    other = desk.deepgram_with("other")
    error = fails(
        ApiError,
        lambda: other.listen.v1.media.transcribe_file(request=SOUND, model="nova-3"),
    )
    assert error.status_code == 401, error

    def connect():
        with other.listen.v1.connect(model="nova-3"):
            pass

    assert fails(ApiError, connect).status_code == 401


@check
def too_many_at_once(desk):
    desk.deepgram_fake.change(mood="busy")
    try:
        error = fails(
            ApiError,
            lambda: desk.deepgram.listen.v1.media.transcribe_file(
                request=SOUND, model="nova-3", request_options={"max_retries": 0}
            ),
        )
        assert error.status_code == 429, error
    finally:
        desk.deepgram_fake.change(mood="well")


@check
def live_sound(desk):
    seen = []
    with desk.deepgram.listen.v1.connect(
        model="nova-3",
        encoding="linear16",
        sample_rate=16000,
        channels=1,
        interim_results="true",
        vad_events="true",
        utterance_end_ms=1000,
    ) as line:
        line.send_media(SOUND[:3200])
        line.send_keep_alive()
        line.send_media(SOUND[3200:])
        line.send_finalize()
        line.send_close_stream()
        for message in line:
            seen.append(whole(message))
    kinds = [message.type for message in seen]
    assert kinds[0] == "SpeechStarted" and kinds[-2:] == ["UtteranceEnd", "Metadata"], kinds
    results = [message for message in seen if message.type == "Results"]
    assert not results[0].is_final
    assert any(message.from_finalize for message in results)
    kept = [message.channel.alternatives[0].transcript for message in results if message.is_final]
    assert " ".join(filter(None, kept)) == "Hello there.", kept
    assert results[-1].speech_final
    assert seen[-1].duration == 1.0
    assert desk.deepgram_fake.show()["seen"][-1]["bytes"] == len(SOUND)


@check
def spoken_text(desk):
    parts = desk.deepgram.speak.v1.audio.generate(
        text="Ready.", model="aura-2-thalia-en", encoding="linear16", container="none"
    )
    assert sum(len(part) for part in parts) == 4800
    error = fails(
        ApiError,
        lambda: b"".join(
            desk.deepgram.speak.v1.audio.generate(text="x" * 3000, model="aura-2-thalia-en")
        ),
    )
    assert error.status_code == 413, error


def say(text):
    return [{"role": "user", "content": text}]


@check
def a_chat(desk):
    read = desk.openai.chat.completions.create(model="m", messages=say("Hello"))
    whole(read)
    assert read.choices[0].message.content == "Hello there, how are you?"
    assert read.usage.total_tokens == 25
    assert [model.id for model in desk.openai.models.list()] == ["m"]


@check
def a_chat_as_a_stream(desk):
    stream = desk.openai.chat.completions.create(
        model="m", messages=say("Hello"), stream=True, stream_options={"include_usage": True}
    )
    chunks = [whole(chunk) for chunk in stream]
    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(filter(None, words)) == "Hello there, how are you?", words
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == 5


@check
def a_call_of_a_function(desk):
    call = {"name": "look_up", "parts": ['{"id":', " 7}"]}
    desk.chat_fake.change(then=[{"answer": {"call": call}, "piece": 5}])
    stream = desk.openai.chat.completions.create(model="m", messages=say("Look."), stream=True)
    calls = [
        chunk.choices[0].delta.tool_calls[0]
        for chunk in stream
        if chunk.choices and chunk.choices[0].delta.tool_calls
    ]
    assert calls[0].function.name == "look_up"
    assert json.loads("".join(one.function.arguments or "" for one in calls)) == {"id": 7}


@check
def characters_that_are_cut(desk):
    words = {"words": ["Grüße ", "日本 ", "🚲"]}
    desk.chat_fake.change(then=[{"answer": {"words": words}, "piece": 1}])
    stream = desk.openai.chat.completions.create(model="m", messages=say("x"), stream=True)
    heard = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert "".join(filter(None, heard)) == "Grüße 日本 🚲"


@check
def errors(desk):
    limited = {"status": 429, "told": "slow down", "retry_after": "0.1"}
    desk.chat_fake.change(then=[{"answer": {"error": limited}}])
    read = desk.openai.chat.completions.create(model="m", messages=say("once more"))
    assert read.choices[0].message.content, "it was tried again"
    desk.chat_fake.change(then=[{"answer": {"error": {"status": 400, "told": "no"}}}])
    error = fails(
        openai.BadRequestError,
        lambda: desk.openai.chat.completions.create(model="m", messages=say("x")),
    )
    assert error.body["message"] == "no", error.body
    desk.chat_fake.change(then=[{"answer": {"error_after": {"word": "Well"}}}])
    stream = desk.openai.chat.completions.create(model="m", messages=say("x"), stream=True)
    fails(openai.APIError, lambda: list(stream))


@check
def sound_of_openai(desk):
    spoken = desk.openai.audio.speech.create(
        model="tts-1", voice="alloy", input="Ready.", response_format="pcm"
    )
    assert len(spoken.read()) == 4800
    recording = ("a.ogg", SOUND)
    read = desk.openai.audio.transcriptions.create(model="gpt-transcribe", file=recording)
    assert read.text == "Hello there, how are you?"
    long = desk.openai.audio.transcriptions.create(
        model="whisper-1", file=recording, response_format="verbose_json"
    )
    assert long.duration == 1.25 and long.segments[0].text == read.text
    plain = desk.openai.audio.transcriptions.create(
        model="whisper-1", file=recording, response_format="vtt"
    )
    assert plain.startswith("WEBVTT"), plain
    vectors = desk.openai.embeddings.create(model="m", input=["a", "b"])
    assert [row.embedding for row in vectors.data] == [[0.25, -0.5, 1.0]] * 2


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    desk = Desk(sys.argv[1])
    failed = 0
    try:
        for one in CHECKS:
            name = one.__name__.replace("_", " ")
            try:
                one(desk)
                print(f"ok    {name}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {name}", flush=True)
                traceback.print_exc()
    finally:
        desk.end()
    print(f"{len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
