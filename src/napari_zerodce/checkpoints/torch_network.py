"""How weights become a network of torch: one that estimates curves, or a translator."""

from __future__ import annotations

import torch

from napari_zerodce.checkpoints.infer_design import BATCH_COUNT
from napari_zerodce.checkpoints.info import CheckpointInfo
from napari_zerodce.checkpoints.read import CheckpointContent, Weights
from napari_zerodce.core.networks import CurveNetwork, make_network
from napari_zerodce.core.translators.generators import Generator, make_generator


def network_of(content: CheckpointContent) -> CurveNetwork | Generator:
    """Return a network with a copy of the weights of a checkpoint.

    Parameters
    ----------
    content : CheckpointContent

    Returns
    -------
    CurveNetwork or Generator
        In evaluation mode, float32, on the CPU, without gradients.
    """
    # On "meta" nothing is initialised, so no random numbers are drawn from the user's generator.
    with torch.device("meta"):
        network = _empty_network(content.info)
    tensors = {name: torch.from_numpy(numbers.copy()) for name, numbers in content.weights.items()}
    counts = (name for name in network.state_dict() if name.endswith(BATCH_COUNT))
    network.load_state_dict(tensors | {name: torch.tensor(0) for name in counts}, assign=True)
    return network.eval().requires_grad_(requires_grad=False)


def weights_of(network: CurveNetwork | Generator) -> Weights:
    """Return the present weights of a network by their names in the state dict.

    Parameters
    ----------
    network : CurveNetwork or Generator
        On any device.
    """
    return {
        name: weights.detach().float().cpu().numpy()
        for name, weights in network.state_dict().items()
        if not name.endswith(BATCH_COUNT)
    }


def _empty_network(info: CheckpointInfo) -> CurveNetwork | Generator:
    if info.design is not None:
        return make_generator(info.design)
    return make_network(info.curve_architecture, info.scale_factor)
