"""Which policy, discriminator and forward model a configuration and its actions ask for."""

from mgail_tf.discriminator import DiscreteDiscriminator, Discriminator
from mgail_tf.encoding import DiscreteActions
from mgail_tf.forward_model import FORWARD_MODELS, DiscreteForwardModel
from mgail_tf.policy import CategoricalPolicy, GaussianPolicy


def make_policy(config, actions):
    """The policy for an action encoding, not yet built."""
    options = {"weight_stddev": config.weight_stddev, "dropout": config.dropout}
    if isinstance(actions, DiscreteActions):
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
    options = {"weight_stddev": config.weight_stddev, "dropout": config.dropout}
    if isinstance(actions, DiscreteActions) and config.outputs_per_action:
        return DiscreteDiscriminator(actions.size, config.discriminator_hidden, **options)
    return Discriminator(config.discriminator_hidden, **options)


def make_forward_model(config, observation_size, actions):
    """The forward model for an action encoding, not yet built."""
    width = config.forward_model_width
    options = {"residual": config.forward_model_residual, "weight_stddev": config.weight_stddev}
    discrete = isinstance(actions, DiscreteActions) and config.outputs_per_action
    if discrete and config.forward_model == "basic":
        return DiscreteForwardModel(observation_size, actions.size, width, **options)
    return FORWARD_MODELS[config.forward_model](observation_size, width, **options)
