"""The card that the shelf would write of a model file."""

import hashlib

from onprem.llm.gguf import read_header
from onprem.llm.shelf import Card


def card_of(path, **changes):
    header = read_header(path)
    known = {
        "name": "small",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "size": header.size,
        "licence": "Apache-2.0",
        "template": "chatml",
        "architecture": header.architecture,
        "quantisation": header.quantisation,
        "parameters": header.parameters,
        "context_length": header.number("context_length"),
        "vocabulary": header.vocabulary,
        "added": "2026-01-01T00:00:00Z",
    }
    return Card(**known | changes)
