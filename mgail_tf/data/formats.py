"""Recorded episodes in the formats that people have: NumPy with D4RL's keys, CSV, `imitation`'s."""

import pathlib
import re

import numpy as np

from mgail_tf import extras
from mgail_tf.envs.episodes import Episode
from mgail_tf.errors import UserError


def read(path):
    """Reads the episodes of a file or folder; its name and contents tell the format.

    - `.npz` with D4RL's keys: `observations`, `actions`, and where there are any `rewards`,
      `terminals`, `timeouts`, `next_observations`; gymnasium's `terminations` and `truncations` are
      taken too. One row a step.
    - `.csv`: columns `observation_0`, `observation_1`, ..., `action` or `action_0`, ..., and where
      there are any `episode`, `reward`, `terminated`, `truncated`. One row a step. An episode ends
      where `episode` changes, with a row that is terminated or truncated, or with a row without an
      action, which tells where it ended.
    - what the `imitation` library saves: a folder, or in its older form a `.npz` with `obs`,
      `acts` and `indices`.

    Where a recording does not tell where an episode's last action led, that action is left out, and
    the episode ends with the action before it.
    Nothing that is pickled is ever opened.

    Returns:
      A list of `episodes.Episode`; rewards are NaN where there are none.

    Raises:
      UserError: the file is missing, unreadable, or in none of these formats.
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise UserError(f"{path} does not exist")
    try:
        if path.is_dir():
            episodes = _read_imitation_folder(path)
        elif path.suffix.lower() == ".npz":
            episodes = _read_npz(path)
        elif path.suffix.lower() == ".csv":
            episodes = _read_csv(path)
        else:
            raise UserError(f"{path}: use a .npz, a .csv, or a folder saved by imitation")
    except UserError:
        raise
    except Exception as error:  # Whatever the format's library raises, the file is at fault.
        raise UserError(f"{path} cannot be read ({error})") from error
    if not any(len(episode.actions) for episode in episodes):
        raise UserError(
            f"{path} holds no action whose outcome is known; docs/users_guide.md has the formats"
        )
    return [episode for episode in episodes if len(episode.actions)]


def _read_npz(path):
    with np.load(path, allow_pickle=False) as data:
        if "indices" in data:
            return _read_imitation_npz(path, data)
        for name in "observations", "actions":
            if name not in data:
                raise UserError(f"{path} has no {name!r}; it has {', '.join(data)}")

        def numbers(name):
            values = data[name]
            if values.dtype.kind not in "biuf":
                raise UserError(f"{path}: {name} are {values.dtype}; they must be numbers")
            return values

        observations, actions = numbers("observations"), numbers("actions")

        def column(names, otherwise):
            found = [numbers(name).reshape(-1) for name in names if name in data]
            return found[0] if found else np.full(len(actions), otherwise)

        terminals = column(["terminals", "terminations"], False) > 0
        timeouts = column(["timeouts", "truncations"], False) > 0
        rewards = column(["rewards"], np.nan)
        following = numbers("next_observations") if "next_observations" in data else None
    fields = observations, actions, rewards, terminals, following
    rows = [len(field) for field in (*fields, timeouts) if field is not None]
    if len(set(rows)) > 1:
        raise UserError(f"{path}: its arrays must have a row for each step, not {rows} rows")
    return _split(terminals | timeouts, *fields)


def _known(rewards, length):
    return np.full(length, np.nan) if rewards is None else np.asarray(rewards)


def _split(ends, observations, actions, rewards, terminated, following=None):
    """The episodes of recorded steps, [steps, ...] each.

    They end with the steps that `ends` marks, and with the last one. Where the last action of an
    episode led, only `following` tells, the observations after each step.
    """
    bounds = np.union1d(np.flatnonzero(ends) + 1, [0, len(actions)])
    episodes = []
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        seen, known = observations[start:end], end - 1
        if following is not None:
            seen, known = np.concatenate([seen, following[end - 1 : end]]), end
        ended = bool(terminated[start:end].any())
        episodes.append(Episode(seen, actions[start:known], rewards[start:known], ended))
    return episodes


def _read_csv(path):
    with extras.needed("reading CSV", "csv"):
        table = _read_table(path)
    observations = _numbers(path, table, _components(path, table, "observation"))
    acted = ["action"] if "action" in table else _components(path, table, "action")
    actions = _numbers(path, table, acted)
    rewards = _numbers(path, table, ["reward"]) if "reward" in table else actions[:, :1] * np.nan
    terminated, truncated = (_flags(path, table, name) for name in ("terminated", "truncated"))
    # A row without an action tells where the action before it led.
    acts = ~np.isnan(actions).all(1)
    ends = (terminated | truncated) & np.append(acts, True)[1:] | ~acts
    if "episode" in table:
        last = _is_last(path, table["episode"])
        if (~acts & ~last).any():
            line = np.flatnonzero(~acts & ~last)[0] + 2
            raise UserError(f"{path}: an action is missing in line {line}, within an episode")
        ends |= last
    return _split(ends, observations, actions, rewards[:, 0], terminated)


def _is_last(path, names):
    """[rows] bool, whether the next row is of an episode of another name."""
    import pandas

    names = names.str.strip().replace("", np.nan)
    if names.isna().any():
        line = np.flatnonzero(names.isna())[0] + 2
        raise UserError(f"{path}: episode is missing in line {line}; write it in every line")
    numbers = pandas.to_numeric(names, errors="coerce")
    names = names if numbers.isna().any() else numbers
    return (names != names.shift(-1)).to_numpy(bool)


def _read_table(path):
    """The texts of a CSV file by the names of its first line, NaN where there is none."""
    import pandas

    lines = pandas.read_csv(
        path,
        header=None,
        dtype=str,
        encoding="utf-8-sig",
        skipinitialspace=True,
        skip_blank_lines=False,
    )
    names = lines.iloc[0].fillna("").str.strip()
    if names.duplicated().any():
        raise UserError(f"{path}: there are two columns {names[names.duplicated()].iloc[0]!r}")
    filled = np.flatnonzero(lines.notna().any(axis=1))
    if filled[-1] != len(filled) - 1:
        line = np.flatnonzero(np.diff(filled) > 1)[0] + 2
        raise UserError(f"{path}: line {line} is empty; remove it, or tell episodes apart")
    return lines.iloc[1 : len(filled)].set_axis(names, axis=1).reset_index(drop=True)


def _components(path, table, name):
    """The columns of a vector, in order."""
    found = {column for column in table.columns if re.fullmatch(rf"{name}_\d+", column)}
    wanted = [f"{name}_{index}" for index in range(len(found))]
    if not found or found != set(wanted):
        has = ", ".join(table.columns)
        raise UserError(
            f"{path}: needs columns {name}_0, {name}_1, ... without gaps, separated by commas; "
            f"it has {has}"
        )
    return wanted


def _numbers(path, table, names):
    """[rows, columns] numbers, NaN where there is none."""
    try:
        return table[names].to_numpy(np.float64)
    except ValueError as error:
        raise UserError(f"{path}: not a number in column {names[0]} or beside ({error})") from error


def _flags(path, table, name):
    """[rows] bool; false where the table does not say."""
    if name not in table:
        return np.zeros(len(table), bool)
    texts = table[name].fillna("").str.strip().str.lower()
    known = {"true": True, "1": True, "1.0": True}
    known |= {"false": False, "0": False, "0.0": False, "": False}
    flags = texts.map(known)
    if flags.isna().any():
        raise UserError(f"{path}: {texts[flags.isna()].iloc[0]!r} in {name} is not true or false")
    return flags.to_numpy(bool)


def _read_imitation_npz(path, data):
    ends, observations, actions = data["indices"], data["obs"], data["acts"]
    # Each trajectory has one observation more than actions.
    if len(observations) != len(actions) + len(ends) + 1:
        raise UserError(
            f"{path}: {len(ends) + 1} trajectories of {len(actions)} actions cannot have "
            f"{len(observations)} observations"
        )
    rewards = _known(data.get("rews"), len(actions))
    return [
        Episode(*fields)
        for fields in zip(
            np.split(observations, ends + np.arange(len(ends)) + 1),
            np.split(actions, ends),
            np.split(rewards, ends),
            np.atleast_1d(data["terminal"]),
            strict=True,
        )
    ]


def _read_imitation_folder(path):
    with extras.needed("reading what imitation saved", "imitation"):
        import datasets

    rows = datasets.load_from_disk(str(path))
    return [
        Episode(
            np.array(row["obs"]),
            np.array(row["acts"]),
            _known(row.get("rews"), len(row["acts"])),
            bool(row["terminal"]),
        )
        for row in rows.remove_columns("infos")
    ]
