import numpy as np
import tensorflow as tf

from mgail_tf.data.transitions import TransitionReplay, Transitions

CAPACITY = 5


def transitions(numbers):
    column = np.array(numbers, np.float32)[:, None]
    return Transitions(column * [1.0, 2.0], -column, column + 1)


def stored(replay):
    """The numbers that it holds, in their places."""
    drawn = replay.sample(1000, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.observation[:, 1], 2 * drawn.observation[:, 0])
    np.testing.assert_array_equal(drawn.action[:, 0], -drawn.observation[:, 0])
    np.testing.assert_array_equal(drawn.next_observation[:, 0], drawn.observation[:, 0] + 1)
    numbers, counts = np.unique(drawn.observation[:, 0], return_counts=True)
    # Uniformly.
    assert counts.min() > 0.7 * 1000 / len(numbers)
    return numbers.tolist()


def test_the_newest_stay():
    replay = TransitionReplay(CAPACITY, 2, 1)
    replay.push(transitions([1, 2, 3]))
    assert replay.stored == 3 and stored(replay) == [1, 2, 3]
    replay.push(transitions([4, 5, 6]))
    assert replay.stored == 5 and stored(replay) == [2, 3, 4, 5, 6]
    replay.push(transitions(range(10, 22)))
    assert stored(replay) == [17, 18, 19, 20, 21]
    replay.push(transitions([30]))
    assert stored(replay) == [18, 19, 20, 21, 30]


def test_checkpoints_hold_it(tmp_path):
    for count in 3, 8:
        replay = TransitionReplay(CAPACITY, 2, 1)
        for number in range(count):
            replay.push(transitions([number]))
        path = tf.train.Checkpoint(replay=replay).write(str(tmp_path / "checkpoint"))
        other = TransitionReplay(CAPACITY, 2, 1)
        other.push(transitions(range(50, 60)))
        tf.train.Checkpoint(replay=other).read(path).assert_consumed()
        for one in replay, other:
            one.push(transitions([100]))
        draws = [one.sample(20, np.random.default_rng(1)) for one in (replay, other)]
        assert other.stored == replay.stored
        for one, same in zip(*draws, strict=True):
            np.testing.assert_array_equal(one, same)
