"""Graphs of ONNX grow node by node, and hold each constant once."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from napari_zerodce.core.onnx_graph import OnnxGraph, without_subnormals


def test_a_graph_of_two_nodes_with_one_constant() -> None:
    graph = OnnxGraph()
    two, again = (graph.constant(2, np.float32) for _ in range(2))
    doubled = graph.add("Mul", "x", two)
    graph.add("Add", doubled, again, makes="y")
    content = graph.model("line", inputs={"x": ("n",)}, outputs={"y": ("n",)}, facts={"a": "ü"})
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.initializer) == 1
    assert [(each.key, each.value) for each in model.metadata_props] == [("a", "ü")]
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.array([1, -3], np.float32)})
    np.testing.assert_array_equal(y, [4, -4])


def test_subnormal_weights_become_0_and_others_stay() -> None:
    weights = np.array([1e-39, -1e-40, 1.2e-38, -0.5, 0], np.float32)
    expected = np.array([0, 0, 1.2e-38, -0.5, 0], np.float32)
    np.testing.assert_array_equal(without_subnormals(weights), expected)
