"""EXIF is changed in place: what other bytes point to stays where it is."""

from __future__ import annotations

import struct

import pytest
from PIL import Image

from napari_zerodce.imaging.files.photos.exif import fitted, orientation_in, says_where, sized


def read_by_pillow(block):
    exif = Image.Exif()
    exif.load(block)
    return exif


def test_an_upright_block_keeps_each_fact_and_each_place(facts):
    block = fitted(facts.exif(), turned=True)
    exif = read_by_pillow(block)
    assert 0x0112 not in exif
    assert (exif[0x0100], exif[0x0101]) == (40, 60)
    inner = exif.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (40, 60)
    assert exif.get_ifd(0x8825)[1] == "N"
    place = facts.exif().index(facts.note)
    assert block[place : place + len(facts.note)] == facts.note


def test_a_thumbnail_of_the_old_picture_is_removed(facts):
    block = fitted(facts.exif(), turned=False)
    assert b"old picture" not in block
    assert not read_by_pillow(block).get_ifd(0x0201)
    assert b"old picture" not in fitted(facts.exif() + b"more", turned=False)


def test_sizes_stay_if_nothing_is_turned(facts):
    inner = read_by_pillow(fitted(facts.exif(orientation=3), turned=False)).get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (60, 40)


@pytest.mark.parametrize(("stored", "found"), [(1, 1), (6, 6), (8, 8), (0, 0), (9, 0)])
def test_an_orientation_is_found(facts, stored, found):
    assert orientation_in(facts.exif(orientation=stored)) == found


def test_a_position_is_found(facts):
    assert says_where(facts.exif())
    assert not says_where(b"Exif\0\0nothing")


def test_a_block_with_an_orientation_alone_is_empty_without_it():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert fitted(exif.tobytes(), turned=True) == b""


def test_damaged_blocks_are_told_and_never_break_anything_else(facts):
    whole = facts.exif()
    for length in range(len(whole)):
        try:
            fitted(whole[:length], turned=True)
        except (ValueError, struct.error):
            continue
    for place in range(6, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        orientation_in(bytes(damaged))
        try:
            fitted(bytes(damaged), turned=True)
        except (ValueError, struct.error):
            continue


def test_sizes_are_those_of_the_image(facts):
    exif = read_by_pillow(sized(facts.exif(), 7, 9))
    assert (exif[0x0100], exif[0x0101]) == (7, 9)
    inner = exif.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (7, 9)
    assert sized(facts.exif(), 60, 40) == facts.exif()
    assert sized(b"Exif\0\0nothing", 7, 9) == b"Exif\0\0nothing"
