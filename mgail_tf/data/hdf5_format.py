"""Reads HDF5 files: D4RL's, robomimic's, and others that are built like one of them."""

import math
import pathlib
import re

import h5py
import numpy as np

from mgail_tf.data import field_names, unpacking
from mgail_tf.data.damage import blamed_on
from mgail_tf.data.tables import Table
from mgail_tf.errors import UserError

# Parts of observations are numbers or vectors; what has more axes are images.
IMAGE_AXES = 4


def read(path: pathlib.Path) -> tuple[list[Table], list[str]]:
    """The tables of a file, and the names of what is in none of them.

    The group that holds actions is a table, with a row for each step. Where groups are numbered, as
    `demo_0`, `demo_1`, ..., each of them holds an episode.

    Raises:
      UserError: no group holds actions, or several do that are not numbered.
    """
    check_size(path)
    arrays: dict[str, int] = {}

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        # A name that is no text of UTF-8 comes as bytes, and is none that is known.
        if isinstance(name, str) and isinstance(item, h5py.Dataset) and item.shape is not None:
            arrays[name] = item.ndim

    with blamed_on(path), h5py.File(path) as file:
        file.visititems(note)
    groups: dict[str, list[str]] = {}
    for name in arrays:
        group, _, leaf = name.rpartition("/")
        of_parts = field_names.is_vector(group.rpartition("/")[2])
        if not of_parts and "actions" in field_names.find([leaf]).fields:
            groups[group] = []
    groups = groups or {"": []}  # Which has no actions, as will be told.
    if len(groups) > 1 and not all(re.search(r"\d$", group) for group in groups):
        raise UserError(
            f"{path} has several tables, {', '.join(groups)}; save one of them as a file of its own"
        )
    left = []
    for name, axes in arrays.items():
        group = name
        while group and group not in groups:
            group = group.rpartition("/")[0]
        if group not in groups:
            group = None
        inner = name if group is None else name.removeprefix(f"{group}/")
        if group is None or "/" in inner and axes >= IMAGE_AXES:
            left.append(re.sub(r"\d+/", "*/", name))
        else:
            groups[group].append(inner)
    ordered = sorted(groups, key=lambda group: [int(n) for n in re.findall(r"\d{1,99}", group)])
    return [_table(path, group, groups[group]) for group in ordered], list(dict.fromkeys(left))


def check_size(path: pathlib.Path) -> int:
    """Checks that a file can hold what it says, and names no other files.

    Returns:
      The number of groups and arrays that are in no other group.

    Raises:
      UserError: it says more, or names other files.
    """
    sizes: list[int] = []

    def note(name: str, item: h5py.Group | h5py.Dataset) -> None:
        _check_whole(path, name, item)
        if isinstance(item, h5py.Dataset) and item.shape is not None:
            sizes.append(math.prod(item.shape) * item.dtype.itemsize)

    with blamed_on(path), h5py.File(path) as file:
        _check_whole(path, "", file)
        file.visititems(note)
        number = len(file)
    unpacking.check(path, sum(sizes))
    return number


def _check_whole(path: pathlib.Path, name: str, item: h5py.Group | h5py.Dataset) -> None:
    """Checks that a group or array names no other files, which could be any of the reader's own.

    Nothing is opened for that; even the shape of an array may be what other files say.

    Raises:
      UserError: it names some.
    """
    elsewhere = []
    if isinstance(item, h5py.Group):
        links = {each: item.get(each, getlink=True) for each in item}
        elsewhere = [each for each, link in links.items() if isinstance(link, h5py.ExternalLink)]
    elif isinstance(item, h5py.Dataset) and (item.external is not None or item.is_virtual):
        elsewhere = [""]
    if elsewhere:
        inner = "/".join(filter(None, [str(name), elsewhere[0]]))
        raise UserError(
            f"{path}: {inner} is kept in another file, and such files are not opened, because they "
            "could be any; save its values in this one"
        )


def _table(path: pathlib.Path, group: str, names: list[str]) -> Table:
    def load(name: str) -> np.ndarray:
        with blamed_on(path), h5py.File(path) as file:
            array = file[f"{group}/{name}"]
            assert isinstance(array, h5py.Dataset)
            return np.asarray(array[()])

    return Table(pathlib.Path(f"{path}:{group}" if group else path), names, load)
