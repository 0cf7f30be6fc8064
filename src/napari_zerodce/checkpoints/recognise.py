"""The network that a set of tensors belongs to, recognised by their names and shapes alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from napari_zerodce.checkpoints.defects import Defect, listed, shown
from napari_zerodce.checkpoints.formats.stored_tensor import WEIGHT_FORMATS, StoredTensor
from napari_zerodce.checkpoints.infer_design import design_of
from napari_zerodce.core.architectures import ARCHITECTURES, Shapes
from napari_zerodce.core.network_kinds import NetworkKind
from napari_zerodce.core.translators.design import GeneratorDesign

T = TypeVar("T")

BATCH_COUNT: Final = ".num_batches_tracked"
"""Ends the names of the counts of batches in a batch normalisation, which change nothing."""

_STATISTICS: Final = (".running_mean", ".running_var")

_EXPECTED: Final = {name: traits.shapes for name, traits in ARCHITECTURES.items()}

_PREFIXES: Final = ("_orig_mod.", "module.", "_orig_mod.")
"""The prefixes that `torch.compile` and `nn.DataParallel` add to every name, in either order."""


def most_likely(groups: Iterable[Mapping[str, T]]) -> dict[str, T]:
    """Return the tensors of the group that is most similar to a network, under their bare names."""
    return max(map(without_prefixes, groups), key=likeness, default={})


def without_prefixes(tensors: Mapping[str, T]) -> dict[str, T]:
    """Return tensors under the names that they have in a bare network."""
    bare = dict(tensors)
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in bare):
            bare = {name.removeprefix(prefix): tensor for name, tensor in bare.items()}
    return bare


def likeness(names: Mapping[str, object]) -> int:
    """Return how many of the names belong to the most similar architecture."""
    return max(len(names.keys() & expected.keys()) for expected in _EXPECTED.values())


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
    if design := design_of({name: tensor.shape for name, tensor in tensors.items()}):
        return _translator(tensors, design)
    if not likeness(tensors):
        raise Defect(
            "is not a Zero-DCE checkpoint: it holds "
            f"{listed([shown(name) for name in tensors], most=2)}, "
            "and the tensors of Zero-DCE are named e_conv1 to e_conv7; choose another file"
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
    return Recognised(design.method, used, design.parameters, design)


def _check(tensors: Mapping[str, StoredTensor], expected: Shapes, title: str) -> None:
    if problems := _problems(tensors, expected):
        raise Defect(
            f"does not fit {title}: {'; '.join(problems)}; "
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
        problems.append(f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    if extra:
        problems.append(f"{listed(extra)} {'is' if len(extra) == 1 else 'are'} not part of it")
    problems.extend(listed(found, most=2) for found in (misshapen, not_floating) if found)
    return problems


def _product(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape[:6])) if shape else "a single number"
