"""What the authors' loop does in the environment, and what of it enters the data."""

import dataclasses
from typing import Any

from authors_loops import (
    DEMONSTRATED,
    SMALL,
    SPACES,
    Line,
    demonstrations,
    make_loop,
    without_updates,
)
import numpy as np
import pytest

from mgail_tf.algorithms.authors import AuthorsLoop, turn_of
from mgail_tf.algorithms.authors_options import AuthorsOptions


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
