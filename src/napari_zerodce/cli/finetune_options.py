"""What can be typed after ``napari-zerodce finetune``."""

from __future__ import annotations

from argparse import Namespace, RawDescriptionHelpFormatter
from typing import Any

from napari_zerodce.core.architectures import ARCHITECTURES

_EXAMPLES = """\
examples:
  napari-zerodce finetune photos/ --output run
  napari-zerodce finetune *.tif --output run --preset fluorescence --window percentile:0.1,99.9
  napari-zerodce finetune photos/ --output run --minutes 5 --exposure-target 0.5
  napari-zerodce finetune photos/ --output run --smoothness-order 1:0.5,2:0.5
  napari-zerodce finetune --resume run

No references and no pairs are needed. The run's folder holds checkpoints from which 'enhance
--checkpoint run/best.safetensors' goes on; Ctrl-C stops after the present step and saves.
"""


def add_finetune(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "finetune",
        help="fine-tune a checkpoint on your own images",
        description="Fine-tune a checkpoint on images of your own, or continue a run.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="*", metavar="INPUT", help="dark images, or folders of them")
    add("--output", metavar="RUN", help="the run's folder: a new or an empty one")
    add("--resume", metavar="RUN", help="continue the run of this folder, with its own settings")
    add("--device", help="auto, cpu, cuda, cuda:N or mps (default: auto, or the run's)")
    _add_run(parser.add_argument_group("run"))
    _add_training(parser.add_argument_group("training (defaults: the preset's)"))
    _add_losses(parser.add_argument_group("losses (defaults: the published code's)"))
    parser.set_defaults(command=_finetune)


def _add_run(group: Any) -> None:
    add = group.add_argument
    add(
        "--checkpoint",
        metavar="NAME|FILE",
        help="weights to begin with: a name that 'napari-zerodce info' lists, or a file "
        "(default: zero-dce-pp)",
    )
    add(
        "--from-scratch",
        choices=tuple(ARCHITECTURES),
        help="begin with random weights of this network instead",
    )
    add(
        "--preset",
        choices=("photo", "fluorescence", "published"),
        help="settings for a kind of image (default: photo)",
    )
    add("--steps", type=int, metavar="N", help="how many steps (default: 500)")
    add("--minutes", type=float, metavar="X", help="about how long it may take, instead of steps")
    add("--seed", type=int, metavar="N", help="of all chance: the same gives the same (default: 0)")
    add(
        "--window",
        metavar="WINDOW",
        help="intensities taken as black and white, as for 'enhance' (default: auto)",
    )


def _add_training(group: Any) -> None:
    add = group.add_argument
    add("--crop", type=int, metavar="PIXELS", help="side of the crops")
    add("--crops", type=int, metavar="N", help="how many crops are trained on (default: 128)")
    add("--batch", type=int, metavar="N", help="crops a step")
    add("--learning-rate", type=float, metavar="X", help="of Adam, at the beginning")
    add(
        "--exposure-stops",
        metavar="LOW,HIGH",
        help="make half of the crops darker or brighter by stops from this range; 0,0: none",
    )
    add("--precision", choices=("auto", "float32", "bfloat16"), help="of the network")


def _add_losses(group: Any) -> None:
    add = group.add_argument
    add("--exposure-target", type=float, metavar="E", help="brightness to reach, 0 to 1")
    add(
        "--keep-background",
        action="store_true",
        default=None,
        help="let dark patches stay as they are (the preset fluorescence does)",
    )
    for name, default in (("spatial", "1"), ("exposure", "10"), ("colour", "5")):
        add(f"--{name}-weight", type=float, metavar="X", help=f"default: {default}")
    add(
        "--smoothness-weight",
        type=float,
        metavar="X",
        help="default: 200, or 1600 for Zero-DCE++",
    )
    add(
        "--smoothness-order",
        metavar="K",
        help="derivatives of the curve maps that count: 1 (as published), 2, 3, or a mixture such "
        "as 1:0.5,2:0.5. From 2 on, slow changes of the light are free",
    )
    add(
        "--smoothness-normalisation",
        choices=("period", "noise"),
        help="of orders 2 and 3: as strong as order 1 on waves of a period (default), or on noise",
    )
    add(
        "--smoothness-period",
        type=float,
        metavar="PIXELS",
        help="that period, in pixels of the curve maps (default: 16)",
    )
    add(
        "--smoothness-penalty",
        choices=("squared", "charbonnier"),
        help="charbonnier lets maps have edges",
    )
    add(
        "--edge-aware",
        action="store_true",
        default=None,
        help="let maps change where the smoothed image has edges",
    )


def _finetune(options: Namespace) -> int:
    from napari_zerodce.cli.finetune import run

    return run(options)
