"""Arrays with an episode a row, as of openai/baselines."""

import pathlib
from typing import Any

import gymnasium
from gymnasium.spaces import Box
from gymnasium.wrappers import TransformAction, TransformObservation
import numpy as np
import pytest
import walks
from walks import LENGTHS, LIMIT

from mgail_tf.data import formats, imported

RETURNS = np.array([episode.rewards.sum() for episode in walks.EPISODES])


def stacked(field: str, longest: int = LIMIT, kept: int | None = None) -> np.ndarray:
    """[episodes, longest, ...], with zeros where episodes are shorter."""
    rows = [np.asarray(getattr(episode, field))[:kept] for episode in walks.EPISODES]
    if field == "observations" and longest == LIMIT:
        rows = [row[:-1] for row in rows]
    return np.stack(
        [np.pad(row, [(0, longest - len(row)), *[(0, 0)] * (row.ndim - 1)]) for row in rows]
    )


def read(folder: pathlib.Path, **values: np.ndarray) -> formats.Recording:
    np.savez(folder / "recording.npz", allow_pickle=True, **values)
    return formats.read(folder / "recording.npz", LIMIT)


@pytest.mark.parametrize("told", [{}, {"ep_lens": np.array(LENGTHS)}])
def test_shorter_episodes_are_filled_up(told, tmp_path: pathlib.Path):
    recorded = {"obs": stacked("observations"), "acs": stacked("actions")}
    rewards = {"rews": stacked("rewards"), "ep_rets": RETURNS}
    walks.check(read(tmp_path, **recorded, **rewards, **told).episodes, outcomes=False)
    recorded["obs"] = stacked("observations", LIMIT + 1)
    walks.check(read(tmp_path, **recorded, **rewards, **told).episodes)


def test_episodes_of_one_length(tmp_path: pathlib.Path):
    recorded = {"obs": stacked("observations")[1::2], "acs": stacked("actions")[1::2]}
    read_episodes = read(tmp_path, **recorded, rews=stacked("rewards")[1::2]).episodes
    assert [len(episode.actions) for episode in read_episodes] == [LIMIT - 1] * 2
    assert not any(episode.terminated for episode in read_episodes)


def test_returns_are_kept_where_there_are_no_rewards(tmp_path: pathlib.Path):
    recorded = {"obs": stacked("observations"), "acs": stacked("actions"), "ep_rets": RETURNS}
    recording = read(tmp_path, **recorded)
    sums = [episode.rewards.sum() for episode in recording.episodes]
    np.testing.assert_allclose(sums, RETURNS)
    assert recording.notes[0] == "rewards: only ep_rets are known"


def test_one_of_a_vector_of_environments(tmp_path: pathlib.Path):
    last = walks.LAST[:, None]
    values = {name: array[:, None] for name, array in walks.arrays(next_obs=walks.NEXT).items()}
    walks.check(read(tmp_path, **values, dones=last).episodes)


@pytest.mark.parametrize("time_first", [True, False])
def test_a_vector_of_environments(time_first, tmp_path: pathlib.Path):
    rng = np.random.default_rng(0)
    steps, ends = rng.normal(size=(30, 4, 3)), np.zeros([30, 4], bool)
    ends[9::10] = True
    values = {
        "obs": np.cumsum(steps, 0) + 20 * np.arange(4)[:, None],
        "actions": rng.normal(size=(30, 4, 2)),
        "rewards": np.ones([30, 4]),
        "dones": ends,
    }
    if not time_first:
        values = {name: array.swapaxes(0, 1) for name, array in values.items()}
    recording = read(tmp_path, **values)
    assert [len(episode.actions) for episode in recording.episodes] == [9] * 12
    assert all(np.abs(np.diff(e.observations, axis=0)).max() < 6 for e in recording.episodes)


def test_observations_and_actions_of_two_axes(tmp_path: pathlib.Path):
    def grid():
        env = gymnasium.make("Pendulum-v1", max_episode_steps=LIMIT)
        env = TransformObservation(env, lambda o: o[:, None], Box(-9, 9, (3, 1)))
        return TransformAction(env, lambda a: a[0], Box(-2, 2, (2, 1)))

    make: Any = grid  # Gymnasium takes functions, its annotation does not say so.
    gymnasium.register("Grid-v0", make)
    values = walks.arrays() | {"next_observations": walks.NEXT}
    for name in "observations", "next_observations", "actions":
        values[name] = values[name][..., None]
    file = tmp_path / "recording.npz"
    for told in {"timeouts": walks.TIMEOUTS, "terminals": walks.TERMINALS}, {"dones": walks.LAST}:
        np.savez(file, allow_pickle=True, **values, **told)
        walks.check(imported.read(file, "Grid-v0").episodes)
        # Without the environment, what has one number a row tells the rows.
        read_alone = formats.read(file, LIMIT).episodes
        walks.check(
            [
                episode._replace(
                    observations=episode.observations[..., 0], actions=episode.actions[..., 0]
                )
                for episode in read_alone
            ]
        )
    # Nothing but the environment tells it here.
    del values["rewards"], values["next_observations"]
    np.savez(file, allow_pickle=True, **values, timeouts=walks.TIMEOUTS)
    lengths = [len(episode.actions) for episode in imported.read(file, "Grid-v0").episodes]
    assert sum(lengths) == len(walks.LAST) - 2
    # An episode a row, of such observations.
    np.savez(
        file,
        allow_pickle=True,
        obs=stacked("observations")[..., None],
        acs=stacked("actions")[..., None],
        rews=stacked("rewards"),
    )
    walks.check(imported.read(file, "Grid-v0").episodes, outcomes=False)


def test_episodes_of_other_lengths_are_pickled(tmp_path: pathlib.Path):
    rows = np.empty(len(LENGTHS), object)
    for index, episode in enumerate(walks.EPISODES):
        rows[index] = episode.actions
    with pytest.raises(formats.UserError, match=r"acs is pickled.*episode_lengths=\[len"):
        read(tmp_path, obs=stacked("observations"), acs=rows)
