"""Builds small GGUF files by the published layout, sound ones and broken ones."""

import struct

SCALARS = {"B": 0, "b": 1, "H": 2, "h": 3, "I": 4, "i": 5, "f": 6, "?": 7, "Q": 10, "q": 11, "d": 12}


def text(words):
    content = words if isinstance(words, bytes) else words.encode()
    return struct.pack("<Q", len(content)) + content


def value(form, item):
    """One value of the metadata: `form` is a letter of `struct`, "text", or ("array", form)."""
    if form == "text":
        return struct.pack("<I", 8) + text(item)
    if isinstance(form, tuple):
        kind = 8 if form[1] == "text" else SCALARS[form[1]]
        items = b"".join(text(one) if form[1] == "text" else struct.pack(f"<{form[1]}", one) for one in item)
        return struct.pack("<IIQ", 9, kind, len(item)) + items
    return struct.pack("<I", SCALARS[form]) + struct.pack(f"<{form}", item)


METADATA = (
    ("general.architecture", "text", "llama"),
    ("general.name", "text", "none"),
    ("llama.context_length", "I", 2_048),
    ("llama.rope.freq_base", "f", 10_000.0),
    ("tokenizer.ggml.add_bos_token", "?", True),
    ("tokenizer.ggml.tokens", ("array", "text"), ["a", "b", "c"]),
    ("tokenizer.ggml.scores", ("array", "f"), [0.0, 1.0, 2.0]),
)
# name, shape, type, bytes
TENSORS = (("token_embd.weight", (64, 3), 2, 108), ("output_norm.weight", (64,), 0, 256))


def build(*, version=3, metadata=METADATA, tensors=TENSORS, counts=None, alignment=32, magic=b"GGUF"):
    """Return the bytes of a file. A tensor may bring its own offset as a fifth item."""
    made = magic + struct.pack("<I", version)
    made += struct.pack("<QQ", *(counts or (len(tensors), len(metadata))))
    for name, form, item in metadata:
        made += text(name) + value(form, item)
    data = b""
    for name, shape, kind, size, *offset in tensors:
        at = offset[0] if offset else len(data)
        made += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, at)
        data += b"\1" * size + b"\0" * (-size % alignment)
    return made + b"\0" * (-len(made) % alignment) + data
