"""Records experts that are written by hand, as a user might: python experiments/hand_written.py.

Three tasks that are not the paper's, each with a controller of a few lines and in a file format of
its own: Pendulum-v1 in a `.npz`, MountainCarContinuous-v0 in a CSV, LunarLander-v3 (which needs
`gymnasium[box2d]`) in an HDF5 file. The study `newcomer` imitates them.
"""

from collections.abc import Callable
import pathlib
from typing import NamedTuple

from absl import app, flags
import gymnasium
import h5py
import numpy as np
import pandas

OUT = flags.DEFINE_string("out", "recordings", "folder of the files")
EPISODES = 10

Controller = Callable[[np.ndarray], np.ndarray | int]


class Episode(NamedTuple):
    """What a controller did: observations [length + 1, size], actions and rewards [length, ...]."""

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool


def swing_up(observation: np.ndarray) -> np.ndarray:
    """Gives Pendulum the energy that it has at the top, and holds it there."""
    cosine, sine, speed = observation
    angle = np.arctan2(sine, cosine)
    if abs(angle) < 0.6 and abs(speed) < 5:
        torque = -20 * angle - 4 * speed
    else:
        missing_energy = 5 - (speed**2 / 6 + 5 * cosine)
        torque = 3 * missing_energy * (1 if speed >= 0 else -1)
    return np.array([np.clip(torque, -2, 2)], np.float32)


def rock(observation: np.ndarray) -> np.ndarray:
    """Pushes MountainCar to where it is rolling."""
    return np.array([1 if observation[1] >= 0 else -1], np.float32)


def land(observation: np.ndarray) -> int:
    """Leans LunarLander towards the pad, and lets it fall the slower the lower it is."""
    x, y, speed_x, speed_y, angle, spin, left_leg, right_leg = observation
    height = y - 0.5 * abs(x)  # It stays high while it is not above the pad.
    lean = np.clip(0.75 * x + 0.85 * speed_x, -0.25, 0.25)
    wanted_speed = -0.12 - 0.55 * height if height > 0 else 0.05
    if left_leg or right_leg:
        lean, wanted_speed = 0.0, 0.0
    turn = 0.0 if left_leg and right_leg else 0.65 * (lean - angle) - spin
    lift = 0.45 * (wanted_speed - speed_y)
    nothing, left_engine, main_engine, right_engine = range(4)
    if lift > max(abs(turn), 0.05):
        return main_engine
    if abs(turn) > 0.05:
        return left_engine if turn > 0 else right_engine
    return nothing


EXPERTS: dict[str, Controller] = {
    "Pendulum-v1": swing_up,
    "MountainCarContinuous-v0": rock,
    "LunarLander-v3": land,
}


def play(env_name: str, seeds: range) -> list[Episode]:
    """Plays an episode from the start that each seed gives."""
    env = gymnasium.make(env_name)
    episodes = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        observations, actions, rewards, terminated, ended = [observation], [], [], False, False
        while not ended:
            actions.append(EXPERTS[env_name](observation))
            observation, reward, terminated, truncated, _ = env.step(actions[-1])
            observations.append(observation)
            rewards.append(reward)
            ended = terminated or truncated
        episodes.append(
            Episode(np.array(observations), np.array(actions), np.array(rewards), bool(terminated))
        )
    env.close()
    return episodes


def write_npz(episodes: list[Episode], file: pathlib.Path) -> None:
    """A row for each step, and `dones` where an episode ends, whatever the reason."""
    np.savez(
        file,
        obs=np.concatenate([episode.observations[:-1] for episode in episodes]),
        next_obs=np.concatenate([episode.observations[1:] for episode in episodes]),
        acts=np.concatenate([episode.actions for episode in episodes]),
        rews=np.concatenate([episode.rewards for episode in episodes]),
        dones=np.concatenate([_is_last(episode) for episode in episodes]),
    )


def write_csv(episodes: list[Episode], file: pathlib.Path) -> None:
    """A line for each step; an episode's last line has an observation, but no action."""
    tables = []
    for number, episode in enumerate(episodes):
        size = episode.observations.shape[1]
        columns = [f"observation_{index}" for index in range(size)]
        table = pandas.DataFrame(episode.observations, columns=columns)
        table.insert(0, "episode", number)
        table["action"] = pandas.Series(episode.actions.ravel())
        table["reward"] = pandas.Series(episode.rewards)
        table["terminated"] = pandas.Series(_is_last(episode) & episode.terminated).astype("Int64")
        tables.append(table)
    pandas.concat(tables).to_csv(file, index=False)


def write_hdf5(episodes: list[Episode], file: pathlib.Path) -> None:
    """D4RL's keys: a row for each step, and apart what ended an episode."""
    last = np.concatenate([_is_last(episode) for episode in episodes])
    terminated = np.concatenate([_is_last(e) & e.terminated for e in episodes])
    with h5py.File(file, "w") as container:
        container["observations"] = np.concatenate([e.observations[:-1] for e in episodes])
        container["actions"] = np.concatenate([e.actions for e in episodes])
        container["rewards"] = np.concatenate([e.rewards for e in episodes])
        container["terminals"] = terminated
        container["timeouts"] = last & ~terminated
        container["next_observations"] = np.concatenate([e.observations[1:] for e in episodes])


def _is_last(episode: Episode) -> np.ndarray:
    length = len(episode.actions)
    return np.arange(length) == length - 1


def main(_: list[str]) -> None:
    folder = pathlib.Path(OUT.value)
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(EPISODES)
    write_npz(play("Pendulum-v1", seeds), folder / "Pendulum-v1.npz")
    write_csv(play("MountainCarContinuous-v0", seeds), folder / "MountainCarContinuous-v0.csv")
    write_hdf5(play("LunarLander-v3", seeds), folder / "LunarLander-v3.hdf5")


if __name__ == "__main__":
    app.run(main)
