"""The page of a report: HTML without scripts, for any width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from napari_zerodce.compare.columns import ALL_COLUMNS, COLUMNS
from napari_zerodce.compare.report.entries import ImageEntry, PlaneEntry, ResultEntry
from napari_zerodce.compare.report.pictures import LONGEST_SIDE
from napari_zerodce.compare.report.tables import mean_rows, mean_table
from napari_zerodce.counting import counted
from napari_zerodce.engine.provenance import Provenance
from napari_zerodce.imaging.windows import in_words

_LINE: Final = "\n"
_TITLE: Final = "Comparison of enhancement methods"


def page(images: Sequence[ImageEntry], *, software: str, command: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    images : sequence of ImageEntry
    software, command : str
        What has made the report.
    """
    style = files("napari_zerodce.compare.report").joinpath("page.css").read_text("utf-8")
    sections = "\n".join(map(_section, images))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_TITLE}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{_TITLE}</h1>
<p>{_opening(images)}</p>
{_warnings(images)}
</header>
<input type="checkbox" id="before"><label for="before">Show the source in every picture</label>
<main>
{_summary(images)}
{sections}
{_meanings()}
{_made(images, software, command)}
</main>
</body>
</html>
"""


def _opening(images: Sequence[ImageEntry]) -> str:
    compared = sum(not image.problem for image in images)
    count = counted(compared, "image")
    return f"{count}. All pictures of an image have the same contrast limits, those of its window."


def _warnings(images: Sequence[ImageEntry]) -> str:
    """Return what each kind of network warns of, with the titles of its results."""
    titles: dict[str, dict[str, None]] = {}
    for result in (each for image in images for each in image.results):
        if result.provenance:
            warning = result.provenance.as_dict()["display_only"]
            titles.setdefault(warning, {})[result.title] = None
    return _LINE.join(
        f"<p><b>{escape(', '.join(names))}</b>: {escape(warning)}</p>"
        for warning, names in titles.items()
    )


def _summary(images: Sequence[ImageEntry]) -> str:
    (_, *headings), *rows = mean_table(mean_rows(images))
    head = "".join(f"<th>{escape(text)}</th>" for text in ("", *headings))
    body = "\n".join(
        f"<tr><th>{escape(title)}</th>{''.join(f'<td>{escape(text)}</td>' for text in texts)}</tr>"
        for title, *texts in rows
    )
    return f"""<section>
<h2>Means over the images</h2>
<div class="wide"><table>
<tr>{head}</tr>
{body}
</table></div>
<p class="quiet">Images where a figure is infinite or missing are left out of its mean, such as
PSNR (∞) of an image that equals its reference. If there are only such images, the mean is ∞.</p>
<p class="quiet">All figures: <a href="figures.csv">figures.csv</a>,
<a href="figures.json">figures.json</a>.</p>
</section>"""


def _section(image: ImageEntry) -> str:
    notices = "".join(f'<p class="notice">{escape(text)}</p>\n' for text in _notices(image))
    if image.source is None:
        return f"<section>\n<h2>{escape(image.name)}</h2>\n{notices}</section>"
    return f"""<section>
<h2>{escape(image.name)}</h2>
<p class="quiet">{escape(_facts(image.source))}</p>
{notices}<div class="grid">
{_LINE.join(_figures(image, image.source))}
</div>
{_details(image, image.source)}</section>"""


def _notices(image: ImageEntry) -> Iterator[str]:
    if image.problem:
        yield image.problem
    yield from image.notices
    for result in image.results:
        yield from (f"{result.title}: {notice}" for notice in result.notices)


def _facts(plane: PlaneEntry) -> str:
    width, height = plane.size
    facts = [f"{width} x {height} pixels", plane.dtype, f"window {in_words([plane.window])}"]
    if plane.index:
        facts.insert(0, f"plane {', '.join(map(str, plane.index))} (counted from 0)")
    if max(plane.size) > LONGEST_SIDE:
        facts.append(f"shown at 1:{max(plane.size) / LONGEST_SIDE:.2g}")
    return " · ".join(facts)


def _figures(image: ImageEntry, source: PlaneEntry) -> Iterator[str]:
    """Yield the figures of an image: the source, the reference, and the others."""
    for place, result in enumerate(image.results):
        yield _figure(result, source)
        if place == 0 and image.reference:
            yield _reference(image.reference)


def _figure(result: ResultEntry, source: PlaneEntry) -> str:
    title = f"<b>{escape(result.title)}</b>"
    if result.pictures is None:
        return _framed(f'<div class="invalid">{escape(result.problem)}</div>', title)
    values = " · ".join(
        f"{column.title} {column.text(value)}".replace(" ", "&nbsp;")
        for column in COLUMNS
        if (value := result.value(column)) is not None
    )
    about = f" <span>{escape(result.about)}</span>" if result.about else ""
    stacked = _stacked(result.pictures.whole, source.pictures.whole, result.title, source.size)
    return _framed(stacked, f"{title}{about}<br><small>{values}</small>")


def _reference(plane: PlaneEntry) -> str:
    whole = plane.pictures.whole
    caption = f"<b>reference</b> <span>{escape(plane.name)}</span>"
    return _framed(
        _stacked(whole, whole, "reference", plane.size),
        f"{caption}<br><small>{escape(_facts(plane))}</small>",
    )


def _details(image: ImageEntry, source: PlaneEntry) -> str:
    """Return the details of a large image, "" if it is shown pixel by pixel."""
    if not source.pictures.detail:
        return ""
    first, *others = ((each.title, each.pictures) for each in image.results)
    reference = [("reference", image.reference.pictures)] if image.reference else []
    figures = (
        _framed(_stacked(each.detail, source.pictures.detail, title), f"<b>{escape(title)}</b>")
        for title, each in (first, *reference, *others)
        if each and each.detail
    )
    return f"""<details>
<summary>A detail, pixel by pixel</summary>
<div class="grid">
{_LINE.join(figures)}
</div>
</details>
"""


def _framed(content: str, caption: str) -> str:
    return f"<figure>{content}<figcaption>{caption}</figcaption></figure>"


def _stacked(picture: str, source: str, title: str, size: tuple[int, int] | None = None) -> str:
    """Return a picture above that of the source, which a click opens."""
    below = "" if source == picture else _image(source, "", "source", size)
    return f'<a href="{picture}">{below}{_image(picture, title, "result", size)}</a>'


def _image(picture: str, title: str, kind: str, size: tuple[int, int] | None) -> str:
    # With its size, a picture that is loaded late moves nothing.
    sides = f' width="{size[0]}" height="{size[1]}"' if size else ""
    return f'<img class="{kind}" src="{picture}" alt="{escape(title)}" loading="lazy"{sides}>'


def _meanings() -> str:
    terms = "\n".join(
        f"<dt>{escape(column.title)}</dt><dd>{escape(column.meaning)}</dd>"
        for column in ALL_COLUMNS
    )
    return f"""<section>
<h2>What the figures mean</h2>
<dl>
{terms}
</dl>
<p class="quiet">Colour images: the mean over the colours. Samples outside the window count as its
ends.</p>
</section>"""


def _made(images: Sequence[ImageEntry], software: str, command: str) -> str:
    made = [each.provenance for image in images for each in image.results if each.provenance]
    weights = {each.checkpoint_sha256: _weights(each) for each in made}
    again = f"<pre>{escape(command)}</pre>" if command else ""
    return f"""<section>
<h2>How it was made</h2>
<p>{escape(software)}</p>
{again}
<ul>
{_LINE.join(weights.values())}
</ul>
</section>"""


def _weights(made: Provenance) -> str:
    names = dict.fromkeys((made.checkpoint_label or made.checkpoint, made.checkpoint_source))
    sha256 = f"SHA-256 <code>{made.checkpoint_sha256}</code>"
    return f"<li>{', '.join((*map(escape, names), sha256))}</li>"
