"""What demonstrations say of where they come from, and what their numbers say."""

import contextlib
import json
import pathlib
from typing import Any
import warnings

import gymnasium
from gymnasium import spaces
from gymnasium.wrappers import RescaleAction
import minari
import numpy as np
import pytest
import sample_data

from mgail_tf.data import demonstrations, minari_writer, origin, plausibility
from mgail_tf.data.fingerprint import of as fingerprint_of
from mgail_tf.data.measurements import Measurements, Measuring, of_environment, of_episodes
from mgail_tf.data.origin import Origin
from mgail_tf.envs.episodes import Episode
from mgail_tf.envs.make import make_environment
from mgail_tf.errors import DataWarning, UserError

LENGTH = 30


class Cart(gymnasium.Env):
    """A mass on a rail that a spring pulls back; the units of its numbers are arguments."""

    def __init__(self, force=1.0, unit=1.0, begins_at=0.0, moves=(1.0, 1.0), spread=1.0):
        self.force, self.unit, self.begins_at = force, np.array(unit), begins_at
        self.moves, self.spread = np.array(moves), spread
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float64)
        self.action_space = spaces.Box(-force, force, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.spread * self.np_random.uniform(-1, 1, 2)
        return self.observe(), {}

    def observe(self):
        return (self.state * self.moves + [self.begins_at, 0.0]) * self.unit

    def step(self, action):
        push = float(action[0]) / self.force - 2 * self.state[0]
        self.state = self.state + 0.1 * np.array([self.state[1], push])
        return self.observe(), 0.0, False, False, {}


def register(name, **kwargs):
    entry: Any = Cart
    gymnasium.register(f"{name}-v0", entry, max_episode_steps=LENGTH, kwargs=kwargs)
    return f"{name}-v0"


CART = register("OriginCart")
SAME = register("OriginCartAgain")
STRONG = register("OriginCartStrong", force=5.0)
SMALL = register("OriginCartSmall", unit=1e-4)
FAR = register("OriginCartFar", begins_at=50.0)
STILL = register("OriginCartStill", moves=(1.0, 0.0))
NARROW = register("OriginCartNarrow", spread=0.05)


def record(env_name, episodes=8, seed=100, wrap=lambda env: env):
    """Episodes of a controller that pushes as hard as it may, and sometimes less."""
    env = wrap(gymnasium.make(env_name))
    rng, recorded = np.random.default_rng(seed), []
    for number in range(episodes):
        observations, actions = [env.reset(seed=seed + number)[0]], []
        for _ in range(LENGTH):
            wish = rng.normal(size=1) * env.action_space.high
            actions.append(np.clip(wish, env.action_space.low, env.action_space.high))
            observations.append(env.step(actions[-1])[0])
        rewards = np.zeros(LENGTH)
        recorded.append(
            Episode(np.array(observations), np.array(actions, np.float32), rewards, False)
        )
    return recorded


def write(env_name, tmp_path, **options) -> pathlib.Path:
    minari_writer.write(record(env_name, **options), env_name, tmp_path / "dataset")
    return tmp_path / "dataset"


def load(dataset, env_name, **options):
    """Loads; returns the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        demonstrations.load(dataset, env_name, **options)
    return [str(each.message) for each in caught if each.category is DataWarning]


def test_what_is_written_says_where_it_comes_from(tmp_path):
    dataset = write(CART, tmp_path)
    read = minari.MinariDataset(dataset / "data")
    found = origin.of_dataset(read)
    assert found.env_id == CART and found.version and found.fingerprint
    assert found.action_space == spaces.Box(-1.0, 1.0, (1,), np.float32)
    loaded = demonstrations.load(dataset, CART).origin
    assert loaded and loaded.fingerprint == found.fingerprint
    # JSON keeps all of it.
    again = Origin.from_json(json.loads(json.dumps(loaded.to_json())))
    assert loaded.measured and again.measured
    for one, other in zip(again.measured, loaded.measured, strict=True):
        np.testing.assert_array_equal(one, other)
    assert again._replace(measured=None) == loaded._replace(measured=None)


def test_a_dataset_that_was_changed_says_so(tmp_path):
    import h5py

    dataset = write(CART, tmp_path)
    assert load(dataset, CART) == []
    with h5py.File(dataset / "data" / "main_data.hdf5", "r+") as file:
        file["episode_3"]["actions"][5] += 0.25  # type: ignore[index]
    [warning] = load(dataset, CART)
    assert "was changed after it was written" in warning
    # A part of it says nothing about the whole.
    assert load(dataset, CART, num_trajectories=7) == []


def test_fingerprints_are_of_numbers_not_of_types():
    one = np.arange(6.0).reshape(2, 3)
    same = fingerprint_of({"b": one, "a": None}, (1, True))
    assert fingerprint_of({"a": None, "b": one.astype(np.float32)}, (1.0, 1)) == same
    others = [one.reshape(3, 2), one + 1e-9, one[:, ::-1], np.append(one, 0.0)]
    names = {fingerprint_of({"b": other, "a": None}, (1, True)) for other in others}
    assert len(names) == 4 and same not in names


def test_another_name_alone_is_a_line_with_figures(tmp_path):
    [warning] = load(write(CART, tmp_path), SAME)
    assert f"made in {CART}, not in {SAME}" in warning
    assert "0% of the actions outside of the bounds" in warning
    assert "of `reset`'s range apart" in warning and "\n" not in warning


@pytest.mark.parametrize(
    ("made_in", "used_in", "says"),
    [
        (CART, STRONG, "actions' bounds are -1 to 1, here -5 to 5; the actions use 20%"),
        (STRONG, CART, "of the actions are outside of the bounds"),
        (CART, SMALL, "first observations of components 0, 1 are"),
        (SMALL, CART, "components 0, 1 hardly vary, and vary in the environment"),
        (CART, FAR, "first observations of component 0 are"),
        (FAR, CART, "first observations of component 0 are"),
        (CART, STILL, "first observations of component 1 are"),
        (STILL, CART, "component 1 hardly vary"),
    ],
)
def test_another_name_and_other_numbers_are_refused_unless_accepted(
    made_in, used_in, says, tmp_path
):
    dataset = write(made_in, tmp_path)
    with pytest.raises(UserError, match="is of another environment than") as error:
        demonstrations.load(dataset, used_in)
    assert says in str(error.value) and f"made in {made_in}, not in {used_in}" in str(error.value)
    assert "`accept_mismatch`" in str(error.value)
    [warning] = load(dataset, used_in, accept_mismatch=True)
    assert says in warning


def test_what_was_imported_says_what_the_user_said(tmp_path):
    dataset = tmp_path / "dataset"
    minari_writer.write(record(CART), CART, dataset, imported=True)
    loaded = demonstrations.load(dataset, CART).origin
    assert loaded and loaded.imported_for == CART and loaded.env_id is None
    [warning] = load(dataset, SAME)
    assert f"imported for {CART}, not for {SAME}" in warning and "made in" not in warning
    with pytest.raises(UserError, match=f"imported for {CART}, not for {STRONG}"):
        demonstrations.load(dataset, STRONG)


def test_a_wrong_environment_at_import_is_no_evidence(tmp_path):
    minari_writer.write(record(CART), STRONG, tmp_path / "dataset", imported=True)
    # Used as it was imported: only numbers speak against it.
    [warning] = load(tmp_path / "dataset", STRONG)
    assert "may not be of" in warning and "imported for" not in warning
    # Used where it was made, it is right.
    [warning] = load(tmp_path / "dataset", CART)
    assert "what can be measured fits" in warning and "bounds are" not in warning


def test_other_numbers_alone_are_a_warning():
    # As when the recording of another robot is imported for this one.
    env = gymnasium.make(STRONG)
    with pytest.warns(DataWarning, match="the actions use 20% of the bounds"):
        plausibility.check("mine.npz", Origin(measured=of_episodes(record(CART))), env)


def test_a_recording_behind_rescaled_actions_is_refused(tmp_path):
    def rescale(env):
        return RescaleAction(env, np.float32(-1.0), np.float32(1.0))

    episodes, env = record(STRONG, wrap=rescale), rescale(gymnasium.make(STRONG))
    recorded = origin.of_environment(env)._replace(measured=of_episodes(episodes))
    with pytest.raises(UserError, match="behind RescaleAction.*bounds are -1 to 1, here -5 to 5"):
        plausibility.check("mine", recorded, gymnasium.make(STRONG))


def test_actions_that_stop_within_the_bounds():
    # Clipped to 0.6 of the bounds: more than careful, and yet not these bounds.
    def clip(episode):
        return episode._replace(actions=np.clip(episode.actions, -0.6, 0.6))

    episodes = record(CART)
    space = gymnasium.make(CART).action_space
    compared = plausibility.compare(of_episodes(list(map(clip, episodes))), None, space)
    [found] = compared.contradictions
    assert "stop within the bounds" in found and "-0.6 to 0.6" in found
    assert not plausibility.compare(of_episodes(episodes), None, space).contradictions


def test_to_begin_in_a_small_part_is_a_remark(tmp_path):
    [warning] = load(write(NARROW, tmp_path, episodes=12), CART)
    assert "begin in less than a tenth of `reset`'s range (components 0, 1)" in warning
    # It is the usual thing with one or two.
    [warning] = load(write(NARROW, tmp_path / "two", episodes=2), CART)
    assert "what can be measured fits" in warning


@pytest.mark.parametrize("task", sample_data.COMMITTED)
def test_nothing_is_said_of_the_projects_own(task):
    folder = sample_data.EXPERT_DATA / task / "demonstrations" / str(sample_data.COMMITTED[task])
    for options in {"num_trajectories": 1}, {"subsample": 20}:
        assert load(folder, task, **options) == []


@pytest.mark.parametrize(
    ("one", "other"), [("HalfCheetah", "Walker2d"), ("Walker2d", "HalfCheetah")]
)
def test_robots_of_the_same_sizes_are_told_apart(one, other):
    with pytest.raises(
        UserError, match=rf"made in {one}-v5, not in {other}-v5; first observations"
    ):
        demonstrations.load(sample_data.EXPERT_DATA / one / "demonstrations" / "4", other, 1)


def test_an_environment_that_fails_is_not_measured():
    class Failing(Cart):
        def step(self, action):
            raise RuntimeError("no connection")

    assert of_environment(Failing()) is None
    nothing = plausibility.compare(of_episodes(record(CART)), None, Cart().action_space)
    assert nothing.contradictions == []


def test_quantiles_are_of_actions_that_were_taken():
    measured = of_episodes(record(CART, episodes=2))
    assert isinstance(measured, Measurements) and measured.actions is not None
    assert measured.episodes == 2 and measured.actions.shape == (101, 1)
    assert measured.actions[0] == -1.0 and measured.actions[-1] == 1.0


def test_alternatives_that_an_expert_never_takes_are_no_sign_of_another_environment():
    # Acting at random enters places of the lake that are on nobody's way.
    measuring = Measuring()
    for _ in range(2):
        measuring.add(np.eye(16)[[0, 4, 8, 9, 13, 14, 15]], np.array([1, 1, 2, 1, 2, 2]))
    with contextlib.closing(make_environment("FrozenLake-v1")) as env:
        compared = plausibility.compare(measuring.result(), of_environment(env), env.action_space)
    assert compared.contradictions == []
