"""The settings of the runs that `run/benchmark.py` measures."""

from mgail_tf import config as configs
from mgail_tf.algorithms.authors_options import AuthorsOptions
from mgail_tf.algorithms.mgail_options import MGAILOptions
from mgail_tf.config import Config
from mgail_tf.errors import UserError
from mgail_tf.tasks import TASKS

# Of a run whose budget is not given: rounds after the first one, or turns of the authors' policy.
ROUNDS, TURNS = 40, 4


def configure(env: str, preset: str, total_steps: int | None, seed: int) -> Config:
    """The settings of a run; evaluations come as often as in a run with its own budget.

    Args:
      env: a task.
      preset: of the settings.
      total_steps: budget; 0: the run's own; None: a small one that suffices.
      seed: of the run.

    Raises:
      UserError: there is no such task or preset, or the budget is too small.
    """
    if env not in TASKS:
        raise UserError(f"`env={env}`: use tasks of the paper, {', '.join(TASKS)}")
    whole = configs.make(env=env, preset=preset, seed=seed)
    if total_steps == 0:
        return whole
    learner = whole.learner
    if isinstance(learner, MGAILOptions):
        round_steps = learner.acting.steps_per_round
        least, sensible = 2 * round_steps, (1 + ROUNDS) * round_steps
    else:
        assert isinstance(learner, AuthorsOptions)  # It is the only other preset's.
        turn = learner.turn_iterations * learner.policy_segments * learner.segment_length
        least, sensible = learner.least_steps, learner.least_steps + TURNS * turn
    steps = sensible if total_steps is None else total_steps
    if steps < least:
        raise UserError(f"`total_steps={steps}`: {env} needs {least} to be measured")
    every = whole.run.total_steps // 20
    return configs.make(env=env, preset=preset, seed=seed, total_steps=steps, evaluate_every=every)
