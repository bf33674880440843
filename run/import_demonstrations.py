"""Makes a Minari dataset of recorded episodes: --env Pendulum-v1 --recording FILE --out FOLDER."""

from mgail_tf.programs import import_demonstrations

if __name__ == "__main__":
    import_demonstrations()
