"""The official OpenAI client's Realtime part against a running Frontdesk.

    python realtime.py BASE_URL KEY [--audio FILE.wav] [--words WORD ...]

Prints one line per check and ends with status 1 if any failed. Needs the client's extra `realtime`.
"""

import argparse
import array
import base64
import sys
import time
import traceback
import wave

import openai

try:
    import websockets  # noqa: F401
except ImportError:
    print("realtime: left out, as this Python has no websockets (pip install 'openai[realtime]')")
    sys.exit(0)

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Desk:
    def __init__(self, arguments):
        self.client = openai.OpenAI(
            base_url=arguments.base_url.rstrip("/") + "/v1", api_key=arguments.key, max_retries=0
        )
        self.audio = arguments.audio
        self.words = arguments.words

    def connect(self, model="gpt-realtime"):
        return self.client.realtime.connect(model=model)

    def speech(self):
        """The recording at 24 kHz with silence behind it, as bytes of 16-bit samples."""
        with wave.open(self.audio) as recording:
            rate = recording.getframerate()
            samples = array.array("h", recording.readframes(recording.getnframes()))
        count = len(samples) * 24000 // rate
        slow = array.array("h", (samples[n * rate // 24000] for n in range(count)))
        return slow.tobytes() + bytes(2 * 24 * 900)


def until(connection, kind):
    """Events up to one of this type; an error that was not asked for fails."""
    events = []
    for event in connection:
        events.append(event)
        if event.type == kind:
            return events
        assert event.type != "error", event
    raise AssertionError(f"no {kind}")


def write(connection, text):
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    connection.conversation.item.create(item=item)


def set_up(connection, **session):
    until(connection, "session.created")
    connection.session.update(session={"type": "realtime", **session})
    return until(connection, "session.updated")[-1].session


@check
def a_written_session_answers(desk):
    with desk.connect() as connection:
        session = set_up(connection, output_modalities=["text"], max_output_tokens=40)
        assert session.output_modalities == ["text"]
        write(connection, "Say hello.")
        connection.response.create()
        events = until(connection, "response.done")
        text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
        done = events[-1].response
        assert done.status in ("completed", "incomplete"), done
        assert text and done.output[0].content[0].text == text
        assert done.usage.total_tokens > 0


@check
def a_response_is_cancelled(desk):
    with desk.connect() as connection:
        set_up(connection, output_modalities=["text"])
        write(connection, "Count from one to one hundred in words.")
        connection.response.create()
        until(connection, "response.output_text.delta")
        connection.response.cancel()
        done = until(connection, "response.done")[-1].response
        assert done.status == "cancelled", done.status
        assert done.status_details.reason == "client_cancelled"


@check
def a_function_is_called(desk):
    tool = {
        "type": "function",
        "name": "opening_hours",
        "description": "Opening hours of a day",
        # Of a free string the small test model would not always find the end.
        "parameters": {
            "type": "object",
            "properties": {"day": {"type": "string", "enum": ["Monday", "Tuesday", "Sunday"]}},
            "required": ["day"],
            "additionalProperties": False,
        },
    }
    with desk.connect() as connection:
        set_up(connection, output_modalities=["text"], tools=[tool], tool_choice="required")
        write(connection, "When are you open on Monday?")
        connection.response.create()
        events = until(connection, "response.done")
        calls = [e for e in events if e.type == "response.function_call_arguments.done"]
        assert calls and calls[0].name == "opening_hours", [e.type for e in events]
        output = {"type": "function_call_output", "call_id": calls[0].call_id, "output": "9 to 5"}
        connection.conversation.item.create(item=output)
        connection.response.create(response={"tool_choice": "none", "max_output_tokens": 40})
        assert until(connection, "response.done")[-1].response.output


@check
def errors_leave_the_session_open(desk):
    with desk.connect() as connection:
        until(connection, "session.created")
        connection.conversation.item.delete(item_id="nothing", event_id="mine")
        error = next(iter(connection))
        assert error.type == "error" and error.error.event_id == "mine", error
        connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        until(connection, "session.updated")


@check
def a_client_secret_opens_a_session(desk):
    secret = desk.client.realtime.client_secrets.create(
        session={"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief."}
    )
    assert secret.value.startswith("ek_") and secret.expires_at > time.time()
    browser = openai.OpenAI(base_url=desk.client.base_url, api_key=secret.value, max_retries=0)
    with browser.realtime.connect(model="gpt-realtime") as connection:
        assert until(connection, "session.created")[-1].session.instructions == "Be brief."


@check
def a_recording_is_transcribed(desk):
    if not desk.audio:
        return "no recording"
    with desk.connect() as connection:
        until(connection, "session.created")
        connection.session.update(session={"type": "transcription"})
        until(connection, "session.updated")
        connection.input_audio_buffer.append(audio=base64.b64encode(desk.speech()).decode())
        kind = "conversation.item.input_audio_transcription.completed"
        text = until(connection, kind)[-1].transcript.lower()
        assert all(word in text for word in desk.words), text


@check
def a_spoken_turn_is_answered_and_truncated(desk):
    if not desk.audio:
        return "no recording"
    with desk.connect() as connection:
        set_up(connection, max_output_tokens=30)
        connection.input_audio_buffer.append(audio=base64.b64encode(desk.speech()).decode())
        events = until(connection, "response.done")
        kinds = [event.type for event in events]
        for earlier, later in zip(
            ["input_audio_buffer.speech_started", "input_audio_buffer.committed", "response.created"],
            ["input_audio_buffer.speech_stopped", "response.created", "response.output_audio.delta"],
        ):
            assert kinds.index(earlier) < kinds.index(later), kinds
        sound = [e for e in events if e.type == "response.output_audio.delta"]
        assert sum(len(base64.b64decode(e.delta)) for e in sound) > 4800
        item = events[-1].response.output[0]
        connection.conversation.item.truncate(item_id=item.id, content_index=0, audio_end_ms=50)
        assert until(connection, "conversation.item.truncated")[-1].audio_end_ms == 50


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base_url")
    parser.add_argument("key")
    parser.add_argument("--audio")
    parser.add_argument("--words", nargs="*", default=[])
    desk = Desk(parser.parse_args())
    failed = 0
    for function in CHECKS:
        name = "realtime: " + function.__name__.replace("_", " ")
        since = time.monotonic()
        try:
            left_out = function(desk)
        except Exception:
            failed += 1
            print(f"FAILED  {name}")
            traceback.print_exc()
        else:
            note = f"left out: {left_out}" if left_out else f"{time.monotonic() - since:.1f} s"
            print(f"ok      {name} ({note})")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
