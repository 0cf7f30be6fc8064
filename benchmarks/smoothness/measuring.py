"""The measurement of the arms: one JSON file for each unit, done ones skipped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from comparison.photos import edge_correlation
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from napari_zerodce.training.exposures import decode_srgb
from napari_zerodce.whole_file import write_whole
from smoothness import measures
from smoothness.arms import Unit
from smoothness.method import Method, Picture, load_method
from smoothness.scenes import STEP_BRIGHTNESS, Scene, scene, step_edges
from smoothness.training import diverged_file, in_processes, is_trained, loaded, weights_file

Values = dict[str, float]

SHOWN: Final[dict[int, tuple[int, int]]] = {0: (90, 330), 7: (130, 60), 14: (190, 210)}
"""Pictures of the montage, and the upper left corners of their crops."""

CROP: Final = 64


def measures_file(work: Path, unit: Unit) -> Path:
    """Return where the measures of a unit are."""
    return work / "measures" / f"{unit.name}.json"


def crop_file(work: Path, unit: Unit, number: int) -> Path:
    """Return where the crop of a picture is."""
    return work / "crops" / f"{unit.name}.{number}.png"


def measure_all(
    chosen: Sequence[Unit], work: Path, data: Path, *, jobs: int, how: tuple[str, int]
) -> None:
    """Measure the units that are trained and not measured yet."""
    trained = [unit for unit in chosen if is_trained(work, unit.trained)]
    waiting = [unit for unit in trained if not measures_file(work, unit).exists()]
    done = f"{len(trained)} of {len(chosen)} units are trained"
    print(f"{done}, {len(waiting)} to measure", flush=True)
    in_processes(_task, [(unit, work, *how) for unit in waiting], jobs=jobs, data=data)


def _task(unit: Unit, work: Path, device: str, pictures: int) -> str:
    path = measures_file(work, unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    if diverged_file(work, unit.trained).exists():
        write_whole(path, json.dumps({"diverged": True}).encode())
        return f"{unit.name}: diverged"
    method = load_method(weights_file(work, unit.trained), unit.network, unit.arm, device)
    held_out = loaded().held_out
    chosen = np.linspace(0, len(held_out) - 1, min(pictures, len(held_out))).round().astype(int)
    rows = {}
    for number in map(int, chosen):
        lit = scene(held_out[number], number)
        rows[str(number)], result = measure_scene(method, lit)
        if number in SHOWN and unit.seed == 0:
            _keep_crop(work, unit, number, (result, lit.clean))
    edges = {str(number): measure_edge(method, edge) for number, edge in enumerate(step_edges())}
    content = {"unit": vars(unit), "pictures": rows, "edges": edges}
    write_whole(path, json.dumps(content, indent=1).encode())
    return f"{unit.name}: measured"


def measure_edge(method: Method, edge: Picture) -> Values:
    """Return the halo of a step edge at matched brightness."""
    alphas = method.maps(edge)
    strength = method.matched_strength(edge, alphas, STEP_BRIGHTNESS)
    if np.isnan(strength):
        return {"halo": float("nan")}
    result = method.finish(method.render(edge, alphas, strength))
    return {"halo": measures.step_halo(measures.luminance(result))}


def measure_scene(method: Method, lit: Scene) -> tuple[Values, Picture]:
    """Return all measures of a picture, NaN if its brightness cannot be matched, and the result."""
    alphas = method.maps(lit.noisy)
    target = float(lit.clean.mean(dtype=np.float64))
    strength = method.matched_strength(lit.noisy, alphas, target)
    if np.isnan(strength):
        return {"strength": strength}, lit.noisy
    result = method.finish(method.render(lit.noisy, alphas, strength))
    calm = method.render(lit.dark, alphas, strength)
    values = {"strength": strength, **_beside_clean(result, calm, lit.clean)}

    calm_maps = method.maps(lit.dark)
    reference = method.finish(method.render(lit.dark, calm_maps, strength))
    alone = method.finish(method.render(lit.noisy, calm_maps, strength))
    values["map noise"] = measures.map_noise(result, reference, alone)

    smooth, dark, clean = map(measures.luminance, (reference, lit.dark, lit.clean))
    values["real halo"] = measures.real_halo(smooth, dark, clean)
    left = []
    for ramped, stops in lit.ramps:
        toned = method.finish(method.render(ramped, method.maps(ramped), strength))
        left.append(measures.ramp_left(_light(toned), _light(reference), stops))
    values["ramp"] = float(np.mean(left))

    card = np.full_like(lit.noisy, measures.CARD)
    shown = measures.luminance(method.render(card, alphas, strength))
    values["range"] = 255 * float(shown.std())
    scale = method.network.scale_factor
    if scale > 1:
        kinks, slope = measures.kinks_and_slope(shown, scale)
        values["kinks"], values["facets"] = kinks, kinks / slope if slope > 1e-4 else 0.0
    return values, result


def _beside_clean(result: Picture, calm: Picture, clean: Picture) -> Values:
    """Return spots, detail, PSNR and SSIM; `calm` has the same curves and no noise."""
    found, quiet, wanted = map(measures.luminance, (result, calm, clean))
    flat = measures.flat_places(wanted)
    counts = np.subtract(measures.spots(found, flat), measures.spots(quiet, flat))
    by_scale = {f"spots {t}": float(c) for t, c in zip(measures.SCALES, counts, strict=True)}
    similarity = structural_similarity(found, wanted, data_range=1, gaussian_weights=True)
    return {
        "spots": float(counts.sum()),
        **by_scale,
        "edges": edge_correlation(found, wanted),
        "texture": measures.texture(found, wanted, flat),
        "PSNR": float(peak_signal_noise_ratio(clean, result, data_range=1)),
        "SSIM": float(similarity),
    }


def _light(picture: Picture) -> np.ndarray:
    return measures.luminance(decode_srgb(picture))


def _keep_crop(work: Path, unit: Unit, number: int, pictures: tuple[Picture, Picture]) -> None:
    """Save the crops of the result and of the clean picture."""
    row, column = SHOWN[number]
    clean = Unit("clean", unit.network, unit.seed)
    for owner, picture in zip((unit, clean), pictures, strict=True):
        part = picture[row : row + CROP, column : column + CROP].clip(0, 1)
        path = crop_file(work, owner, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes write the clean crop: each under its own name, then in one step.
        temporary = path.with_name(f"{unit.name}.{path.name}")
        Image.fromarray(np.round(part * 255).astype(np.uint8)).save(temporary)
        temporary.replace(path)
