"""How good a policy is by the true reward: for reporting only, nothing in training looks at it."""

from mgail_tf.envs.episodes import play, play_randomly, returns

# Reported episodes are reset with seeds that no training uses.
EVALUATION_SEED, FINAL_SEED, RANDOM_SEED = 1_000_000, 2_000_000, 3_000_000


class Evaluation:
    """Plays a task, and sets returns against the expert's and a random policy's.

    Args:
      env_name: as in `environments.make`.
      expert_return: mean return of the demonstrations; None if it is not known.

    Attributes:
      expert_return: as given.
      random_return: mean return of actions drawn from the action space; None as `expert_return`.
    """

    def __init__(self, env_name, expert_return):
        self._env_name, self.expert_return = env_name, expert_return
        self.random_return = None
        if expert_return is not None:
            self.random_return = returns(play_randomly(env_name, 20, RANDOM_SEED)).mean()

    def play(self, act, episodes, seed):
        """Plays episodes.

        Args:
          act, seed: as in `episodes.play`.
          episodes: number of episodes.

        Returns:
          A dict: return_mean, return_std, and normalized_return (None where the demonstrations'
          rewards are unknown or tell nothing); and the list of `episodes.Episode`.
        """
        played = play(act, self._env_name, episodes, seed)
        reached = returns(played)
        normalized = None
        if self.random_return is not None and self.expert_return != self.random_return:
            span = self.expert_return - self.random_return
            normalized = float((reached.mean() - self.random_return) / span)
        return {
            "return_mean": float(reached.mean()),
            "return_std": float(reached.std()),
            "normalized_return": normalized,
        }, played
