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
            }
        )

    def deserialize(self, string_value):
        for name, value in json.loads(string_value).items():
            setattr(self._trainer, name, value)
