"""The gradients agree with finite differences, and learning agrees with search."""

import numpy as np

from onprem.detect.ner_features import feature_table
from onprem.detect.ner_network import Network, Shape, softmax
from onprem.detect.ner_pieces import Pieces
from onprem.train.network import Adam, Batch, initial, learn

PIECES = Pieces(("le", "##e", "seen"), np.array([[9, -20], [100, 3], [-5, 60]], dtype=np.int8), np.full(2, 0.01))
SHAPE = Shape(
    ("O", "B-NAME", "I-NAME"),
    width=6,
    features=4,
    pieces=2,
    rows=(31, 11, 13, 7, 17, 5),
    dilations=(1, 2),
    given=PIECES.columns,
)
WORDS = ["Seen", "by", "Dr", ".", "Lee", "today"]


def make_batch() -> Batch:
    gap = SHAPE.reach
    words = np.array([-1] * gap + [0, 1, 2, 3, 4, 5] + [-1] * gap + [4, 5, 4] + [-1] * gap)
    tags = np.array([0] * gap + [0, 0, 0, 0, 1, 0] + [0] * gap + [1, 0, 2] + [0] * gap)
    spacing = np.zeros(len(words), dtype=np.int8)
    spacing[gap + 3] = 1
    features = feature_table(WORDS, frozenset({"seen"}))
    return Batch(features, PIECES.vectors(WORDS), words, spacing, tags, (words >= 0).astype(np.float32))


def test_gradients_agree_with_finite_differences():
    random = np.random.default_rng(3)
    parameters = initial(SHAPE, random)
    parameters = {name: value + random.normal(0, 0.3, value.shape) for name, value in parameters.items()}
    _, gradients = learn(parameters, SHAPE, make_batch(), dropout=0.0, generator=random)
    step = 1e-3
    for name, value in parameters.items():
        places = np.argsort(-np.abs(gradients[name]).ravel())[:3]
        for place in places:
            before = value.ravel()[place]
            value.ravel()[place] = before + step
            above, _ = learn(parameters, SHAPE, make_batch(), dropout=0.0, generator=random)
            value.ravel()[place] = before - step
            below, _ = learn(parameters, SHAPE, make_batch(), dropout=0.0, generator=random)
            value.ravel()[place] = before
            assert abs((above - below) / (2 * step) - gradients[name].ravel()[place]) < 2e-3, name


def test_learning_lowers_the_loss_and_search_sees_what_was_learnt():
    random = np.random.default_rng(5)
    parameters = initial(SHAPE, random)
    optimiser = Adam(parameters, decay=0.5)
    first, _ = learn(parameters, SHAPE, make_batch(), dropout=0.0, generator=random)
    for _ in range(80):
        loss, gradients = learn(parameters, SHAPE, make_batch(), dropout=0.0, generator=random)
        optimiser.step(gradients, rate=0.02)
    assert loss < first / 5
    network = Network(SHAPE, optimiser.averaged(), frozenset({"seen"}), PIECES)
    spacing = np.array([0, 0, 0, 1, 0, 0], dtype=np.int8)
    found = network.probabilities([(WORDS, spacing), (["Lee", "today", "Lee"], np.zeros(3, dtype=np.int8))])
    assert found[0].argmax(axis=1).tolist() == [0, 0, 0, 0, 1, 0]
    assert found[1].argmax(axis=1).tolist() == [1, 0, 2]


def test_softmax_rows_sum_to_one():
    assert np.allclose(softmax(np.array([[1000.0, 0.0], [3.0, 3.0]], dtype=np.float32)).sum(axis=1), 1.0)
