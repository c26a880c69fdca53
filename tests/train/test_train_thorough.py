"""The encoder's learning and its graph, on a small encoder made here (PyTorch and ONNX are needed to train only)."""

import json

import numpy as np
import pytest

REASON = "needed only to train the thorough tier, see docs/detectors-ner.md"
torch = pytest.importorskip("torch", reason=REASON)
pytest.importorskip("onnx", reason=REASON)

from onprem.detect.ner_encoder import Encoder  # noqa: E402 - only where PyTorch is installed
from onprem.detect.ner_network import softmax  # noqa: E402
from onprem.detect.ner_wordpiece import WordPieces  # noqa: E402
from onprem.errors import UsageError  # noqa: E402
from onprem.progress import Silent  # noqa: E402
from onprem.train.fine_tune import Recipe, Tagger, fine_tune, read_base, samples_of  # noqa: E402
from onprem.train.graph import graph_of  # noqa: E402

WIDTH, INNER, TAGS = 64, 128, 3
NAMES = ["[PAD]", "[unused1]", "[unused2]", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "seen", "by", "lee", "may", "房"]


def write_encoder(folder):
    random = np.random.Generator(np.random.PCG64(0))
    tensors = {
        "embeddings.word_embeddings.weight": (len(NAMES), WIDTH),
        "embeddings.position_embeddings.weight": (512, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in ("encoder.layer.0", "encoder.layer.1"):
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            tensors[f"{layer}.attention.{part}.weight"] = (WIDTH, WIDTH)
            tensors[f"{layer}.attention.{part}.bias"] = (WIDTH,)
        tensors[f"{layer}.intermediate.dense.weight"], tensors[f"{layer}.intermediate.dense.bias"] = (
            (INNER, WIDTH),
            (INNER,),
        )
        tensors[f"{layer}.output.dense.weight"], tensors[f"{layer}.output.dense.bias"] = (WIDTH, INNER), (WIDTH,)
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            tensors[f"{layer}.{norm}.weight"] = tensors[f"{layer}.{norm}.bias"] = (WIDTH,)
    header, content = {}, b""
    for name, shape in tensors.items():
        values = random.normal(0, 0.1, shape).astype("<f4")
        if name.endswith("LayerNorm.weight"):
            values += 1
        start = len(content)
        content += values.tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(content)]}
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head + content)
    vocabulary = {name: place for place, name in enumerate(NAMES)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    return folder


def learnt(folder, *, seed=0):
    base = read_base(folder)
    pieces = WordPieces(base.names)
    random = np.random.Generator(np.random.PCG64(1))
    samples = []
    for _ in range(200):
        words = [["seen", "by", "Lee"], ["by", "may", "seen"], ["Lee", "seen"]][int(random.integers(3))]
        tags = [1 if word == "Lee" else 0 for word in words]
        samples += samples_of(pieces.lay(words, np.zeros(len(words), dtype=np.int8)), tags, random)
    recipe = Recipe(rate=3e-3, batch_pieces=64, passes=4, seed=seed)
    return base, pieces, fine_tune(base, samples, TAGS, recipe, progress=Silent())


def test_pieces_of_other_scripts_are_left_out_and_breaks_have_one(tmp_path):
    base = read_base(write_encoder(tmp_path))
    assert "房" not in base.names and {"[BREAK]", "[BLANK]", "lee"} <= set(base.names)
    assert base.layers == 2 and base.width == WIDTH


def test_a_folder_without_an_encoder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="encoder's files"):
        read_base(tmp_path)


def test_it_learns_and_the_graph_in_eight_bits_says_what_pytorch_says(tmp_path):
    torch.set_num_threads(1)
    base, pieces, weights = learnt(write_encoder(tmp_path))
    encoder = Encoder(graph_of(weights, heads=WIDTH // 32).SerializeToString(), pieces)
    shown = pieces.lay(["seen", "by", "Lee"], np.zeros(3, dtype=np.int8))
    found = encoder.probabilities(shown)
    assert found.argmax(axis=1).tolist() == [0, 0, 1]
    tagger = Tagger(base, TAGS)
    tagger.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    tagger.eval()
    ids = torch.tensor([[pieces.start, *shown.pieces.tolist(), pieces.end]])
    forms = torch.tensor([[0, *shown.forms.tolist(), 0]])
    with torch.no_grad():
        logits = tagger(ids, forms, torch.ones_like(ids, dtype=torch.bool))[0].numpy()
    assert np.abs(found - softmax(logits[1:-1])).max() < 0.05


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    torch.set_num_threads(1)
    folder = write_encoder(tmp_path)
    first, second = (graph_of(learnt(folder)[2], heads=2).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second
