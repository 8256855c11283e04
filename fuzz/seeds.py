#!/usr/bin/env python3
"""Makes small seeds and dictionaries out of tests/fixtures and config: fuzz/corpus/TARGET/*, fuzz/corpus/*.dict."""
import json, pathlib, re

here = pathlib.Path(__file__).resolve().parent
root, corpus = here.parent, here / "corpus"
words = set()


def seed(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def gather(value):
    if isinstance(value, dict):
        words.update(value)
        [gather(each) for each in value.values()]
    elif isinstance(value, list):
        [gather(each) for each in value]
    elif isinstance(value, str) and re.fullmatch(r"[a-z_]{2,24}", value):
        words.add(value)


def dictionary(name, words):
    quoted = (word.replace("\\", "\\\\").replace('"', '\\"') for word in sorted(words))
    (corpus / name).write_text("".join(f'"{word}"\n' for word in quoted))


# How `arbitrary` reads the structs of the targets: four bytes choose a variant, a byte is a flag.
META, TURN, TEXT = b"\0\0\0\0" b"\0\0\0\x40" b"\0\0", b"\0\0\0\0" b"\0\0\0\xc0", b"\0\0\0\0"
ANY = TEXT

for case in sorted((root / "tests/fixtures").iterdir()):
    for file in [*case.glob("cloud.json"), *case.glob("on_premises.json"), *case.glob("normalized.json")]:
        gather(json.loads(file.read_text()))
        body = re.sub(r"\n\s*", "", file.read_text()).encode()
        seed("round_trip", f"{case.name}.{file.stem}", body)
        if file.stem != "normalized":
            source = "cloud" if file.stem == "cloud" else "onprem"
            line = {"cutover_capture": 1, "at": "2026-11-24T10:00:00Z", "source": source, "path": "/webhooks"}
            line |= {"headers": {"x-wa-account-id": "15550783881"}, "body": body.decode()}
            seed("capture_line", f"{case.name}.{file.stem}", ANY + json.dumps(line, separators=(",", ":")).encode())
            seed("redact", f"{case.name}.{file.stem}", body)
            seed(f"decode_{file.stem}", case.name, body)
            seed("signature_header", f"{case.name}.{file.stem}", (META if file.stem == "cloud" else TURN) + body)

keys = set()
for file in (root / "config").glob("*.toml"):
    text = re.sub(r"^# ?(?=[\w\[]+( =|\]))", "", file.read_text(), flags=re.M)
    keys.update(re.findall(r"^\[+[\w.]+\]+|^\w+ =", text, flags=re.M))
    seed("config_file", file.stem, TEXT + re.sub(r"^#.*\n", "", text, flags=re.M).encode())

dictionary("json.dict", {f'"{word}":' for word in words} | {f'"{word}"' for word in words} | {"\\ud83d", "true", "null", "[]", "{}"})
dictionary("config.dict", keys)
