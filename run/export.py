"""Writes a policy in another format: --saved_model DIR --format litert --out policy.tflite."""

from mgail_tf.programs import export

if __name__ == "__main__":
    export()
