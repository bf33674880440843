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
# Longer texts take gigabytes, and more columns minutes to read.
MOST_COLUMNS, LONGEST_TEXT = 20_000, 1000


def read(path: pathlib.Path) -> Table:
    """The texts of a file, in columns named by its first line; empty where there is none.

    The first line also tells what separates columns: commas, semicolons or tabs.

    Raises:
      UserError: two columns have one name, or a line is empty, or all are; there are too many
        columns; or, when it is loaded, that a text is too long.
    """
    with blamed_on(path), path.open(encoding="utf-8-sig") as file:
        first = file.readline()
    separator = max(SEPARATORS, key=first.count)
    if (columns := first.count(separator) + 1) > MOST_COLUMNS:
        raise UserError(f"{path} has {columns:,} columns; use .npz for more than {MOST_COLUMNS:,}")
    with blamed_on(path):
        lines = pandas.read_csv(
            path,
            sep=separator,
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
        texts = table[name].fillna("")
        for row in np.flatnonzero(texts.str.len() > LONGEST_TEXT):
            raise UserError(
                f"{path}: the text in {name or '(no name)'}, line {row + FIRST_LINE}, is of "
                f"{len(texts.iloc[row]):,} letters; that is no number"
            )
        return texts.to_numpy(str)

    return Table(path, names, load, FIRST_LINE)
