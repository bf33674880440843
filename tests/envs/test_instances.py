import functools
import os
import signal

import misbehaving
import numpy as np
import pytest

from mgail_tf.envs.cut_episodes import CutEpisodes
from mgail_tf.envs.episodes import play
from mgail_tf.envs.instances import Instances, Workers
from mgail_tf.envs.make import make_environment
from mgail_tf.envs.parallel import ParallelEnvironments
from mgail_tf.errors import EnvironmentFailed, UserError


@pytest.fixture(scope="module")
def workers():
    workers = Workers(2)
    yield workers
    workers.close()
    assert not any(process.is_alive() for process in workers._hosts.processes)


def test_steps_in_workers_are_those_of_one_process(workers: Workers):
    cut = functools.partial(CutEpisodes, mean_length=20)
    here = ParallelEnvironments("CartPole", 5, 3, cut)
    there = ParallelEnvironments("CartPole", 5, 3, cut, workers)
    rng = np.random.default_rng(0)
    ends = 0
    for step in range(60):
        actions = rng.integers(2, size=5)
        np.testing.assert_array_equal(there.observation, here.observation)
        for one, other in zip(there.step(actions), here.step(actions), strict=True):
            np.testing.assert_array_equal(one, other)
        ends += sum(here.position.episode) > 5
        if step == 30:
            there.close()  # It goes on where it was.
    assert ends and there.serialize() == here.serialize()
    there.close()


def test_workers_have_no_tensorflow(workers: Workers):
    cut = functools.partial(CutEpisodes, mean_length=20)
    here = ParallelEnvironments("misbehaving:Learned-v0", 2, 0, cut)
    there = ParallelEnvironments("misbehaving:Learned-v0", 2, 0, cut, workers)
    assert here.observation[:, 0].all() and not there.observation[:, 0].any()
    here.close()
    there.close()


def test_episodes_in_workers_are_those_of_one_process(workers: Workers):
    def act(observations):
        return (observations[:, 2] > 0.0).astype(int)

    here, there = play(act, "CartPole", 3, 5), play(act, "CartPole", 3, 5, workers=workers)
    assert len({len(episode.actions) for episode in here}) > 1
    for one, other in zip(here, there, strict=True):
        for values, expected in zip(one, other, strict=True):
            np.testing.assert_array_equal(values, expected)


def test_an_error_in_a_worker_is_the_same_line_and_the_others_go_on(workers: Workers):
    def failure(place: Workers | None) -> str:
        envs = ParallelEnvironments("misbehaving:TooLong-v0", 3, 0, workers=place)
        with pytest.raises(EnvironmentFailed) as failed:
            for _ in range(5):
                envs.step(np.zeros([3, 1], np.float32))
        envs.close()
        return str(failed.value)

    assert failure(workers) == failure(None)
    with pytest.raises(UserError, match="cannot make environment 'misbehaving:Unknown-v0'"):
        Instances(functools.partial(make_environment, "misbehaving:Unknown-v0"), 2, workers)
    make = functools.partial(make_environment, "CartPole")
    others = Instances(make, 2, workers)
    assert len(others.reset({0: 1, 1: 2})) == 2
    others.close()


def test_a_worker_that_is_gone_is_said_in_one_line():
    workers = Workers(1)
    [process] = workers._hosts.processes
    assert process.pid
    # Ctrl-C is the main process's to answer.
    os.kill(process.pid, signal.SIGINT)
    instances = Instances(functools.partial(make_environment, "CartPole"), 2, workers)
    assert len(instances.reset({0: 0, 1: 1})) == 2
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(EnvironmentFailed, match="a worker process of `env_processes` has ended"):
        instances.reset({0: 0, 1: 1})
    assert not process.is_alive()
    instances.close()
    workers.close()


def test_a_second_instance_that_cannot_be_made():
    make = functools.partial(make_environment, "misbehaving:OneAtATime-v0")
    with pytest.raises(UserError, match="the port is in use.*`num_envs=1` opens one after another"):
        Instances(make, 2)
    instances = Instances(make, 1)
    assert misbehaving.OneAtATime.open_now == 1
    instances.close()
    assert misbehaving.OneAtATime.open_now == 0
