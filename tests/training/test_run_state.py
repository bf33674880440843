from mgail_tf.training.run_state import RunState


def test_seconds_are_counted_between_calls(clock):
    state = RunState()
    clock.wait(2)
    assert state.count_seconds() == 2.0
    assert state.count_seconds() == 2.0
    clock.wait(3)
    assert state.count_seconds() == float(state.wall_seconds) == 5.0
    assert int(state.rounds) == 0 and float(state.evaluation_seconds) == 0.0
