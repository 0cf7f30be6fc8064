"""The network that a set of tensors belongs to, recognised by their names and shapes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, listed, shown
from napari_zerodce.checkpoints.file_bytes import LARGEST_FILE
from napari_zerodce.checkpoints.find_weights import likeness, shapes_of
from napari_zerodce.checkpoints.formats.stored_tensor import WEIGHT_FORMATS, StoredTensor
from napari_zerodce.checkpoints.infer_design import BATCH_COUNT, design_of
from napari_zerodce.checkpoints.other_networks import other_network
from napari_zerodce.core.architectures import ARCHITECTURES, Shapes
from napari_zerodce.core.network_kinds import NetworkKind
from napari_zerodce.core.translators.design import GeneratorDesign

_STATISTICS: Final = (".running_mean", ".running_var")

_EXPECTED: Final = {name: traits.shapes for name, traits in ARCHITECTURES.items()}

_MOST_PROBLEMS: Final = 2
_LONGEST_LIST: Final = 130
"""So that a sentence stays one that people read: kinds of problems, and characters of each."""

_MOST_PARAMETERS: Final = LARGEST_FILE // 4
"""As float32. A small file can claim many, if it is compressed."""


@dataclass(frozen=True)
class Recognised:
    """A network and its tensors.

    Attributes
    ----------
    kind : NetworkKind
    tensors : Mapping of str to StoredTensor
        Without those that change nothing.
    parameters : int
        Number of weights.
    design : GeneratorDesign, optional
        Of a translator.
    """

    kind: NetworkKind
    tensors: Mapping[str, StoredTensor]
    parameters: int
    design: GeneratorDesign | None = None


def recognise(tensors: Mapping[str, StoredTensor]) -> Recognised:
    """Return the network that has exactly these tensors.

    Raises
    ------
    Defect
        If there is no such network. The message compares the tensors with those of the most
        similar network: missing, additional and misshapen ones, and wrong number formats.
    """
    if not tensors:
        raise Defect(
            "holds no weights; expected a state_dict, as torch.save(network.state_dict()) writes it"
        )
    shapes = shapes_of(tensors)
    if words := other_network(shapes):
        raise Defect(words)
    if design := design_of(shapes):
        return _translator(tensors, design)
    if not likeness(tensors):
        names = listed([shown(name) for name in tensors], most=2)
        raise Defect(
            f"holds an unknown network, whose tensors are {names}; "
            "choose weights of Zero-DCE, Zero-DCE++, pix2pix, CycleGAN or CUT"
        )
    architecture = max(_EXPECTED, key=lambda name: len(tensors.keys() & _EXPECTED[name].keys()))
    traits = ARCHITECTURES[architecture]
    _check(tensors, _EXPECTED[architecture], traits.title)
    return Recognised(architecture, tensors, traits.parameters)


def _translator(tensors: Mapping[str, StoredTensor], design: GeneratorDesign) -> Recognised:
    # Until PyTorch 0.4, instance normalisation saved statistics that it never used.
    unused = (BATCH_COUNT, *(_STATISTICS if design.norm == "instance" else ()))
    used = {name: tensor for name, tensor in tensors.items() if not name.endswith(unused)}
    expected = {n: shape for n, shape in design.shapes.items() if not n.endswith(BATCH_COUNT)}
    _check(used, expected, design.title)
    if design.parameters > _MOST_PARAMETERS:
        raise Defect(
            f"has {design.parameters:,} weights, but at most {_MOST_PARAMETERS:,} can be used; "
            "train a smaller network"
        )
    return Recognised(design.method, used, design.parameters, design)


def _check(tensors: Mapping[str, StoredTensor], expected: Shapes, title: str) -> None:
    if problems := _problems(tensors, expected):
        raise Defect(
            f"does not fit {title}: {'; '.join(problems[:_MOST_PROBLEMS])}; "
            "choose the complete weights of one network"
        )


def _problems(tensors: Mapping[str, StoredTensor], expected: Shapes) -> list[str]:
    missing = [name for name in expected if name not in tensors]
    extra = [shown(name) for name in tensors if name not in expected]
    misshapen = [
        f"{name} is {_product(tensors[name].shape)} instead of {_product(shape)}"
        for name, shape in expected.items()
        if name in tensors and tensors[name].shape != shape
    ]
    not_floating = [
        f"{name} holds {shown(tensors[name].number_format)} instead of float32 numbers"
        for name in expected
        if name in tensors and tensors[name].number_format not in WEIGHT_FORMATS
    ]
    problems = []
    if missing:
        problems.append(f"{_some(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    if extra:
        problems.append(f"{_some(extra)} {'is' if len(extra) == 1 else 'are'} not part of it")
    problems.extend(_some(found) for found in (misshapen, not_floating) if found)
    return problems


def _some(names: list[str]) -> str:
    """Return the first few of the names; those deep in a U-Net are long."""
    lengths = accumulate(map(len, names[:3]))
    return listed(names, most=max(1, sum(length <= _LONGEST_LIST for length in lengths)))


def _product(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape[:6])) if shape else "a single number"
