"""Reads CSV files; messages tell the line that is wrong."""

from collections import Counter
import pathlib

import numpy as np
import pandas

from mgail_tf.data.damage import blamed_on
from mgail_tf.data.tables import Table
from mgail_tf.errors import UserError

# The first line has the names.
FIRST_LINE = 2
SEPARATORS = ",;\t"


def read(path: pathlib.Path) -> Table:
    """The texts of a file, in columns named by its first line; empty where there is none.

    The first line also tells what separates columns: commas, semicolons or tabs.

    Raises:
      UserError: two columns have one name, or a line is empty, or all are.
    """
    with blamed_on(path):
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline()
        lines = pandas.read_csv(
            path,
            sep=max(SEPARATORS, key=first.count),
            header=None,
            dtype=str,
            encoding="utf-8-sig",
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    names = [str(name).strip() for name in lines.iloc[0].fillna("")]
    for name, number in Counter(names).items():
        if number > 1:
            raise UserError(f"{path}: there are two columns {name!r}")
    filled = np.flatnonzero(lines.notna().any(axis=1))
    if not filled.size:
        raise UserError(f"{path} is empty")
    if filled[-1] != len(filled) - 1:
        line = np.flatnonzero(np.diff(filled) > 1)[0] + FIRST_LINE
        raise UserError(f"{path}: line {line} is empty; remove it, or tell episodes apart")
    table = lines.iloc[1 : len(filled)].set_axis(names, axis=1)

    def load(name: str) -> np.ndarray:
        return table[name].fillna("").to_numpy(str)

    return Table(path, names, load, FIRST_LINE)
