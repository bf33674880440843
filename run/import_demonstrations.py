"""Makes a Minari dataset of recorded episodes: --env Pendulum-v1 --recording FILE --out FOLDER."""

from mgail_tf.commands.import_demonstrations import program

if __name__ == "__main__":
    program()
