"""Studies of many runs; `run.py` is the program."""
