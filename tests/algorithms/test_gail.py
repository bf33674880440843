"""GAIL's reward, its updates, and that torch and Keras have the same policy."""

import gymnasium
import numpy as np
import pytest
import sample_data
import segments
import tensorflow as tf

pytest.importorskip("sb3_contrib")

from mgail_tf.algorithms import gail, trust_region
from mgail_tf.algorithms.gail import GAIL, reward_of
from mgail_tf.algorithms.gail_options import GAILOptions
from mgail_tf.data.replay import Replay, Segment
from mgail_tf.networks.build import Encoders
from mgail_tf.networks.discriminator import AGENT, EXPERT
from mgail_tf.networks.encoding import ObservationEncoder, action_encoder

pytestmark = pytest.mark.usefixtures("eagerly")

OBSERVATION, NUM_ENVS, LENGTH = 3, 2, 4
BOX = gymnasium.spaces.Box(-1.0, 1.0, (2,))
CHOICES = gymnasium.spaces.MultiDiscrete([3, 2])
SPACES = pytest.mark.parametrize("space", [BOX, CHOICES], ids=["continuous", "discrete"])
SMALL = {
    "num_envs": NUM_ENVS,
    "batch_steps": NUM_ENVS * LENGTH,
    "policy_hidden": (6, 5),
    "value_hidden": (7,),
    "discriminator_hidden": (8,),
    "batch_size": 4,
    "discriminator_updates": 2,
    "value_passes": 2,
}


def make(space: gymnasium.Space = BOX, *, termination_is_goal: bool = False, **options) -> GAIL:
    encoders = Encoders(
        ObservationEncoder(np.full(OBSERVATION, 0.5), np.full(OBSERVATION, 2.0), 10.0),
        action_encoder(space, 0.1, 0.5),
    )
    rng = np.random.default_rng(0)
    space.seed(0)
    actions = np.array([space.sample() for _ in range(30)])
    if space is BOX:
        actions = rng.uniform(-1.0, 1.0, (30, 2)).astype(np.float32)
    demonstrated = Replay.of(sample_data.draw(30, OBSERVATION, actions), encoders, 1)
    options = GAILOptions(**SMALL | options)
    return GAIL(
        options,
        encoders,
        demonstrated,
        termination_is_goal=termination_is_goal,
        seed=3,
        total_steps=10_000,
    )


class Collector:
    """Acts in observations that are drawn; the agent has no influence on them.

    Args:
      **ends: where episodes end; as of `draw_segment`.
    """

    cut = np.zeros(NUM_ENVS, bool)
    steps = non_finite_steps = 0

    def __init__(self, **ends):
        self._ends = ends

    def collect(self, act, length):
        tensors = segments.draw_segment(length, NUM_ENVS, OBSERVATION, 2, **self._ends)
        drawn = Segment(*map(np.array, tensors))
        goes_on = drawn.ended[:-1] == 0.0
        drawn.next_observation[:-1][goes_on] = drawn.observation[1:][goes_on]
        # All steps at once, which is quicker.
        acted = act(drawn.observation.reshape(-1, OBSERVATION), np.array([3, 0]))
        action, noise = (np.reshape(each, (length, NUM_ENVS, -1)) for each in acted)
        return drawn._replace(action=action, noise=noise)

    def pause(self):
        pass

    def close(self):
        pass


def test_rewards_are_what_the_paper_says_of_the_probability_that_it_is_the_agent():
    logits = np.random.default_rng(0).normal(scale=3.0, size=(50, 2))
    odds = np.exp(logits)
    agent = odds[:, AGENT] / odds.sum(-1)
    np.testing.assert_allclose(reward_of(logits, positive=True), -np.log(agent))
    np.testing.assert_allclose(reward_of(logits, positive=False), np.log(1.0 - agent))


def test_the_positive_reward_of_the_best_discriminator_is_the_logarithm_of_a_ratio_plus_one():
    expert, agent = np.random.default_rng(0).uniform(0.1, 1.0, (2, 50))  # Densities.
    logits = np.zeros([50, 2])
    logits[:, EXPERT], logits[:, AGENT] = np.log(expert), np.log(agent)
    np.testing.assert_allclose(reward_of(logits, positive=True), np.log(1.0 + expert / agent))


@pytest.mark.parametrize("positive", [True, False])
def test_a_reward_rises_with_the_odds_of_the_expert_and_has_the_logistic_slope(positive):
    odds = tf.linspace(-6.0, 6.0, 25)
    with tf.GradientTape() as tape:
        tape.watch(odds)
        reward = reward_of(tf.stack([odds, tf.zeros_like(odds)], -1), positive=positive)
    probability = 1.0 / (1.0 + np.exp(-odds))  # That it is the expert.
    slope = probability if positive else 1.0 - probability
    np.testing.assert_allclose(tape.gradient(reward, odds), slope, rtol=1e-4)
    assert ((reward.numpy() > 0.0) == positive).all()


@pytest.mark.parametrize(
    ("reward", "goal", "positive"),
    [
        ("auto", False, True),
        ("auto", True, False),
        ("positive", True, True),
        ("negative", False, False),
    ],
)
def test_the_form_of_the_reward_follows_the_demonstrations_unless_it_is_chosen(
    reward, goal, positive
):
    learner = make(reward=reward, termination_is_goal=goal)
    assert learner.positive_reward == positive
    segment = segments.draw_segment(LENGTH, NUM_ENVS, OBSERVATION, 2)
    judged = learner.judge(segment.observation, segment.action, segment.noise)[1]
    logits = learner.discriminator(segment.observation, segment.action)
    np.testing.assert_allclose(judged, reward_of(logits, positive=positive), rtol=1e-6)


def watch(learner, monkeypatch):
    """What TRPO is given in the next iteration, and its buffer after it, by name."""
    seen, update = {}, learner._trust_region.update

    def watched(policy, rollout, seed):
        seen["rollout"] = rollout
        seen["before"] = policy.get_weights()
        metrics = update(policy, rollout, seed)
        seen["buffer"] = learner._trust_region._trpo.rollout_buffer
        return metrics

    monkeypatch.setattr(learner._trust_region, "update", watched)
    return seen


@SPACES
def test_torch_finds_the_drawn_actions_as_likely_as_keras(space, monkeypatch):
    learner = make(space)
    # A policy whose actions depend on the observation and are often beyond the bounds.
    for layer in learner.policy.layers_to_action:
        layer.set_weights([3.0 * values + 0.3 for values in layer.get_weights()])
    seen = watch(learner, monkeypatch)
    learner.learn(Collector())
    rollout, buffer = seen["rollout"], seen["buffer"]
    learner.policy.set_weights(seen["before"])
    action = rollout.action
    if space is CHOICES:
        action = np.concatenate([np.eye(n)[action[..., i]] for i, n in enumerate((3, 2))], -1)
    else:
        assert (np.abs(0.1 + 0.5 * action) > 1.0).any()
    expected = learner.policy.log_likelihood(rollout.observation, action.astype(np.float32))
    # The buffer is flat by now: an environment after the other.
    np.testing.assert_allclose(buffer.log_probs[:, 0], np.asarray(expected).T.ravel(), rtol=1e-4)


def advantages(reward, values, following, terminated, ended, discount, decay):
    """By the formulas of generalised advantage estimation; everything is [length].

    Rewards are multiplied by 1 - discount.
    """
    found, later = np.zeros_like(reward), 0.0
    for step in reversed(range(len(reward))):
        later_value = following[step] * (1 - terminated[step])
        error = (1 - discount) * reward[step] + discount * later_value - values[step]
        later = error + discount * decay * later * (1 - ended[step])
        found[step] = later
    return found


def test_advantages_end_with_episodes_and_look_beyond_time_limits(monkeypatch):
    learner = make(discount=0.9, gae_lambda=0.8)
    seen = watch(learner, monkeypatch)
    predict = learner._trust_region._trpo.policy.predict_values
    values = []  # Of the observations that follow; those before are in the buffer.
    monkeypatch.setattr(
        learner._trust_region._trpo.policy,
        "predict_values",
        lambda observation: values.append(predict(observation)) or values[-1],
    )
    learner.learn(Collector(terminations=[(1, 0)], ends=[(2, 1)]))
    rollout, buffer = seen["rollout"], seen["buffer"]
    following = values[0].numpy().reshape(LENGTH, NUM_ENVS)
    by_env = {
        name: getattr(buffer, name).reshape(NUM_ENVS, LENGTH)
        for name in ("values", "advantages", "returns")
    }
    for env in range(NUM_ENVS):
        expected = advantages(
            rollout.reward[:, env],
            by_env["values"][env],
            following[:, env],
            rollout.terminated[:, env],
            rollout.ended[:, env],
            discount=0.9,
            decay=0.8,
        )
        np.testing.assert_allclose(by_env["advantages"][env], expected, atol=1e-6)
        np.testing.assert_allclose(
            by_env["returns"][env], expected + by_env["values"][env], atol=1e-6
        )


@SPACES
def test_an_iteration_moves_the_policy_but_not_beyond_the_bound(space):
    learner, collector = make(space, num_envs=NUM_ENVS, batch_steps=400, max_kl=0.02), Collector()
    observation = np.random.default_rng(1).normal(size=(500, OBSERVATION)).astype(np.float32)
    acted = collector.collect(learner.act, 200).observation.reshape(-1, OBSERVATION)
    encoded = learner.encoders.observations.encode(acted)

    def outputs():
        """Logits of each part, or means and deviations, in the states that are seen."""
        if space is CHOICES:
            logits = learner.policy.logits(learner.policy.hidden(encoded))
            return [tf.nn.log_softmax(each).numpy() for each in tf.split(logits, [3, 2], -1)]
        distribution = learner.policy(encoded)
        return [distribution.mean().numpy(), distribution.stddev().numpy()]

    before, actions = outputs(), learner.deployed_policy.stochastic(observation, [0, 1])
    metrics = learner.learn(collector)
    after = outputs()
    if space is CHOICES:
        pairs = zip(after, before, strict=True)
        kl = sum((np.exp(new) * (new - old)).sum(-1).mean() for new, old in pairs)
    else:
        (mean, stddev), (old_mean, old_stddev) = after, before
        ratio = (stddev / old_stddev) ** 2
        # The mean over the components: so sb3 has it.
        kl = 0.5 * (ratio + ((mean - old_mean) / old_stddev) ** 2 - 1 - np.log(ratio)).mean()
    assert 0.002 < kl <= 0.02
    assert metrics["policy/kl"] == pytest.approx(kl, rel=0.01)
    # The policy that acts and is exported is the one that was trained.
    assert np.any(actions != learner.deployed_policy.stochastic(observation, [0, 1]))


@SPACES
def test_the_deployed_policy_acts_as_torch_does(space):
    learner = make(space, batch_steps=100)
    learner.learn(Collector())
    observation = np.random.default_rng(1).normal(size=(300, OBSERVATION)).astype(np.float32)
    seen = learner.encoders.observations.encode(observation).numpy()
    torch_policy = learner._trust_region._trpo.policy
    theirs, _ = torch_policy.predict(seen, deterministic=True)
    ours = learner.deployed_policy.deterministic(observation).numpy()
    if space is CHOICES:
        np.testing.assert_array_equal(ours, theirs)
    else:
        # sb3 clips to the bounds that it was told, which mean nothing here.
        mean = torch_policy.get_distribution(torch_policy.obs_to_tensor(seen)[0]).mode()
        expected = np.clip(0.1 + 0.5 * mean.detach().numpy(), -1.0, 1.0)
        np.testing.assert_allclose(ours, expected, atol=1e-6)
        drawn = learner.deployed_policy.stochastic(np.zeros([20_000, OBSERVATION]), [0, 1])
        expected = 0.5 * np.exp(torch_policy.log_std.detach().numpy())
        inside = np.abs(drawn.numpy()) < 1.0
        assert inside.mean() > 0.5 and expected.shape == (2,)


def test_the_discriminator_learns_to_tell_the_two_apart():
    learner = make(discriminator_updates=10, discriminator_learning_rate=0.03)
    learner.learn(Collector())
    assert learner.learn(Collector())["discriminator/loss"] < 2 * np.log(2.0)
    expert = learner.discriminator(*learner._expert)
    agent = learner.discriminator(*map(tf.convert_to_tensor, learner._newest))
    judged = [reward_of(logits, positive=True).numpy().mean() for logits in (expert, agent)]
    assert judged[0] > judged[1]


def test_no_parameter_of_the_policy_is_left_out():
    learner = make(batch_steps=400)
    before = learner.policy.get_weights()
    learner.learn(Collector())
    changed = [
        (new != old).any() for new, old in zip(learner.policy.get_weights(), before, strict=True)
    ]
    # The kernel of the deviation, which does not depend on the observation, and the noise's scale.
    names = [each.name for each in learner.policy.weights]
    assert len(changed) - sum(changed) == 2, list(zip(names, changed, strict=True))


@SPACES
def test_state_goes_through_a_checkpoint(space, tmp_path):
    first, second = make(space), make(space)
    first.learn(Collector())
    tf.train.Checkpoint(learner=first).write(str(tmp_path / "ckpt"))
    second.learn(Collector())  # So that there is something to overwrite.
    tf.train.Checkpoint(learner=second).read(str(tmp_path / "ckpt")).assert_consumed()
    for learner in first, second:
        learner.learn(Collector())
    for name, weights in first.weights.items():
        for one, other in zip(weights, second.weights[name], strict=True):
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    np.testing.assert_array_equal(first._newest[0], second._newest[0])


def test_torch_calculates_in_one_thread():
    make()
    assert trust_region.torch.get_num_threads() == 1


def test_histograms_show_agent_and_expert():
    learner = make()
    learner.learn(Collector())
    arrays = learner.histograms(1)
    assert len(arrays["discriminator/log_odds_agent"]) == gail.SHOWN
    assert {"observation/00_agent", "action/01_expert"} < arrays.keys()


@pytest.mark.parametrize(
    ("settings", "total_steps", "expected"),
    [
        ({}, 3_000_000, 4992),  # What 16 environments can do of 5,000.
        ({}, 16_000, 1600),
        ({}, 100, 32),  # Of one step nothing can be normalised.
        ({"batch_steps": 50_000}, 60_000, 50_000),
    ],
)
def test_an_iteration_is_shorter_where_the_budget_is_small(settings, total_steps, expected):
    options = GAILOptions(**settings)
    options.check_budget(total_steps)
    assert options.num_envs * options.segment_length(total_steps) == expected
