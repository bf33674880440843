"""How far a `Trainer` has come, for its checkpoints."""

import json

import tensorflow as tf


class Progress(tf.train.experimental.PythonState):
    """The part of a `Trainer`'s state that is not in tensors."""

    def __init__(self, trainer):
        self._trainer = trainer

    def serialize(self):
        trainer = self._trainer
        return json.dumps(
            {
                "round": trainer.round,
                "training_seconds": trainer.training_seconds,
                "evaluation_seconds": trainer.evaluation_seconds,
                "environments": trainer.environments.get_state(),
            }
        )

    def deserialize(self, string_value):
        state = json.loads(string_value)
        self._trainer.environments.set_state(state.pop("environments"))
        for name, value in state.items():
            setattr(self._trainer, name, value)
