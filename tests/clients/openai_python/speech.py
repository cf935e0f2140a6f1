"""The official OpenAI client and speech: every format, streaming, events, errors.

    python speech.py BASE_URL KEY

Prints one line per check and ends with status 1 if any failed.
"""

import io
import sys
import tempfile
import wave

import openai

TEXT = "Good morning. We open at nine and close at half past five."
MAGIC = {"mp3": b"\xff", "opus": b"OggS", "flac": b"fLaC", "wav": b"RIFF", "pcm": b""}


def formats(client):
    for name, magic in MAGIC.items():
        answer = client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format=name
        )
        assert answer.content.startswith(magic), name
        assert len(answer.content) > 4000, (name, len(answer.content))


def the_client_s_default_is_mp3(client):
    answer = client.audio.speech.create(model="tts-1", voice="nova", input=TEXT)
    assert answer.response.headers["content-type"] == "audio/mpeg"


def streams_to_a_file(client):
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="wav"
    ) as answer, tempfile.NamedTemporaryFile(suffix=".wav") as file:
        answer.stream_to_file(file.name)
        content = open(file.name, "rb").read()
    header = wave.open(io.BytesIO(content))
    assert (header.getframerate(), header.getnchannels()) == (24_000, 1)
    assert len(content) > 24_000 * 2 * 2, "two seconds at least"


def events(client):
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm", stream_format="sse"
    ) as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("data:")]
    assert "speech.audio.delta" in lines[0] and "speech.audio.done" in lines[-1]


def pace(client):
    def length(speed):
        return len(
            client.audio.speech.create(
                model="tts-1", voice="alloy", input=TEXT, response_format="pcm", speed=speed
            ).content
        )

    assert length(2.0) < 0.7 * length(1.0)


def voices_are_models(client):
    audio = [m.id for m in client.models.list() if "piper" in m.id]
    assert audio, "no voice in /v1/models"
    client.audio.speech.create(model=audio[0], voice=audio[0], input="Hello.")


def mistakes_are_400(client):
    for more in (
        {"input": "👍"},
        {"response_format": "aac"},
        {"speed": 9},
        {"voice": "nobody"},
        {"input": "a " * 10_001},
    ):
        asked = {"model": "tts-1", "voice": "alloy", "input": TEXT, **more}
        try:
            client.audio.speech.create(**asked)
        except openai.BadRequestError as error:
            assert error.param in more, (more.keys(), error.param)
        else:
            raise AssertionError(f"{list(more)} was accepted")


CHECKS = [
    formats,
    the_client_s_default_is_mp3,
    streams_to_a_file,
    events,
    pace,
    voices_are_models,
    mistakes_are_400,
]


def main():
    base, key = sys.argv[1:3]
    client = openai.OpenAI(base_url=f"{base.rstrip('/')}/v1", api_key=key, max_retries=0)
    failed = 0
    for check in CHECKS:
        try:
            check(client)
            print(f"ok    speech: {check.__name__}")
        except Exception as error:  # a check that fails is told and counted
            failed += 1
            print(f"FAIL  speech: {check.__name__}: {type(error).__name__}: {error}")
    sys.exit(1 if failed else 0)


main()
