import dataclasses
from typing import Any

import gymnasium
import numpy as np
import pytest
import tensorflow as tf

from mgail_tf.algorithms.authors import AuthorsLoop, turn_of
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.data.demonstrations import Demonstrations
from mgail_tf.envs.single import SingleEnvironment
from mgail_tf.errors import UserError

SMALL: dict[str, Any] = {
    "preparation_iterations": 4,
    "turn_iterations": 2,
    "piece_interval": 3,
    "piece_steps": 3,
    "test_interval": 5,
    "episode_steps": 6,
    "replay_steps": 20,
    "batch_size": 4,
    "policy_segments": 2,
    "segment_length": 2,
    "policy_hidden": (6, 5),
    "discriminator_hidden": (7, 4),
    "forward_model_width": 5,
}
SPACES = {
    "continuous": gymnasium.spaces.Box(-1.0, 1.0, (2,)),
    "discrete": gymnasium.spaces.Discrete(3),
}
DEMONSTRATED = 100.0


class Line:
    """An environment on a line: the agent goes up by one with every step, and ends at `length`.

    Its observation is the place and the number of the episode; `log` has what was done to it.
    """

    def __init__(self, length=8):
        self.length, self.log, self.steps, self.episode = length, [], 0, -1
        self.reset()

    def _begin(self, place, what):
        self.place, self.start, self.ended = place, place, False
        self.episode += 1
        self.log.append(what)
        self.observation = np.array([place, self.episode], np.float32)
        return self.observation

    def reset(self):
        return self._begin(0.0, "reset")

    def reset_to(self, observation):
        return self._begin(float(observation[0]), "reset_to")

    def step(self, action):
        assert not self.ended
        self.place += 1
        self.steps += 1
        self.log.append(np.array(action))
        self.observation = np.array([self.place, self.episode], np.float32)
        self.ended = self.place - self.start >= self.length
        return self.observation, self.ended, self.ended


def demonstrations(space, size=2, pairs=12):
    rng = np.random.default_rng(0)
    observations = rng.normal(size=(pairs + 1, size)).astype(np.float32)
    observations[:, 0] += DEMONSTRATED
    space.seed(0)
    actions = np.array([space.sample() for _ in range(pairs)])
    ended = np.arange(pairs) == pairs - 1
    return Demonstrations(observations[:-1], actions, observations[1:], ended, ended, 1, None, 0.01)


def make_loop(kind="continuous", seed=0, size=2, compiled=False, **settings: Any) -> Any:
    space = SPACES[kind]
    options = AuthorsOptions(**{**SMALL, **settings})
    return AuthorsLoop(options, demonstrations(space, size), space, seed, compiled)


def weights(loop):
    """Copies of each network's weights."""
    networks = loop.networks
    return {
        name: [weight.numpy() for weight in getattr(networks, name).trainable_variables]
        for name in ("policy", "discriminator", "forward_model")
    }


def changed(before, after):
    return {
        name
        for name in before
        if any((a != b).any() for a, b in zip(before[name], after[name], strict=True))
    }


def without_updates(loop):
    """The loop with updates that do nothing, which saves their tracing."""
    loop.update_with_policy = lambda *drawn: {"policy/loss": 0.0}
    loop.update_with_discriminator = lambda *drawn: {"discriminator/loss": 0.0}
    return loop


def test_turns_of_the_authors():
    options = AuthorsOptions()
    turns = [turn_of(iteration, options) for iteration in range(1500)]
    policy = np.flatnonzero([turn.policy for turn in turns])
    assert policy.tolist() == [1000, *range(1101, 1201), *range(1301, 1401)]
    pieces = np.flatnonzero([turn.piece for turn in turns])
    assert pieces.tolist() == list(range(1005, 1500, 15))
    assert np.flatnonzero([turn.test for turn in turns]).tolist() == [0, 1000]


def test_each_iteration_updates_the_forward_model_and_one_other():
    loop, environment = make_loop(), Line()
    while loop._replay.stored < loop.options.replay_steps:
        before = weights(loop)
        assert loop.learn(environment) == {}
        assert changed(before, weights(loop)) == set()
    for iteration in range(12):
        before = weights(loop)
        metrics = loop.learn(environment)
        other = "policy" if turn_of(iteration, loop.options).policy else "discriminator"
        assert changed(before, weights(loop)) == {"forward_model", other}
        assert {f"{other}/loss", "forward_model/loss"} <= set(metrics)
        assert all(np.isfinite(value) for value in metrics.values())


def test_what_enters_the_buffer():
    loop, environment = without_updates(make_loop()), Line()
    options, pushed = loop.options, []
    push = loop._replay.push
    loop._replay.push = lambda transitions: (pushed.append(transitions), push(transitions))
    episodes = 0
    while loop._replay.stored < options.replay_steps:
        environment.log.clear()
        loop.learn(environment)
        episodes += 1
        # Whole episodes, but for the limit.
        assert environment.log[0] == "reset"
        assert len(pushed.pop().action) == len(environment.log) - 1 == options.episode_steps
    assert episodes == 4
    for iteration in range(12):
        environment.log.clear()
        stands = environment.place
        loop.learn(environment)
        turn = turn_of(iteration, options)
        expected = []
        if turn.policy:
            # The policy's segments go on from there, and do not enter the buffer.
            own = options.policy_segments * options.segment_length
            resets = [index for index, what in enumerate(environment.log) if str(what) == "reset"]
            assert (0 in resets) == (stands >= environment.length and stands < DEMONSTRATED / 2)
            del environment.log[: own + len([index for index in resets if index < own])]
        if turn.piece:
            assert environment.log.pop(0) == "reset_to"
            del environment.log[: options.piece_steps]
            expected.append((options.piece_steps, DEMONSTRATED))
        if turn.test:
            assert environment.log.pop(0) == "reset"
            del environment.log[: options.episode_steps]
            expected.append((options.episode_steps, 0.0))
        assert environment.log == []
        mean, stddev = loop.observations.mean.numpy(), loop.observations.stddev.numpy()
        for (length, place), transitions in zip(expected, pushed, strict=True):
            places = transitions.observation[:, 0] * stddev[0] + mean[0]
            assert places[0] == pytest.approx(place, abs=5.0)
            np.testing.assert_allclose(np.diff(places), 1.0, rtol=1e-4)
            following = transitions.next_observation[:, 0] * stddev[0] + mean[0]
            np.testing.assert_allclose(following, places + 1, rtol=1e-4)
            assert len(transitions.action) == length
        pushed.clear()


def test_pieces_end_with_the_episode():
    loop = without_updates(make_loop(piece_steps=12, episode_steps=100))
    environment, pushed = Line(length=5), []
    while loop._replay.stored < loop.options.replay_steps:
        loop.learn(environment)
    loop._replay.push = lambda transitions: pushed.append(len(transitions.action))
    for _ in range(12):
        loop.learn(environment)
    assert pushed == [5] * len(pushed) and len(pushed) > 4


def test_policys_segments_go_on_and_begin_anew_where_an_episode_has_ended():
    loop, environment = make_loop(policy_segments=3, segment_length=4), Line(length=6)
    rng = np.random.default_rng(0)
    segments = loop._actor.act_in_segments(loop.networks.policy, environment, rng)
    assert segments.alive.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 1]]
    mean, stddev = loop.observations.mean.numpy(), loop.observations.stddev.numpy()
    places = segments.observation[:, 0] * stddev[0] + mean[0]
    np.testing.assert_allclose(places, [0.0, 4.0, 0.0], atol=1e-4)
    episodes = segments.observation[:, 1] * stddev[1] + mean[1]
    np.testing.assert_allclose(episodes, [0.0, 0.0, 1.0], atol=1e-4)
    assert environment.place == 4.0
    assert [what for what in environment.log if isinstance(what, str)] == ["reset", "reset"]


@pytest.mark.parametrize("kind", SPACES)
def test_the_unroll_takes_the_actions_that_were_taken(kind):
    loop, environment = make_loop(kind, policy_segments=3, segment_length=4), Line(length=100)
    rng = np.random.default_rng(0)
    environment.log.clear()
    segments = loop._actor.act_in_segments(loop.networks.policy, environment, rng)
    shape = [12, -1]
    observation = np.concatenate(
        [segments.observation[:, None], segments.next_observation[:, :-1]], 1
    ).reshape(shape)
    masks = segments.policy_mask.reshape(shape)
    # Dropout with what keeps the mean.
    np.testing.assert_allclose(np.unique(masks), [0.0, 1 / 0.75], rtol=1e-6)
    action = loop.networks.act(observation, segments.noise.reshape(shape), masks)
    executed = loop.actions.decode(action)
    np.testing.assert_allclose(executed, np.stack(environment.log), rtol=1e-5, atol=1e-6)
    other = loop.networks.act(observation, segments.noise.reshape(shape), masks[::-1])
    assert np.abs(other - action).max() > 1e-3


def residual(loop, transitions):
    """What actions differ by from the policy's mean, without dropout."""
    noise = np.zeros(transitions.action.shape, np.float32)
    mean = loop.networks.act(transitions.observation, noise, np.float32(1.0))
    return transitions.action - mean


def test_noise_of_segments_is_smaller_by_the_deviation_of_the_actions():
    loop = make_loop(dropout=0.0, policy_segments=500, segment_length=4)
    environment, rng = Line(length=5000), np.random.default_rng(0)
    steps = loop._actor.act(loop.networks.policy, environment, 2000, rng)
    seen = steps._replace(observation=loop.observations.encode(steps.observation))
    np.testing.assert_allclose(residual(loop, seen).numpy().std(0), 1 / 6, rtol=0.1)
    segments = loop._actor.act_in_segments(loop.networks.policy, environment, rng)
    # Whatever the unit of the actions is.
    space = SPACES["continuous"]
    deviation = demonstrations(space).actions.std(0) / ((space.high - space.low) / 2)
    np.testing.assert_allclose(segments.noise.std((0, 1)), deviation / 6, rtol=0.1)


def test_test_episodes_alone_have_neither_noise_nor_dropout():
    loop, environment = without_updates(make_loop(piece_interval=1)), Line()
    pushed, push = [], loop._replay.push
    loop._replay.push = lambda transitions: (pushed.append(transitions), push(transitions))
    while loop._progress.iteration < 6:
        loop.learn(environment)
    quiet = [np.abs(residual(loop, transitions)).max() < 1e-5 for transitions in pushed]
    # Four episodes fill the buffer; the tests are those of the iterations 0 and 5.
    assert quiet == [False] * 4 + [True] + [False] * 2 + [True]


def test_a_component_that_was_constant_is_seen_as_far_as_the_agent_goes():
    space = SPACES["continuous"]
    rows = demonstrations(space)
    rows.observations[:, 0] = rows.next_observations[:, 0] = 0.5
    loop = AuthorsLoop(AuthorsOptions(**SMALL), rows, space, seed=0, compiled=False)
    environment = Line()
    loop.learn(environment)
    first = loop._replay._held().next_observation[:, 0].copy()
    assert first.min() > 0.0 and first.max() == 1.0
    environment.length = 40
    loop.options = dataclasses.replace(loop.options, episode_steps=11)
    loop.learn(environment)
    widest = (11 - 0.5) / (6 - 0.5)
    np.testing.assert_allclose(
        loop._replay._held().next_observation[: first.size, 0], first / widest
    )


@pytest.mark.parametrize("model", ["advanced", "basic"])
def test_initial_weights(model):
    settings: dict[str, Any] = {"policy_hidden": (100, 50), "discriminator_hidden": (200, 100)}
    loop = make_loop(forward_model=model, forward_model_width=100, **settings)
    networks = loop.networks
    for network in networks.policy, networks.discriminator, networks.forward_model:
        assert len(network.trainable_variables) >= 6
        for weight in network.trainable_variables:
            values = weight.numpy().ravel()
            error = 4 * 0.15 / np.sqrt(2 * values.size)
            assert np.sqrt(np.mean(values**2)) == pytest.approx(0.15, abs=error)
            assert abs(values.mean()) < 4 * 0.15 / np.sqrt(values.size)
    drawn = weights(loop)
    assert (
        changed(drawn, weights(make_loop(forward_model=model, forward_model_width=100, **settings)))
        == set()
    )
    other = make_loop(forward_model=model, forward_model_width=100, seed=1, **settings)
    assert changed(drawn, weights(other)) == set(drawn)


def environments(kind, seed):
    name = {"continuous": "InvertedPendulum-v5", "discrete": "CartPole"}[kind]
    return SingleEnvironment(name, seed)


@pytest.mark.parametrize("kind", SPACES)
def test_a_resumed_loop_goes_on_exactly(kind, tmp_path):
    def make():
        environment = environments(kind, 5)
        space = environment.action_space
        rows = demonstrations(space, 4)
        # The agent makes it vary, and its scale is learned on the way.
        rows.observations[:, 3] = rows.next_observations[:, 3] = 0.0
        loop = AuthorsLoop(AuthorsOptions(**SMALL), rows, space, 5, compiled=False)
        return loop, environment, tf.train.Checkpoint(learner=loop, collector=environment)

    def learn(loop, environment):
        metrics = loop.learn(environment)
        state = environment.steps, environment.observation.tolist()
        return {name: float(value) for name, value in metrics.items()}, state

    loop, environment, checkpoint = make()
    # While the buffer fills, in the middle of the policy's turn, in the discriminator's.
    interruptions, history = [2, 12, 18], []
    for number in range(24):
        if number in interruptions:
            checkpoint.write(str(tmp_path / str(number)))
        history.append(learn(loop, environment))
    assert loop._progress.iteration > 10
    other, resumed, checkpoint = make()
    for number in interruptions:
        checkpoint.read(str(tmp_path / str(number))).assert_consumed()
        assert [learn(other, resumed) for _ in range(number, 24)] == history[number:]
        assert changed(weights(loop), weights(other)) == set()
        scales = [each.observations.stddev.numpy() for each in (loop, other)]
        np.testing.assert_array_equal(*scales)
        assert np.isfinite(scales[0]).all()


@pytest.mark.parametrize("length", [3, 1000])
def test_steps_of_a_round_are_bounded(length):
    loop, environment = without_updates(make_loop()), Line(length)
    rounds = []
    for _ in range(20):
        bound, before = loop.steps_per_round, environment.steps
        loop.learn(environment)
        rounds.append((environment.steps - before, bound))
    assert all(taken <= bound for taken, bound in rounds)
    assert any(taken == bound for taken, bound in rounds)
    assert not loop.finished


def test_budget():
    options = AuthorsOptions(**SMALL)
    options.check_budget(options.least_steps)
    with pytest.raises(UserError, match=f"`total_steps={options.least_steps - 1}"):
        options.check_budget(options.least_steps - 1)
    for length in 1, 5, 1000:
        loop, environment, metrics = without_updates(make_loop()), Line(length), {}
        while environment.steps + loop.steps_per_round <= options.least_steps:
            metrics = loop.learn(environment)
            if "policy/loss" in metrics:
                break
        assert "policy/loss" in metrics


@pytest.mark.parametrize(
    "settings", [{"dropout": 1.0}, {"forward_model": "other"}, {"policy_hidden": (0,)}]
)
def test_numbers_out_of_range(settings):
    [(name, _)] = settings.items()
    with pytest.raises(UserError, match=f"`{name}="):
        AuthorsOptions(**settings)


def test_compiled_updates_do_the_same():
    loops = [make_loop(compiled=compiled) for compiled in (False, True)]
    for loop in loops:
        environment = Line()
        for _ in range(12):
            loop.learn(environment)
    plain, compiled = (weights(loop) for loop in loops)
    for name in plain:
        for one, other in zip(plain[name], compiled[name], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-4)


def test_steps_that_lead_nowhere_do_not_enter_the_data():
    class Diverging(Line):
        """Does so in the first step of an episode, and in the third one of the next."""

        def step(self, action) -> Any:
            result = super().step(action)
            if (self.episode, self.place - self.start) in ((1, 1), (2, 3)):
                self.ended = True
                return None, False, True
            return result

    loop, environment = make_loop(), Diverging()
    environment.reset()
    rng = np.random.default_rng(0)
    taken = loop._actor.act(loop.networks.policy, environment, 9, rng)
    # The first one has not a single step.
    assert environment.episode == 2 and len(taken.action) == 2
    assert len(taken.observation) == len(taken.next_observation) == 2
    assert (taken.observation[:, 1] == 2).all()
