"""A graph of ONNX that grows node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

OPSET: Final = 17
"""The operators of 2022: later ones add nothing that is needed, and older programs lack them."""

_IR_VERSION: Final = 8  # that of ONNX 1.12, which brought the operators

Shape = Sequence[str | int]
"""Of a tensor: numbers, and names of sizes that the user of the model decides."""


class OnnxGraph:
    """A graph under construction: its nodes, and the constants that they use."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}

    @property
    def constants(self) -> int:
        """How many constants there are."""
        return len(self._constants)

    def add(
        self,
        operator: str,
        *inputs: str,
        makes: str | Sequence[str] = "",
        **attributes: Any,
    ) -> str:
        """Add a node.

        Parameters
        ----------
        operator : str
            Its name in ONNX, such as "Conv".
        *inputs : str
            Names of tensors.
        makes : str or sequence of str, optional
            Names of its outputs; by default one with a name of its own.
        **attributes
            As the operator has them.

        Returns
        -------
        str
            Name of the first output.
        """
        from onnx import helper

        name = makes or f"{operator.lower()}{len(self._nodes)}"
        outputs = [name] if isinstance(name, str) else list(name)
        self._nodes.append(helper.make_node(operator, list(inputs), outputs, **attributes))
        return outputs[0]

    def constant(self, values: Any, dtype: type[np.generic] = np.int64, *, name: str = "") -> str:
        """Add a constant, or find one of equal values, and return its name.

        Parameters
        ----------
        values : array-like
        dtype : type, optional
        name : str, optional
            For weights; one that is there already stays.
        """
        array = np.asarray(values, dtype)
        name = name or f"{array.dtype}_{'_'.join(map(str, array.flat))}_{array.ndim}"
        self._constants.setdefault(name, array)
        return name

    def weights(self, values: NDArray[np.float32], name: str) -> str:
        """Add weights, subnormal ones as 0, and return their name.

        Parameters
        ----------
        values : ndarray, float32
        name : str
            In the state dict.
        """
        return self.constant(without_subnormals(values), np.float32, name=name)

    def unit_image(self, image: str) -> str:
        """Return the name of an image in [0, 1]: values outside are its ends, and NaN is 0.

        Parameters
        ----------
        image : str
        """
        zero, one = (self.constant(end, np.float32) for end in (0, 1))
        clipped = self.add("Clip", image, zero, one)
        return self.add("Where", self._known(image), clipped, zero)

    def keep_missing(self, made: str, image: str, *, makes: str) -> None:
        """Put NaN into what was made of an image, where the image has it.

        Parameters
        ----------
        made, image : str
            Of the same number of channels, or the image has one.
        makes : str
            Name of the result.
        """
        self.add("Where", self._known(image), made, image, makes=makes)

    def _known(self, image: str) -> str:
        """Return where an image is not NaN, which equals nothing; OpenCV 4 has no `IsNaN`."""
        return self.add("Equal", image, image)

    def model(
        self,
        title: str,
        *,
        inputs: Mapping[str, Shape],
        outputs: Mapping[str, Shape],
        facts: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the model of this graph, ready to be written to a file.

        Parameters
        ----------
        title : str
        inputs, outputs : Mapping of str to sequence
            Names and shapes of float32 tensors.
        facts : Mapping of str to str, optional
            Metadata of the model.
        """
        from onnx import helper, numpy_helper

        constants = [numpy_helper.from_array(each, name) for name, each in self._constants.items()]
        graph = helper.make_graph(self._nodes, title, _typed(inputs), _typed(outputs), constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        model.producer_name, model.model_version = "napari-zerodce", 1
        helper.set_model_props(model, dict(facts or {}))
        return bytes(model.SerializeToString(deterministic=True))


def _typed(tensors: Mapping[str, Shape]) -> list[Any]:
    from onnx import TensorProto, helper

    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        for name, shape in tensors.items()
    ]


def without_subnormals(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return weights with 0 in place of subnormal ones, as `networks.forget_subnormal_weights`.

    Parameters
    ----------
    weights : ndarray, float32
    """
    smallest = np.finfo(np.float32).tiny
    return np.where(np.abs(weights) < smallest, np.float32(0), weights)
