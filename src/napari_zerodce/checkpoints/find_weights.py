"""The tensors of the network in a file, found among those of other networks and of averages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np

from napari_zerodce.checkpoints.defects import Defect, listed, shown
from napari_zerodce.checkpoints.formats.stored_tensor import WEIGHT_FORMATS, StoredTensor
from napari_zerodce.checkpoints.infer_design import BATCH_COUNT, begins_generator, design_of
from napari_zerodce.checkpoints.other_networks import other_network
from napari_zerodce.core.architectures import ARCHITECTURES, Shapes

Tensors = Mapping[str, StoredTensor]

_KNOWN_NAMES: Final = frozenset(name for each in ARCHITECTURES.values() for name in each.shapes)

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
        If there are several networks that could be used.
    """
    networks = [each for place, tensors in groups for each in _networks(place, tensors)]
    usable = _different([each for each in networks if _is_complete(shapes_of(each[1]))])
    if len(usable) > 1:
        names = listed([shown(place) or "the outer one" for place, _ in usable])
        raise Defect(
            f"holds {len(usable)} networks that can be used ({names}); save the state_dict of the "
            "one that you want in a file of its own"
        )
    best = max((tensors for _, tensors in usable or networks), key=_rank, default={})
    return best if likeness(best) else _named_as_another_network(best)


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
    """Return the networks of a group, each of which may be an attribute of something larger."""
    prefixes = sorted(_prefixes(tensors), key=len, reverse=True)
    parts: dict[str, dict[str, StoredTensor]] = {}
    for name, tensor in tensors.items():
        prefix = next((each for each in prefixes if name.startswith(each)), "")
        parts.setdefault(prefix, {})[name.removeprefix(prefix)] = tensor
    return [
        (".".join(filter(None, (place, prefix.rstrip("."), owner))), each)
        for prefix, part in parts.items()
        for owner, each in _owned(part)
    ]


def _prefixes(tensors: Tensors) -> set[str]:
    """Return what stands before the names of curve networks and before generators' first layers."""
    found = set()
    for name, tensor in tensors.items():
        parts = name.split(".")
        for start in range(len(parts)):
            inside = ".".join(parts[start:])
            if inside in _KNOWN_NAMES or begins_generator(inside, tensor.shape):
                found.add(name.removesuffix(inside))
    return found


def _owned(tensors: Tensors) -> Iterator[tuple[str, Tensors]]:
    """Yield the networks that are told apart by what is before "model", as netD.model.1.bias."""
    found: dict[str, dict[str, StoredTensor]] = {}
    for name, tensor in without_prefixes(tensors).items():
        owner, is_part, inside = f".{name}".partition(".model.")
        bare = f"model.{inside}" if is_part else name
        found.setdefault(owner.lstrip(".") if is_part else "", {})[bare] = tensor
    yield from found.items()


def _named_as_another_network(tensors: Tensors) -> Tensors:
    """Return tensors without common prefixes if they are then a network that is known to others."""
    bare: Tensors = tensors
    while not other_network(shapes_of(bare)):
        first = next(iter(bare), "").partition(".")[0] + "."
        if not all(name.startswith(first) for name in bare) or not bare:
            return tensors
        bare = {name.removeprefix(first): tensor for name, tensor in bare.items()}
    return bare


def _is_complete(shapes: Shapes) -> bool:
    """Return whether a network has all its tensors, whatever else is beside them."""
    design = design_of(shapes)
    needed = [each.shapes for each in ARCHITECTURES.values()] if design is None else [design.shapes]
    return any(
        all(shapes.get(name) == shape or name.endswith(BATCH_COUNT) for name, shape in each.items())
        for each in needed
    )


def _different(networks: list[tuple[str, Tensors]]) -> list[tuple[str, Tensors]]:
    """Return networks without those that have the same weights as an earlier one."""
    kept: list[tuple[str, Tensors]] = []
    for place, tensors in networks:
        if not any(_are_same(tensors, other) for _, other in kept):
            kept.append((place, tensors))
    return kept


def _are_same(one: Tensors, other: Tensors) -> bool:
    return shapes_of(one) == shapes_of(other) and all(
        np.array_equal(tensor.read(), other[name].read())
        for name, tensor in one.items()
        if tensor.number_format in WEIGHT_FORMATS
    )


def _rank(tensors: Tensors) -> tuple[int, bool]:
    """Return what a larger number of makes tensors more similar to a network, or to a known one."""
    return likeness(tensors), other_network(shapes_of(tensors)) is not None
