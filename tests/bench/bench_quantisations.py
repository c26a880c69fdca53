"""How fast one model is in several quantisations on this processor: `python tests/bench/bench_quantisations.py MODEL.gguf`.

The model is encoded again by llama.cpp into a folder that is thrown away: for speed alone, since what is encoded twice
writes worse. One core (`--core`), each quantisation in turns; printed are the medians of tokens per second.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import ctypes
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

KINDS = {"Q4_0": 2, "IQ4_NL": 25, "Q4_K_M": 15, "Q8_0": 7}  # enum llama_ftype
SEQUENCES, ANSWER, ROUNDS = 16, 64, 3
WORDS = "The patient was seen on the ward and the findings were discussed with the team before the round. "


def encode(path, folder):
    """Write the model in each quantisation; return the files by name."""
    from onprem.llm import binding
    from onprem.llm.binding import C
    from onprem.llm.gguf import read_header

    binding.listen()
    files = {read_header(path).quantisation: path}
    for name, kind in KINDS.items():
        settings = C.llama_model_quantize_default_params()
        settings.ftype, settings.allow_requantize = kind, True
        target = folder / f"{name}.gguf"
        if C.llama_model_quantize(str(path).encode(), str(target).encode(), ctypes.byref(settings)) == 0:
            files[name] = target
    return files


def rates(model):
    """Prompt, one text, and many at once, in tokens per second; many without the time of their prompts."""
    from onprem.llm.contract import Request
    from onprem.llm.templates import Piece, Prompt

    begun = WORDS * 10

    def asked(number, most):
        return Request(Prompt((Piece(f"{begun}Advice {number}:"),)), max_tokens=most)

    began = time.perf_counter()
    (answer,) = model.complete([asked(0, 1)])
    prompt = answer.prompt_tokens / (time.perf_counter() - began)
    one = ANSWER / model.raw(asked(0, 1).prompt, ANSWER)
    spent = []
    for most in (1, ANSWER + 1):  # the shorter batch is the time of the prompts
        began = time.perf_counter()
        tokens = sum(answer.tokens for answer in model.complete(asked(number, most) for number in range(SEQUENCES)))
        spent.append((tokens, time.perf_counter() - began))
    (few, start), (many, whole) = spent
    return prompt, one, (many - few) / (whole - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--core", type=int, default=0)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    from cards import card_of

    from onprem.llm.llama import Settings, load

    with tempfile.TemporaryDirectory() as made:
        found = {}
        files = encode(given.model, Path(made))
        for _ in range(ROUNDS):
            for name, path in files.items():
                settings = Settings(sequences=SEQUENCES, context=1024, threads=1, gpu_layers=0)
                model = load(card_of(path), path, settings)
                found.setdefault(name, []).append(rates(model))
                model.close()
    for name, rounds in found.items():
        prompt, one, many = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:8} prompt {prompt:6.0f}  one text {one:6.1f}  {SEQUENCES} at once {many:6.1f} tokens/s")


if __name__ == "__main__":
    main()
