"""``napari-zerodce compare``: checkpoints and classical baselines on images, as a report."""

from __future__ import annotations

import shlex
import time
import traceback
from argparse import Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_zerodce.checkpoints.registry import AUTOMATIC
from napari_zerodce.cli.command_settings import CommandSettings
from napari_zerodce.cli.engine_options import add_run_options, add_series_number
from napari_zerodce.cli.hidden_output import HiddenOutput
from napari_zerodce.cli.interruption import run_interruptibly
from napari_zerodce.cli.setting_options import add_options
from napari_zerodce.compare.candidates import BASELINE_NAMES
from napari_zerodce.counting import counted
from napari_zerodce.engine.look import DEFAULT_LOOK, Look
from napari_zerodce.errors import Cancelled, ZeroDCEError
from napari_zerodce.imaging.windows import in_words
from napari_zerodce.setting import NO_VALUE, fields_at, setting_fields
from napari_zerodce.stopping import ShouldStop, raise_if_stopped

if TYPE_CHECKING:
    from pathlib import Path

    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.cli.compare_plan import ComparisonPlan
    from napari_zerodce.compare.comparison import Comparison
    from napari_zerodce.compare.report.writer import ReportWriter
    from napari_zerodce.imaging.files.urls import Named

_EXAMPLES = """\
examples:
  napari-zerodce compare night.png --checkpoint zero-dce --checkpoint zero-dce-pp --output report
  napari-zerodce compare photos/ --checkpoint latest_net_G.pth --output report
  napari-zerodce compare low/ --reference high/ --output report
  napari-zerodce compare stack.tif --plane 12 --output report --baseline none

Open report/index.html. All pictures of an image have the same contrast limits; figures.csv and
figures.json have all figures. Brighter is not better: docs/compare.md says what the figures mean.
"""


def add_parser(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "compare",
        help="compare checkpoints and classical methods on images",
        description="Compare checkpoints and classical methods on images, and write a report: a "
        "page with pictures and tables.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IMAGE", help="An image file, or a folder of images.")
    add("--output", required=True, metavar="FOLDER", help="The folder of the report.")
    add(
        "--checkpoint",
        action="append",
        metavar="NAME|FILE",
        help="The weights of a candidate: auto, a name that 'napari-zerodce info' lists, or a "
        "file. Give the option several times for several candidates (default: auto).",
    )
    add(
        "--baseline",
        metavar="NAMES",
        default=",".join(BASELINE_NAMES),
        help="The classical methods: gamma, clahe, histogram and mean-std, with commas between "
        "them, or none. gamma=0.5 has this exponent, gamma alone one with which the mean becomes "
        "0.4. histogram and mean-std make the image like the reference (default: all four).",
    )
    add(
        "--reference",
        metavar="PATH",
        help="A well-exposed image of the same scene, or a folder where the image of the same name "
        "is: for SSIM, PSNR, histogram and mean-std.",
    )
    add(
        "--plane",
        metavar="N",
        help="The plane of stacks, counted from 0, such as 4, or 2,0 if two axes are before rows "
        "and columns (default: the middle one).",
    )
    add_run_options(add)
    add_series_number(add, others="A file with several needs it.")
    limit = f"{DEFAULT_LOOK.detail_gain_limit:g}; {NO_VALUE}: no limit"
    add_options(add, fields_at(DEFAULT_LOOK), defaults={"detail_gain_limit": limit})
    add(
        "--axes",
        metavar="LETTERS",
        help="A letter for each axis of the images, as for 'enhance'.",
    )
    add("--overwrite", action="store_true", help="Replace an earlier report.")
    # A comparison has several checkpoints, so those of the other commands have no option here.
    parser.set_defaults(command=compare_files, checkpoint_sha256=None)


def compare_files(options: Namespace) -> int:
    """Compare on the images of the command line, and return the exit code."""
    from napari_zerodce.cli.compare_plan import ComparisonPlan

    look = Look(**{name: getattr(options, name) for name in setting_fields(Look)})
    # Each candidate has a checkpoint of its own.
    settings = CommandSettings.of(
        Namespace(**{**vars(options), "checkpoint": AUTOMATIC}), look=look
    )
    plan = ComparisonPlan.of(options, settings)
    output = HiddenOutput(plan.place.target, overwrite=True)  # the place says what must stay
    return run_interruptibly(
        partial(_write_report, plan, output, shlex.join(["napari-zerodce", *options.words])),
        interrupted=lambda: f"interrupted: {plan.place.target} was not written",
        clean_up=output.discard,
    )


def _write_report(
    plan: ComparisonPlan, output: HiddenOutput, command: str, should_stop: ShouldStop
) -> int:
    from napari_zerodce.cli.bars import Bars
    from napari_zerodce.compare.report.tables import table_lines
    from napari_zerodce.compare.report.writer import PAGE, ReportWriter

    with Bars(len(plan.images)) as bars, output:
        report = ReportWriter(output.part)
        run = _Run(plan, output, report, bars, should_stop)
        for notice in plan.notices:
            bars.warn(f"note: {notice}")
        for image in plan.images:
            raise_if_stopped(should_stop)
            bars.begin_file(image.name)
            run.compare_or_tell(image)
            bars.end_file()
        with output.failures_told():
            report.write(command=command)
        folder = run.publish()
        for line in (*table_lines(report.means), str(folder / PAGE)):
            bars.print(line)
    return 1 if run.failures else 0


@dataclass(frozen=True)
class _Run:
    """The comparison on all images of a command, which may fail on some."""

    plan: ComparisonPlan
    output: HiddenOutput
    report: ReportWriter
    bars: Bars
    should_stop: ShouldStop
    failures: set[str] = field(default_factory=set)

    def compare_or_tell(self, image: Named) -> None:
        """Compare on an image, or say in the report and on stderr why it failed."""
        try:
            self._compare(image)
        except Cancelled:
            raise
        except ZeroDCEError as err:
            self._fail(image, str(err))
        except MemoryError:
            self._fail(image, "The image is too large for this machine's memory.")
        except Exception:  # noqa: BLE001  a bug in one image must not stop the others
            self._fail(image, "This is a bug in napari-zerodce; please report it.")
            self.bars.warn(traceback.format_exc())

    def publish(self) -> Path:
        """Move the report to its place, or beside what came there, and return its folder."""
        folder, problem = self.plan.place.now()
        self.output.publish(folder)
        if problem:
            self._tell(f"failed: {problem}")
        return folder

    def _compare(self, image: Named) -> None:
        from napari_zerodce.compare.run import compare

        started = time.perf_counter()
        self.bars.say("Reading")
        request, reference, notice = self.plan.read(image)
        if notice:
            self.bars.warn(f"note: {image}: {notice}")
        comparison = compare(
            request,
            self.plan.candidates_with(reference),
            reference=reference,
            report=self.bars.follow,
            should_stop=self.should_stop,
        )
        self.bars.say("Writing")
        self._add(image, comparison)
        seconds = time.perf_counter() - started
        self.bars.print(f"{image} ({', '.join(_facts(comparison))}, {seconds:.2f} s)")

    def _add(self, image: Named, comparison: Comparison) -> None:
        reference = self.plan.references.reference_of(image)
        with self.output.failures_told():
            self.report.add(str(image), comparison, reference_name=str(reference or ""))
        for notice in comparison.notices:
            self.bars.warn(f"note: {image}: {notice}")
        for each in comparison.compared:
            if each.problem:
                self._tell(f"failed: {each.title}: {each.problem}")

    def _fail(self, image: Named, problem: str) -> None:
        self.report.add_problem(str(image), problem)
        self._tell(f"failed: {image}: {problem}")

    def _tell(self, failure: str) -> None:
        """Write a failure, but not again: a candidate may fail on each image."""
        if failure not in self.failures:
            self.failures.add(failure)
            self.bars.warn(failure)


def _facts(comparison: Comparison) -> list[str]:
    facts = [f"window {in_words([comparison.source.window])}"]
    if comparison.source.index:
        facts.insert(0, f"plane {', '.join(map(str, comparison.source.index))}")
    done = sum(not each.problem for each in comparison.compared)
    return [*facts, counted(done, "picture")]
