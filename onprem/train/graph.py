"""Writes a fine-tuned tagger as an ONNX graph in eight bits (see `onprem.train.fine_tune` for the weights' names).

Weights are symmetric, one scale for each output, and use seven of the eight bits: processors without VNNI add pairs of
products in 16 bits, which would overflow otherwise (onnxruntime's advice on quantisation). Activations are quantised as they
come (DynamicQuantizeMatMul); norms, attention and the last layer stay in single precision. The same weights give the same
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

_OPSET, _IR = 20, 9
_MICROSOFT = "com.microsoft"
_EPSILON = 1e-12
_SEVEN_BITS, _EIGHT_BITS = 63, 127

Weights = Mapping[str, npt.NDArray[np.float32]]


@dataclass
class _Graph:
    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], name: str, *, domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes))
        return name

    def table(self, name: str, rows: npt.NDArray[np.float32], index: str) -> str:
        """Rows of an eight-bit table, each with a scale of its own."""
        scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9) / _EIGHT_BITS
        small = np.round(rows / scale).astype(np.int8)
        found = self.node("Gather", (self.constant(f"{name}.table", small), index), f"{name}.rows")
        scales = self.node(
            "Gather", (self.constant(f"{name}.scale", scale.astype(np.float32)), index), f"{name}.scales"
        )
        wide = self.node("Cast", (found,), f"{name}.wide", to=TensorProto.FLOAT)
        return self.node("Mul", (wide, scales), name)

    def linear(self, name: str, weights: Weights, inputs: str) -> str:
        """A layer in eight bits: weights of shape (outputs, inputs) as PyTorch keeps them."""
        weight = weights[f"{name}.weight"].T
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-9) / _SEVEN_BITS
        given = (
            inputs,
            self.constant(f"{name}.weight", np.round(weight / scale).astype(np.int8)),
            self.constant(f"{name}.scale", scale.astype(np.float32)),
            self.constant(f"{name}.zero", np.zeros(len(scale), dtype=np.int8)),
            self.constant(f"{name}.bias", weights[f"{name}.bias"]),
        )
        return self.node("DynamicQuantizeMatMul", given, name, domain=_MICROSOFT)

    def norm(self, name: str, weights: Weights, inputs: str) -> str:
        given = (
            inputs,
            self.constant(f"{name}.weight", weights[f"{name}.weight"]),
            self.constant(f"{name}.bias", weights[f"{name}.bias"]),
        )
        return self.node("LayerNormalization", given, name, axis=-1, epsilon=_EPSILON)


def graph_of(weights: Weights, *, heads: int) -> ModelProto:
    """Return the graph: inputs `pieces` and `forms` (1, n), output `logits` (1, n, tags)."""
    graph = _Graph()
    words = graph.table("words", weights["words.weight"], "pieces")
    forms = graph.node("Gather", (graph.constant("forms.table", weights["forms.weight"]), "forms"), "forms.rows")
    length = graph.node("Shape", ("pieces",), "length", start=1, end=2)
    zero = graph.constant("zero", np.zeros(1, dtype=np.int64))
    positions = graph.node(
        "Slice", (graph.constant("positions.table", weights["positions"]), zero, length, zero), "positions.rows"
    )
    hidden = graph.norm(
        "norm",
        weights,
        graph.node("Add", (graph.node("Add", (words, forms), "with_forms"), positions), "with_positions"),
    )
    layers = len({name.split(".")[1] for name in weights if name.startswith("layers.")})
    for index in range(layers):
        hidden = _layer(graph, weights, f"layers.{index}", hidden, heads=heads)
    last = (hidden, graph.constant("out.weight", weights["out.weight"].T))
    graph.node("Add", (graph.node("MatMul", last, "out"), graph.constant("out.bias", weights["out.bias"])), "logits")
    tags = len(weights["out.bias"])
    made = helper.make_graph(
        graph.nodes,
        "tagger",
        [helper.make_tensor_value_info(name, TensorProto.INT64, (1, "n")) for name in ("pieces", "forms")],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, "n", tags))],
        graph.constants,
    )
    sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    model = helper.make_model(made, opset_imports=sets, ir_version=_IR, producer_name="onprem")
    checker.check_model(model)
    return model


def _layer(graph: _Graph, weights: Weights, name: str, hidden: str, *, heads: int) -> str:
    parts = tuple(graph.linear(f"{name}.{part}", weights, hidden) for part in ("query", "key", "value"))
    heard = graph.node("MultiHeadAttention", parts, f"{name}.heads", domain=_MICROSOFT, num_heads=heads)
    attended = graph.linear(f"{name}.attended", weights, heard)
    hidden = graph.norm(f"{name}.norm", weights, graph.node("Add", (hidden, attended), f"{name}.added"))
    inner = graph.node("Gelu", (graph.linear(f"{name}.inner", weights, hidden),), f"{name}.gelu")
    outer = graph.linear(f"{name}.outer", weights, inner)
    return graph.norm(f"{name}.last_norm", weights, graph.node("Add", (hidden, outer), f"{name}.outer_added"))
