"""OME-XML: all that a file says stays, and what is no longer true is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from xml.etree import ElementTree as ET

import tifffile

from napari_zerodce.imaging.files.tiff.once import once_per_file
from napari_zerodce.imaging.scope import Range

TYPES: Final = {
    "uint8": "uint8", "int8": "int8", "uint16": "uint16", "int16": "int16", "uint32": "uint32",
    "int32": "int32", "float32": "float", "float64": "double",
}  # fmt: skip
"""The names of OME, by those of NumPy."""

_FACTS: Final = (
    *(f"PhysicalSize{axis}{unit}" for axis in "XYZ" for unit in ("", "Unit")),
    "TimeIncrement",
    "TimeIncrementUnit",
)
_PIXELS: Final = ("TiffData", "BinData", "MetadataOnly")


@dataclass(frozen=True)
class Written:
    """An image as it is written.

    Parameters
    ----------
    number : int
        Of the image in the XML of the source.
    part : mapping of str to (int, int)
        The range of each axis that is written, if it is a part of the source.
    sizes : mapping of str to int
        The length of each axis but colours; leading ones in their order.
    samples : int
        Samples of a pixel.
    dtype : str
        NumPy's name.
    first : int
        The number of its first page in the file.
    bits : int, optional
        Bits that count.
    channels : tuple of int
        Which channels of a set of files it has; empty if it is no part of a set.
    """

    number: int
    part: Mapping[str, Range]
    sizes: Mapping[str, int]
    samples: int
    dtype: str
    first: int
    bits: int | None = None
    channels: tuple[int, ...] = ()

    @property
    def pages(self) -> int:
        """How many pages it has."""
        count = 1
        for axis, size in self.sizes.items():
            count *= 1 if axis in "YX" else size
        return count


@once_per_file
def xml_of(file: tifffile.TiffFile) -> str | None:
    """Return the OME-XML of a file, None if it has none.

    Parameters
    ----------
    file : TiffFile
    """
    return file.ome_metadata if file.is_ome else None


def parsed(xml: str) -> ET.Element | None:
    """Return the root of OME-XML with names without namespace, None if it is invalid.

    Parameters
    ----------
    xml : str
    """
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return None
    try:
        root = ET.fromstring(xml.strip().strip("\0"))  # noqa: S314  has no entities
    except (ET.ParseError, ValueError):
        return None
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    for element in root.iter():
        element.tag = element.tag.removeprefix(space)
    if space:
        root.set("xmlns", space[1:-1])
    return root if root.tag == "OME" else None


@lru_cache(maxsize=1)
def known(xml: str) -> ET.Element | None:
    """Return what `parsed` does, for all images of a file once; it must not be changed.

    Parameters
    ----------
    xml : str
    """
    return parsed(xml)


def as_text(root: ET.Element) -> str:
    """Return OME-XML as text.

    Parameters
    ----------
    root : Element
        From `parsed`.
    """
    return '<?xml version="1.0" encoding="UTF-8"?>' + ET.tostring(root, encoding="unicode")


def is_valid(xml: str) -> bool:
    """Return whether a text is OME-XML.

    Parameters
    ----------
    xml : str
    """
    return known(xml) is not None


def facts_of(xml: str, number: int = 0) -> dict[str, Any]:
    """Return the pixel sizes and channel names of an image.

    Parameters
    ----------
    xml : str
    number : int
        Of the image.
    """
    root = known(xml)
    images = [] if root is None else root.findall("Image")
    pixels = images[number].find("Pixels") if number < len(images) else None
    if pixels is None:
        return {}
    facts: dict[str, Any] = {}
    for key in _FACTS:
        value = pixels.get(key)
        if value is not None:
            facts[key] = value if key.endswith("Unit") else float(value)
    names = [channel.get("Name") for channel in pixels.findall("Channel")]
    return facts | ({"Channel": {"Name": names}} if names and all(names) else {})


@lru_cache(maxsize=1)
def files_of(xml: str) -> frozenset[str]:
    """Return the names of the files that the image is in, if the XML tells them.

    Parameters
    ----------
    xml : str
    """
    root = known(xml)
    if root is None:
        return frozenset()
    told = {element.get("FileName", "") for element in root.iter("UUID")}
    told |= {element.get("MetadataFile", "") for element in root.iter("BinaryOnly")}
    return frozenset(told - {""})


def data_of(
    root: ET.Element, name: str, identifier: str | None
) -> Iterator[tuple[int, ET.Element]]:
    """Yield what OME-XML says of the planes in one file, each with the number of its image.

    Parameters
    ----------
    root : Element
        From `parsed`.
    name : str
        Of the file.
    identifier : str, optional
        The UUID that the file gives to itself; it may have been renamed.
    """
    every = {_text(uuid) for uuid in root.iter("UUID")}
    own = {identifier} & every or named_as(root, name)
    for number, image in enumerate(root.findall("Image")):
        for data in image.iter("TiffData"):
            if all(_text(uuid) in own for uuid in data.findall("UUID")):
                yield number, data


def named_as(root: ET.Element, name: str) -> set[str]:
    """Return the identifiers that OME-XML gives to a file of a name.

    Parameters
    ----------
    root : Element
        From `parsed`.
    name : str
        Upper and lower case do not matter.
    """
    uuids = root.iter("UUID")
    return {_text(uuid) for uuid in uuids if uuid.get("FileName", name).lower() == name.lower()}


def _text(element: ET.Element) -> str:
    return (element.text or "").strip()


def fresh(images: Sequence[tuple[Written, Mapping[str, Any]]]) -> str | None:
    """Return new OME-XML, None if OME cannot describe an image.

    Parameters
    ----------
    images : sequence of tuple
        Each image with its pixel sizes and names of channels.
    """
    made = tifffile.OmeXml()
    for image, metadata in images:
        *leading, rows, columns = image.sizes.values()
        colour = image.samples > 1
        axes = "".join(image.sizes) + ("S" if colour else "")
        shape = (*leading, rows, columns, *((image.samples,) if colour else ()))
        stored = (image.pages, 1, 1, rows, columns, image.samples)
        names = metadata.get("Channel", {}).get("Name", ())
        gone = {"Channel"} if len(names) < image.sizes.get("C", 1) else set()
        facts = {key: value for key, value in metadata.items() if key not in gone}
        try:
            made.addimage(image.dtype, shape, stored, axes=axes, **facts)
        except (tifffile.OmeXmlError, ValueError, TypeError, KeyError, IndexError):
            return None
    return str(made.tostring(declaration=True))


def updated(xml: str, images: Sequence[Written], *, big_endian: bool) -> str | None:
    """Return the OME-XML of a source for what is written, None if that is impossible.

    Parameters
    ----------
    xml : str
    images : sequence of Written
        In the order in which they are in the file.
    big_endian : bool
    """
    root = parsed(xml)
    sources = [] if root is None else root.findall("Image")
    if root is None or not images or any(image.number >= len(sources) for image in images):
        return None
    for image in images:
        pixels = sources[image.number].find("Pixels")
        if pixels is None or not _update(pixels, image, big_endian=big_endian):
            return None
    _keep_images(root, [sources[image.number] for image in images])
    root.attrib.pop("UUID", None)  # another file has it
    return as_text(root)


def _update(pixels: ET.Element, image: Written, *, big_endian: bool) -> bool:
    told = {axis: pixels.get(f"Size{axis}", "1") for axis in "XYZCT"}
    if image.dtype not in TYPES or not all(map(str.isdecimal, told.values())):
        return False
    if not _fit_sizes(pixels, image, {axis: int(size) for axis, size in told.items()}):
        return False
    pixels.set("Type", TYPES[image.dtype])
    if "SignificantBits" in pixels.attrib or image.bits:
        bits = image.bits or int("".join(filter(str.isdigit, image.dtype)))
        pixels.set("SignificantBits", str(bits))
    if "BigEndian" in pixels.attrib:
        pixels.set("BigEndian", str(big_endian).lower())
    if "Interleaved" in pixels.attrib:
        pixels.set("Interleaved", str(image.samples > 1).lower())
    for element in [child for child in pixels if child.tag in _PIXELS]:
        pixels.remove(element)
    place = sum(child.tag == "Channel" for child in pixels)
    data = {"FirstZ": "0", "FirstC": "0", "FirstT": "0", "IFD": str(image.first)}
    pixels.insert(place, ET.Element("TiffData", data | {"PlaneCount": str(image.pages)}))
    return True


def _fit_sizes(pixels: ET.Element, image: Written, told: Mapping[str, int]) -> bool:
    """Keep sizes and order of axes if they are those of the image, and change them otherwise."""
    planes = told["Z"] * told["T"] * told["C"] // image.samples
    plane = told["Y"], told["X"]
    if planes == image.pages and plane == (image.sizes["Y"], image.sizes["X"]):
        return True
    leading = [axis for axis in image.sizes if axis not in "YX"]
    if set(leading) - set("TZC"):
        return False
    order = "XY" + "".join(reversed(leading))
    pixels.set("DimensionOrder", order + "".join(axis for axis in "CZT" if axis not in order))
    for axis in "XYZT":
        pixels.set(f"Size{axis}", str(image.sizes.get(axis, 1)))
    pixels.set("SizeC", str(image.sizes.get("C", 1) * image.samples))
    _fit_channels(pixels, image)
    for element in pixels.findall("Plane"):
        if not _move_plane(element, image.part):
            pixels.remove(element)
    return True


def _move_plane(plane: ET.Element, part: Mapping[str, Range]) -> bool:
    """Let a plane tell its place in a part; return whether it is known and in the part."""
    for axis in "ZCT":
        start, stop = part.get(axis, (0, 1))
        place = plane.get(f"The{axis}", "")
        if not place.isdecimal() or not start <= int(place) < stop:
            return False
        plane.set(f"The{axis}", str(int(place) - start))
    return bool(part)


def _fit_channels(pixels: ET.Element, image: Written) -> None:
    channels, count = pixels.findall("Channel"), image.sizes.get("C", 1)
    if len(channels) == count:
        return
    numbers = image.channels or range(len(channels))
    own = [channels[number] for number in numbers if number < len(channels)]
    own = own[slice(*image.part["C"])] if "C" in image.part else own
    number = str(pixels.get("ID", "Pixels:0")).rpartition(":")[2]
    for channel in channels:
        pixels.remove(channel)
    for place in range(count):
        facts = {"ID": f"Channel:{number}:{place}", "SamplesPerPixel": str(image.samples)}
        blank = ET.Element("Channel", facts)
        pixels.insert(place, own[place] if len(own) == count else blank)


def _keep_images(root: ET.Element, images: Sequence[ET.Element]) -> None:
    lost = {str(image.get("ID")) for image in root.findall("Image") if image not in images}
    place = [child.tag for child in root].index("Image")
    for image in root.findall("Image"):
        root.remove(image)
    for offset, image in enumerate(images):
        root.insert(place + offset, image)
    for parent, child in _references(root):
        if child.get("ID") in lost:
            parent.remove(child)


def _references(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "ImageRef":
                yield parent, child
