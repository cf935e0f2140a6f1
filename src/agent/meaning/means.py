"""Writes means.json: the mean vector of each list in forms.toml, so that a server need not embed them.

python3 means.py ADDRESS KEY, of a running server with the embedding model that the thresholds were measured with.
"""

import json
import os
import sys
import tomllib
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


def embed(address, key, texts):
    # As questions are embedded.
    body = {"model": "default", "input": ["query: " + text for text in texts]}
    headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
    request = urllib.request.Request(address + "/v1/embeddings", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        made = json.load(answer)
    return made["model"], [one["embedding"] for one in made["data"]]


def main():
    address, key = sys.argv[1:]
    with open(os.path.join(HERE, "forms.toml"), "rb") as file:
        forms = tomllib.load(file)
    means = []
    for language in sorted(forms):
        for form in sorted(forms[language]):
            name, vectors = embed(address, key, forms[language][form])
            means.append([round(sum(column) / len(vectors), 5) for column in zip(*vectors)])
    with open(os.path.join(HERE, "means.json"), "w", encoding="utf8") as file:
        lines = ",\n".join(json.dumps(mean, separators=(",", ":")) for mean in means)
        file.write('{"embedder": %s, "means": [\n%s\n]}\n' % (json.dumps(name), lines))


if __name__ == "__main__":
    main()
