"""Recordings as people have them, and as nobody should: strategies of `hypothesis`.

A strategy gives the contents of files by their names. Most are nearly right, because what is not is
refused at the first look.
"""

from collections.abc import Mapping
import contextlib
import io
import itertools
import math
import pathlib
import tempfile
from typing import Any

import datasets
import h5py
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np

from mgail_tf.data.field_names import SPELLINGS, VECTORS

# The contents of files by their names.
Files = Mapping[str, bytes]

SMALL = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0]), st.floats(-9, 9, width=32))
ODD = st.sampled_from([1e300, -1e-300, 1e17, np.nan, np.inf, -np.inf])
NUMBERS = st.one_of(SMALL, SMALL, SMALL, SMALL, ODD)
USUAL_DTYPES = st.sampled_from(("<f8", "<f4", "<i8"))
DTYPES = st.sampled_from(("<f2", "<u8", "|i1", "|u1", "|b1", "<U5", "|S5"))
ODD_DTYPES = st.sampled_from(("<c16", "|O", "<M8[s]", "<f8,<i4", "<U0"))
WORDS = "", "0", "1", "1.0", "-2.5", "nan", "inf", "1e999", "true", "no", "é", "0,5"
TEXTS = st.sampled_from(WORDS)


@st.composite
def array(draw: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An array of a shape, mostly of usual numbers."""
    kinds = USUAL_DTYPES, USUAL_DTYPES, USUAL_DTYPES, USUAL_DTYPES, DTYPES, ODD_DTYPES
    dtype = np.dtype(draw(draw(st.sampled_from(kinds))))
    if dtype.kind in "US":
        size = math.prod(shape)
        texts = np.array(draw(st.lists(TEXTS, min_size=size, max_size=size)), "U5").reshape(shape)
        return np.char.encode(texts, "utf-8") if dtype.kind == "S" else texts
    if dtype.kind not in "biuf":
        return np.zeros(shape, dtype)
    elements = draw(st.sampled_from((SMALL, SMALL, NUMBERS)))
    values = draw(arrays.arrays(np.float64, shape, elements=elements))
    with np.errstate(all="ignore"):
        return values.astype(dtype)


@st.composite
def table(draw: Any) -> dict[str, np.ndarray]:
    """Arrays of a recording by name: mostly with a row for each step, or for each episode."""
    length = draw(st.integers(0, 9))
    rows: tuple[int, ...] = (length,)
    if draw(st.integers(0, 5)) == 0:
        rows = draw(st.integers(0, 3)), length
    sizes = {"observations": draw(st.integers(1, 3)), "actions": draw(st.integers(1, 2))}
    others = st.sets(st.sampled_from(sorted(SPELLINGS)), max_size=4)
    fields = {"observations", "actions"} | draw(others)
    if draw(st.integers(0, 19)) == 0:
        fields.discard(draw(st.sampled_from(["observations", "actions"])))
    values = {}
    for field in sorted(fields):
        name = draw(st.sampled_from(SPELLINGS[field]))
        size = sizes["actions" if field == "actions" else "observations"]
        shape = (*rows, size) if field in VECTORS else rows
        change = draw(st.sampled_from(("",) * 20 + ("fewer", "more", "flat", "deep", "scalar")))
        if change == "fewer":
            shape = (max(shape[0] - 1, 0), *shape[1:])
        elif change == "more":
            shape = (shape[0] + 1, *shape[1:])
        elif change == "flat":
            shape = shape[:1]
        elif change == "deep":
            shape = (*shape, 2)
        elif change == "scalar":
            shape = ()
        if field in ("terminated", "truncated", "ended", "not_terminated", "starts"):
            flags = draw(arrays.arrays(np.bool_, shape))
            values[name] = flags.astype(draw(st.sampled_from(["|b1", "<f4", "<i8"])))
        elif field in ("episode", "step", "lengths") and draw(st.booleans()):
            values[name] = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, 4)))
        else:
            values[name] = draw(array(shape))
    parts = st.sampled_from(["obs_0", "obs_1", "obs/a", "obs/b", "note", "_"])
    for part in draw(st.one_of(st.just([]), st.lists(parts, max_size=2))):
        values[part] = draw(array(rows))
    return values


def npz(values: Mapping[str, np.ndarray]) -> bytes:
    """The contents of a `.npz`."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **values)
    return file.getvalue()


def hdf5(values: Mapping[str, np.ndarray]) -> bytes:
    """The contents of an HDF5 file; what it cannot hold is left out."""
    with tempfile.NamedTemporaryFile(suffix=".hdf5") as file:
        with h5py.File(file.name, "w") as opened:
            for name, values_of in values.items():
                kind = values_of.dtype.kind
                if kind in "OM" or not values_of.dtype.itemsize:
                    continue
                stored = np.char.encode(values_of, "utf-8") if kind == "U" else values_of
                with contextlib.suppress(OSError, ValueError):  # A group has this name.
                    opened[name] = stored
        file.seek(0)
        return file.read()


def csv(values: Mapping[str, np.ndarray]) -> bytes:
    """The contents of a CSV file, which has a row for each that the longest array has."""
    columns: dict[str, list[str]] = {}
    for name, array_of in values.items():
        if array_of.ndim == 2:
            columns |= {f"{name}_{i}": list(map(str, each)) for i, each in enumerate(array_of.T)}
        elif array_of.ndim == 1:
            columns[name] = list(map(str, array_of))
    rows = itertools.zip_longest(*columns.values(), fillvalue="")
    return "\n".join(",".join(cells) for cells in [tuple(columns), *rows]).encode()


@st.composite
def cells(draw: Any) -> bytes:
    """The contents of a CSV file of any words."""
    names = sorted({name for names in SPELLINGS.values() for name in names[:4]})
    numbered = [f"{name}_{index}" for name in ("obs", "action") for index in range(3)]
    pool = st.sampled_from([*names, *numbered, "x"])
    header = draw(st.lists(pool, max_size=5)) + draw(
        st.sampled_from([["obs", "act"], ["observation_0", "observation_1", "action"], []])
    )
    cell = st.one_of(TEXTS, st.sampled_from(["0", "1", "2"]), st.text(max_size=3))
    width = len(header) + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
    row = st.lists(cell, min_size=max(width, 0), max_size=max(width, 0))
    rows = draw(st.lists(row, max_size=8))
    separator = draw(st.sampled_from(",;\t"))
    return "\n".join(separator.join(each) for each in [header, *rows]).encode()


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """The contents of a file, now and then with bytes that are others, missing or too many."""
    kind = draw(st.sampled_from(("whole", "whole", "whole", "changed", "cut", "longer", "other")))
    if kind == "cut":
        return content[: draw(st.integers(0, len(content)))]
    if kind == "longer":
        return content + draw(st.binary(max_size=9))
    if kind == "other":
        return draw(st.binary(max_size=200))
    if kind == "changed" and content:
        changed = bytearray(content)
        places = st.integers(0, len(content) - 1)
        for place, byte in draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
            changed[place] = byte
        return bytes(changed)
    return content


@st.composite
def npz_file(draw: Any) -> Files:
    """A `.npz`."""
    return {"recording.npz": draw(damaged(npz(draw(table()))))}


@st.composite
def hdf5_file(draw: Any) -> Files:
    """An HDF5 file with a table, or a numbered group for each episode."""
    if draw(st.booleans()):
        return {"recording.hdf5": draw(damaged(hdf5(draw(table()))))}
    grouped: dict[str, np.ndarray] = {}
    for group in draw(st.lists(st.sampled_from(["data/demo_0", "data/demo_1", "demo_10", "left"]))):
        grouped |= {f"{group}/{name}": values for name, values in draw(table()).items()}
    return {"recording.hdf5": draw(damaged(hdf5(grouped)))}


@st.composite
def csv_file(draw: Any) -> Files:
    """A CSV file."""
    content = csv(draw(table())) if draw(st.integers(0, 2)) else draw(cells())
    return {"recording.csv": draw(damaged(content))}


@st.composite
def folder(draw: Any) -> Files:
    """A folder of files, mostly of one kind."""
    kinds = draw(st.sampled_from([["npz"], ["csv"], ["hdf5"], ["npz", "csv", "txt"]]))
    made = {"npz": npz_file(), "csv": csv_file(), "hdf5": hdf5_file()}
    files: dict[str, bytes] = {}
    for number in range(draw(st.sampled_from((1, 2, 2, 3, 0)))):
        kind = draw(st.sampled_from(kinds))
        again = files and draw(st.booleans())  # What is read once is mostly read twice.
        content = list(files.values()) if again else [b""]
        if kind in made and not again:
            content = list(draw(made[kind]).values())
        files[f"recording/episode_{number}.{kind}"] = content[0]
    return files or {"recording/notes.txt": b""}


@st.composite
def imitation_folder(draw: Any) -> Files:
    """A folder that the `imitation` library might have saved."""
    episodes = draw(st.integers(0, 3))
    size = draw(st.integers(1, 2))
    rows: dict[str, list[Any]] = {"obs": [], "acts": [], "infos": [], "terminal": [], "rews": []}
    numbers = draw(st.sampled_from((SMALL, SMALL, SMALL, NUMBERS)))
    for _ in range(episodes):
        length = draw(st.integers(0, 4))
        more = draw(st.sampled_from([1] * 9 + [0, 2]))
        one = st.lists(numbers, min_size=size, max_size=size)
        rows["obs"].append(draw(st.lists(one, min_size=length + more, max_size=length + more)))
        rows["acts"].append(draw(st.lists(one, min_size=length, max_size=length)))
        rows["infos"].append(["{}"] * length)
        rows["terminal"].append(draw(st.booleans()))
        rows["rews"].append(draw(st.lists(numbers, min_size=length, max_size=length)))
    for name in draw(st.sampled_from(([], [], [], sorted(rows)[:1], sorted(rows)[-2:]))):
        if draw(st.booleans()):
            del rows[name]
        else:
            rows[name] = [draw(st.sampled_from(["text", None, 3, [1], [[]]]))] * episodes
    with tempfile.TemporaryDirectory() as where:
        datasets.disable_progress_bars()
        try:
            datasets.Dataset.from_dict(rows).save_to_disk(where)
        except (ValueError, TypeError):  # Arrow has no such table.
            return {"recording/state.json": b"{}"}
        files = {f"recording/{p.name}": p.read_bytes() for p in pathlib.Path(where).iterdir()}
    name = draw(st.sampled_from(sorted(files)))
    return files | {name: draw(damaged(files[name]))}
