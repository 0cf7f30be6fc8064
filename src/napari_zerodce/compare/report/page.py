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
    count = "1 image" if compared == 1 else f"{compared} images"
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
<p class="quiet">All figures: <a href="figures.csv">figures.csv</a>,
<a href="figures.json">figures.json</a>.</p>
</section>"""


def _section(image: ImageEntry) -> str:
    notices = "".join(f'<p class="notice">{escape(text)}</p>\n' for text in _notices(image))
    if image.source is None:
        return f"<section>\n<h2>{escape(image.name)}</h2>\n{notices}</section>"
    first, *others = (_figure(result, image.source) for result in image.results)
    reference = [] if image.reference is None else [_reference(image.reference)]
    figures = "\n".join((first, *reference, *others))
    return f"""<section>
<h2>{escape(image.name)}</h2>
<p class="quiet">{escape(_facts(image.source))}</p>
{notices}<div class="grid">
{figures}
</div>
</section>"""


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


def _figure(result: ResultEntry, source: PlaneEntry) -> str:
    title = escape(result.title)
    if not result.picture:
        return (
            f'<figure><div class="invalid">{escape(result.problem)}</div>'
            f"<figcaption><b>{title}</b></figcaption></figure>"
        )
    top = _image(result.picture, result.title, source, "result")
    below = "" if result.picture == source.picture else _image(source.picture, "", source)
    values = " · ".join(
        f"{column.title} {column.text(value)}".replace(" ", "&nbsp;")
        for column in COLUMNS
        if (value := result.value(column)) is not None
    )
    about = f" <span>{escape(result.about)}</span>" if result.about else ""
    return (
        f'<figure><a href="{result.picture}">{below}{top}</a>'
        f"<figcaption><b>{title}</b>{about}<br><small>{values}</small></figcaption></figure>"
    )


def _reference(plane: PlaneEntry) -> str:
    return (
        f'<figure><a href="{plane.picture}">{_image(plane.picture, "reference", plane)}</a>'
        f"<figcaption><b>reference</b> <span>{escape(plane.name)}</span><br>"
        f"<small>{escape(_facts(plane))}</small></figcaption></figure>"
    )


def _image(picture: str, title: str, plane: PlaneEntry, kind: str = "source") -> str:
    width, height = plane.size
    return (
        f'<img class="{kind}" src="{picture}" alt="{escape(title)}" loading="lazy" '
        f'width="{width}" height="{height}">'
    )


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
