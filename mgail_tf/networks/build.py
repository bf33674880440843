"""Which policy, discriminator and forward model a configuration and its actions ask for."""

from mgail_tf.networks.discriminator import Discriminator
from mgail_tf.networks.encoding import DiscreteActionEncoder
from mgail_tf.networks.forward_model import FORWARD_MODELS
from mgail_tf.networks.policy import CategoricalPolicy, GaussianPolicy


def make_policy(config, actions):
    """The policy for an action encoding, not yet built."""
    options = {"weight_stddev": config.weight_stddev, "dropout": config.dropout}
    if isinstance(actions, DiscreteActionEncoder):
        return CategoricalPolicy(
            actions.size, config.policy_hidden, temperature=config.temperature, **options
        )
    return GaussianPolicy(
        actions.size,
        config.policy_hidden,
        config.noise_stddev,
        learn_stddev=config.learn_noise,
        low=actions.low,
        high=actions.high,
        **options,
    )


def make_discriminator(config, actions):
    """The discriminator for an action encoding, not yet built."""
    return Discriminator(
        config.discriminator_hidden,
        num_actions=_num_actions(config, actions),
        dropout=config.dropout,
        weight_stddev=config.weight_stddev,
    )


def make_forward_model(config, observation_size, actions):
    """The forward model for an action encoding, not yet built."""
    options = {"residual": config.forward_model_residual, "weight_stddev": config.weight_stddev}
    if config.forward_model == "basic":
        options["num_actions"] = _num_actions(config, actions)
    model = FORWARD_MODELS[config.forward_model]
    return model(observation_size, config.forward_model_width, **options)


def _num_actions(config, actions):
    discrete = isinstance(actions, DiscreteActionEncoder)
    return actions.size if discrete and config.outputs_per_action else None
