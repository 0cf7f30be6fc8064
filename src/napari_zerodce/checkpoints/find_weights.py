"""The tensors of the network in a file, found among those of other networks and of averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from napari_zerodce.checkpoints.defects import Defect, listed, shown
from napari_zerodce.checkpoints.formats.stored_tensor import StoredTensor
from napari_zerodce.checkpoints.infer_design import design_of
from napari_zerodce.checkpoints.other_networks import other_network
from napari_zerodce.core.architectures import ARCHITECTURES, Shapes

Tensors = Mapping[str, StoredTensor]

_PREFIXES: Final = ("_orig_mod.", "module.", "_orig_mod.")
"""The prefixes that `torch.compile` and `nn.DataParallel` add to every name, in either order."""


def weights_in(groups: Iterable[tuple[str, Tensors]]) -> Tensors:
    """Return the tensors that are most similar to a network, under their names in it alone.

    Parameters
    ----------
    groups : iterable of (str, dict)
        As in `TensorFile`.

    Raises
    ------
    Defect
        If there are several translators.
    """
    networks = [each for place, tensors in groups for each in _networks(place, tensors)]
    generators = [shown(p) or "the outer one" for p, each in networks if design_of(shapes_of(each))]
    if len(generators) > 1:
        raise Defect(
            f"holds {len(generators)} translators ({listed(generators)}); save the state_dict of "
            "the one that you want in a file of its own"
        )
    return max((tensors for _, tensors in networks), key=_rank, default={})


def shapes_of(tensors: Tensors) -> Shapes:
    """Return names and shapes of tensors."""
    return {name: tensor.shape for name, tensor in tensors.items()}


def without_prefixes(tensors: Tensors) -> dict[str, StoredTensor]:
    """Return tensors under the names that they have in a bare network."""
    bare = dict(tensors)
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in bare):
            bare = {name.removeprefix(prefix): tensor for name, tensor in bare.items()}
    return bare


def likeness(tensors: Tensors) -> int:
    """Return how many of the names belong to the most similar network."""
    if design := design_of(shapes_of(tensors)):
        return len(tensors.keys() & design.shapes.keys())
    return max(len(tensors.keys() & each.shapes.keys()) for each in ARCHITECTURES.values())


def _networks(place: str, tensors: Tensors) -> list[tuple[str, Tensors]]:
    """Return the networks of a group, which may be parts of another: netG.model.1.bias."""
    found: dict[str, dict[str, StoredTensor]] = {}
    for name, tensor in without_prefixes(tensors).items():
        owner, is_part, inside = f".{name}".partition(".model.")
        bare = f"model.{inside}" if is_part else name
        found.setdefault(owner if is_part else "", {})[bare] = tensor
    return [(f"{place}{owner}".lstrip("."), each) for owner, each in found.items()]


def _rank(tensors: Tensors) -> tuple[int, bool]:
    """Return what a larger number of makes tensors more similar to a network, or to a known one."""
    return likeness(tensors), other_network(shapes_of(tensors)) is not None
