"""Speed of the piper-tts package, for comparison with `cargo bench --bench voice`.

piper-tts is GPL-3: it is installed beside, run as a program of its own and never part of Frontdesk.

    python3 -m venv /tmp/piper && /tmp/piper/bin/pip install piper-tts
    /tmp/piper/bin/python benches/compare_piper.py VOICE.onnx [SENTENCES.txt] [--threads N]
"""

import argparse
import statistics
import time

import onnxruntime
from piper import PiperVoice

TEXT = """We are open on Saturday from nine to one, and closed on Sundays.
I could not find that in our documents. Shall I connect you with a colleague?
Thank you for calling Northgate, have a good day!"""

parser = argparse.ArgumentParser()
parser.add_argument("voice")
parser.add_argument("sentences", nargs="?")
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
voice = PiperVoice.load(arguments.voice)
voice.session = onnxruntime.InferenceSession(
    arguments.voice, sess_options=options, providers=["CPUExecutionProvider"]
)
text = open(arguments.sentences, encoding="utf-8").read() if arguments.sentences else TEXT
lines = [line for line in text.splitlines() if line.strip()]
list(voice.synthesize(lines[0]))

firsts, work, seconds = [], 0.0, 0.0
for line in lines:
    since, first = time.perf_counter(), None
    for chunk in voice.synthesize(line):
        first = first or time.perf_counter() - since
        seconds += len(chunk.audio_int16_bytes) / 2 / chunk.sample_rate
    work += time.perf_counter() - since
    firsts.append(first * 1000)
print(f"threads {arguments.threads}: first sentence p50 {statistics.median(firsts):.0f} ms, RTF {work / seconds:.3f}")
