"""Training batches made in other processes, ahead of the step that needs them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from napari_zerodce.training.batches import Batch, BatchSource
from napari_zerodce.training.config import TrainingConfig

AHEAD = 3
"""Batches per process that wait for their step."""

_source: BatchSource | None = None


@contextmanager
def prefetched(
    source: BatchSource, config: TrainingConfig, *, first: int, processes: int
) -> Iterator[BatchSource]:
    """Give a source whose batches equal those of another one, and are made in advance.

    Each batch depends only on the seed and the number of its step, so any process can make it.

    Parameters
    ----------
    source : BatchSource
    config : TrainingConfig
    first : int
        Number of the first step, from 0.
    processes : int
        0 makes the batches in this process, when they are needed.
    """
    if not processes:
        yield source
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(
        processes, mp_context=context, initializer=_keep, initargs=(source,)
    ) as pool:
        steps = iter(range(first, config.steps))
        waiting: deque[Future[Batch]] = deque()

        def following(generator: np.random.Generator, *, count: int, side: int) -> Batch:
            del generator  # each process makes its own, from the step's number
            while len(waiting) <= AHEAD * processes and (step := next(steps, None)) is not None:
                waiting.append(pool.submit(_make, config.seed, step, count, side))
            return waiting.popleft().result()

        try:
            yield following
        finally:
            pool.shutdown(cancel_futures=True)


def _keep(source: BatchSource) -> None:
    global _source  # noqa: PLW0603  the state of a worker process
    _source = source


def _make(seed: int, step: int, count: int, side: int) -> Batch:
    assert _source is not None
    return _source(np.random.default_rng((seed, step)), count=count, side=side)
