"""Speed of a language model: ours beside the library's plainest loop and its high-level API, in one run, on one core.

    python tests/bench/bench_llm.py .models/SmolLM2-135M-Instruct.Q4_1.gguf [--core 0] [--rounds 5] [--threads 1]

The rounds take turns, so that whatever else the machine does falls on all alike. Printed: the median of the rounds and
their smallest and largest. Tokens are those of the answers; "end to end" is from the first request to the last answer,
prompts included; the prompts begin with the same 200 tokens.
"""

# ruff: noqa: T201 - a program that prints its result

import argparse
import hashlib
import os
import statistics
import time
from pathlib import Path

SEQUENCES, ANSWER = 16, 64


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def prompts(model):
    """16 prompts of a shared beginning of 200 tokens and a question each."""
    from onprem.llm.templates import Piece, Prompt

    words = "The patient was seen on the ward and the findings were discussed with the team before the round. ".split(
        " "
    )
    text, place = "", 0
    while model.count(Prompt((Piece(text),))) < 200:
        text += words[place % len(words)] + " "
        place += 1
    asked = ("cough", "fever", "chest pain", "a rash", "nausea", "headache", "back pain", "fatigue")
    return [f"{text}\nAdvice {n} about {asked[n % 8]}, in full sentences:" for n in range(SEQUENCES)]


def main():
    given = arguments()
    if given.threads == 1:
        os.sched_setaffinity(0, {given.core})
    from llama_cpp import Llama

    from onprem.llm.contract import Request
    from onprem.llm.gguf import read_header
    from onprem.llm.llama import Settings, load
    from onprem.llm.shelf import Card
    from onprem.llm.templates import Piece, Prompt

    header = read_header(given.model)
    digest = hashlib.sha256(given.model.read_bytes()).hexdigest()
    card = Card(
        name="bench", sha256=digest, size=header.size, licence="any", template="plain", added="2026-01-01T00:00:00Z",
        architecture=header.architecture, quantisation=header.quantisation, parameters=header.parameters,
        context_length=header.number("context_length"), vocabulary=header.vocabulary,
    )  # fmt: skip
    ours = load(card, given.model, Settings(sequences=SEQUENCES, context=1024, threads=given.threads, gpu_layers=0))
    print(ours.chosen)
    theirs = Llama(str(given.model), n_ctx=1024, n_threads=given.threads, n_threads_batch=given.threads, verbose=False)
    texts = prompts(ours)
    requests = [Request(Prompt((Piece(text),)), max_tokens=ANSWER) for text in texts]

    def raw():
        return ANSWER / ours.raw(requests[0].prompt, ANSWER)

    def single():
        """Tokens per second of one answer, from its first piece on."""
        writing = ours.stream(requests[0])
        pieces = iter(writing)
        next(pieces)
        began = time.perf_counter()
        for _ in pieces:
            pass
        return (writing.answer.tokens - 1) / (time.perf_counter() - began)

    def singles():
        """16 answers, one after another, each going on from the shared beginning."""
        began, tokens = time.perf_counter(), 0
        for request in requests:
            writing = ours.stream(request)
            for _ in writing:
                pass
            tokens += writing.answer.tokens
        return tokens / (time.perf_counter() - began)

    def single_anew():
        """One answer with its whole prompt, of which nothing is known."""
        began = time.perf_counter()
        (answer,) = ours.complete(requests[:1])
        return answer.tokens / (time.perf_counter() - began)

    def batch():
        began = time.perf_counter()
        answers = list(ours.complete(requests))
        return sum(answer.tokens for answer in answers) / (time.perf_counter() - began)

    def high_level():
        began, tokens = time.perf_counter(), 0
        for text in texts:
            tokens += theirs(text, max_tokens=ANSWER, temperature=0.0)["usage"]["completion_tokens"]
        return tokens / (time.perf_counter() - began)

    def fresh():
        """The same with a cleared memory for each call, as separate programs would have it."""
        began, tokens = time.perf_counter(), 0
        for text in texts:
            theirs.reset()
            tokens += theirs(text, max_tokens=ANSWER, temperature=0.0)["usage"]["completion_tokens"]
        return tokens / (time.perf_counter() - began)

    measured = {
        "raw loop of the library, one text": raw,
        "ours, one stream": single,
        "ours, one stream, prompt anew, end to end": single_anew,
        "ours, 16 streams one after another, end to end": singles,
        "ours, 16 in a batch, end to end": batch,
        "high-level API, 16 calls, end to end": high_level,
        "high-level API, 16 calls, prompt anew, end to end": fresh,
    }
    found = {name: [] for name in measured}
    for function in measured.values():
        function()
    for _ in range(given.rounds):
        for name, function in measured.items():
            found[name].append(function())
    for name, rates in found.items():
        print(f"{name:52} {statistics.median(rates):8.1f} tok/s  ({min(rates):.1f} to {max(rates):.1f})")
    names = list(measured)
    for above, below in ((1, 0), (4, 1), (4, 2), (4, 3), (4, 5), (4, 6)):
        ratios = [one / other for one, other in zip(found[names[above]], found[names[below]], strict=True)]
        print(
            f"{names[above]} / {names[below]}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )
    ours.close()


if __name__ == "__main__":
    main()
