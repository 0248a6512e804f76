"""Runs of Llama layers as ONNX graphs for writing: LoRA merged, weights in 8 bits, a key-value cache. No torch.

Products are com.microsoft MatMulNBits with blocks of 32 weights and their inputs rounded to 8 bits block by block: the outliers
that SmolLM2 has in the inputs of down_proj then spoil the scale of their own block only. Attention is GroupQueryAttention, which
turns queries and keys to their positions and writes into the cache in place (both: github.com/microsoft/onnxruntime,
docs/ContribOperators.md).

Shapes: B rows, T positions, D hidden size, L layers, H key-value heads, S positions of the cache, up to MAX_POSITIONS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray[Any, Any]
Weights = Callable[[int, str], Array]

GRAPH_VERSION = 3  # part of the cache's key
MAX_POSITIONS = 192
BLOCK = 32
MICROSOFT = "com.microsoft"


def quantise(weight: Array) -> tuple[Array, Array]:
    """(out, in) -> uint8 (out, in / 32, 32) around 128, and scales (out, in / 32): symmetric, a scale for each block."""
    blocks = weight.astype(np.float32).reshape(len(weight), -1, BLOCK)
    scale = np.maximum(np.abs(blocks).max(axis=-1), 1e-12) / 127
    return (np.rint(blocks / scale[..., None]) + 128).astype(np.uint8), scale


@dataclass
class GraphBuilder:
    """Collects nodes and initializers; each method adds a part and returns the name of its output."""

    config: dict[str, Any]  # config.json of the backbone
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: Array) -> str:
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def product(self, x: str, weight: Array, name: str) -> str:
        """x @ weight.T in 8 bits. weight: (out, in)"""
        quantised, scale = quantise(weight)
        inputs = [x, self.constant(f"{name}.q", quantised), self.constant(f"{name}.s", scale)]
        sizes = {"K": weight.shape[1], "N": weight.shape[0], "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", inputs, [name], MICROSOFT, **sizes)

    def norm(self, x: str, weight: Array, name: str) -> str:
        inputs = [x, self.constant(f"{name}.w", weight.astype(np.float32))]
        return self.node("SimplifiedLayerNormalization", inputs, [name], axis=-1, epsilon=self.config["rms_norm_eps"])

    def layer(self, x: str, index: int, weights: Weights) -> str:
        """One layer on the residual stream x (B, T, D)."""
        name, c = f"layer{index}", self.config
        heads, kv_heads = c["num_attention_heads"], c["num_key_value_heads"]
        h = self.norm(x, weights(index, "attention_norm"), f"{name}.norm1")
        qkv = self.product(h, np.concatenate([weights(index, part) for part in "qkv"]), f"{name}.qkv")
        past = [f"past_key{index}", f"past_value{index}"]
        attention = self.node(
            "GroupQueryAttention",
            [qkv, "", "", *past, "seqlens", "total", "cos", "sin"],
            [f"{name}.attention", f"key{index}", f"value{index}"],
            MICROSOFT,
            num_heads=heads,
            kv_num_heads=kv_heads,
            do_rotary=1,
        )
        x = self.node("Add", [x, self.product(attention, weights(index, "o"), f"{name}.o")], [f"{name}.x1"])
        h = self.norm(x, weights(index, "mlp_norm"), f"{name}.norm2")
        both = self.product(h, np.concatenate([weights(index, part) for part in ("gate", "up")]), f"{name}.gate_up")
        self.node("Split", [both], [f"{name}.gate", f"{name}.up"], axis=-1, num_outputs=2)
        self.node("QuickGelu", [f"{name}.gate"], [f"{name}.silu"], MICROSOFT, alpha=1.0)
        h = self.node("Mul", [f"{name}.silu", f"{name}.up"], [f"{name}.h"])
        return self.node("Add", [x, self.product(h, weights(index, "down"), f"{name}.down")], [f"{name}.x2"])

    def rotary(self) -> None:
        """The tables (MAX_POSITIONS, head_dim / 2) of the rotary positions."""
        half = self.config["head_dim"] // 2
        frequency = self.config["rope_theta"] ** (-np.arange(half) / half)
        angle = np.outer(np.arange(MAX_POSITIONS), frequency)
        self.constant("cos", np.cos(angle).astype(np.float32))
        self.constant("sin", np.sin(angle).astype(np.float32))

    def model(self, first: int, last: int, output: str, width: int, extra: tuple[str, ...] = ()) -> onnx.ModelProto:
        c = self.config
        cache = ["B", c["num_key_value_heads"], "S", c["head_dim"]]
        floats, ints = TensorProto.FLOAT, TensorProto.INT32
        value = helper.make_tensor_value_info
        layers = range(first, last)
        inputs = [
            value("x", floats, ["B", "T", c["hidden_size"]]),
            value("seqlens", ints, ["B"]),
            value("total", ints, []),
        ]
        inputs += [value(name, floats, ["B", 1, c["hidden_size"]]) for name in extra]
        inputs += [value(f"past_{part}{i}", floats, cache) for i in layers for part in ("key", "value")]
        outputs = [value(output, floats, ["B", "U", width])]
        outputs += [value(f"{part}{i}", floats, cache) for i in layers for part in ("key", "value")]
        graph = helper.make_graph(self.nodes, "deephypebot", inputs, outputs, self.initializers)
        opsets = [helper.make_opsetid("", 21), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def build_lower(config: dict[str, Any], split: int, weights: Weights) -> onnx.ModelProto:
    """Layers [0, split): x (B, T, D) -> h (B, T, D). weights: (layer, part) -> (out, in), or (D,) for norms."""
    graph, x = GraphBuilder(config), "x"
    graph.rotary()
    for index in range(split):
        x = graph.layer(x, index, weights)
    graph.node("Identity", [x], ["h"])
    return graph.model(0, split, "h", config["hidden_size"])


def build_upper(config: dict[str, Any], split: int, weights: Weights, norm: Array, rows: Array) -> onnx.ModelProto:
    """Layers from `split` on, the last norm (D,) and the output rows (V, D): x (B, T, D) -> logits (B, 1, V) of the last position.

    choice (B, 1, D) is added to the normed states before the rows are applied.
    """
    graph, x, last = GraphBuilder(config), "x", config["num_hidden_layers"]
    graph.rotary()
    for index in range(split, last):
        x = graph.layer(x, index, weights)
    bounds = [graph.constant(name, np.array([at])) for name, at in (("from", -1), ("to", 2**31 - 1), ("axis", 1))]
    x = graph.norm(graph.node("Slice", [x, *bounds], ["last"]), norm, "norm")
    x = graph.node("Add", [x, "choice"], ["chosen"])
    graph.node("Identity", [graph.product(x, rows, "head")], ["logits"])
    return graph.model(split, last, "logits", len(rows), ("choice",))
