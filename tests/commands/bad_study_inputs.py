"""Command lines of the programs of `experiments` that are refused; see `bad_inputs`."""

import importlib.util

from bad_inputs import CARTPOLE, LONG
from damaged import NO_OBJECT

# Its results and pictures would go into the source tree, and no run is to start.
APART = "--results=results_there --pictures=pictures --report_only"
STUDY = "cloning --runs=there --pictures=pictures --report_only"
CLUSTER = f"cloning {APART} --noreport_only --cluster=127.0.0.1:1"
# Where Ray is not installed, it is asked for first.
HAS_RAY = importlib.util.find_spec("ray") is not None
NO_CLUSTER = "no Ray cluster answers there" if HAS_RAY else "needs ray"
NO_STORAGE = "cannot be written" if HAS_RAY else "needs ray"
STUDIES = [
    ("", "name a study first, one of ablation, authors_hopper, cloning"),
    ("no_such_study --half_budgets", "name a study first"),
    ("--quick cloning", "name a study first"),
    (f"cloning {APART} --half_budgets", "half_budgets"),  # Another study's.
    (f"cloning {APART} stray", "stray"),
    (f"cloning {APART} --no_such_flag", "no_such_flag"),
    (f"cloning {APART} --processes=0", "processes"),
    (f"cloning {APART} --processes=two", "processes"),
    (f"cloning {APART} --noreport_only --only=nothing", "--only=nothing: matches no run"),
    (f"cloning {APART}", "no run is finished"),
    (f"cloning {APART} --runs=file", "--runs=file: cannot be written"),
    (f"cloning {APART} --runs={LONG}", "300 letters are too many"),
    (f"cloning {APART} --results=file/there", "--results=file/there: cannot be written"),
    (f"cloning {APART} --pictures=file", "--pictures=file: cannot be written"),
    (f"cloning {APART} --runs=studies/runs_unknown", "no provenance.json that says of what"),
    (f"{STUDY} --results=studies/results_other", "Ant"),
    (f"{STUDY} --results=studies/results_curve", "Hopper-4-0.json is damaged"),
    *((f"{STUDY} --results=studies/results_{n}", "Hopper-4-0.json is damaged") for n in NO_OBJECT),
    *(
        (f"cloning {APART} --runs=studies/runs_{file}_{name}", file)
        for name in NO_OBJECT
        for file in ("provenance.json", "result.json", "metrics.jsonl")
    ),
    # A study that has flags of its own can be here once.
    (f"ablation {APART} --env=NoSuchTask", "Unknown command line flag 'env'"),
    (f"robustness {APART} --first_seed=-1", "first_seed"),
    (f"table1 {APART} --tasks=Hopper,Swimmer", "use one or more of CartPole,MountainCar"),
    (f"authors_hopper {APART} --authors_curve={LONG}", "300 letters are too many"),
    (CLUSTER, "--cluster and --storage go together"),
    (f"cloning {APART} --noreport_only --storage=shared", "--cluster and --storage go together"),
    (f"{CLUSTER} --storage=shared", NO_CLUSTER),
    (f"{CLUSTER} --storage=shared --cluster=nonsense", NO_CLUSTER),
    (f"{CLUSTER} --storage=shared --cluster=no.such.host:6379", NO_CLUSTER),
    (f"{CLUSTER} --storage=file", NO_STORAGE),
    (f"{CLUSTER} --storage=file/there", NO_STORAGE),
    (f"{CLUSTER} --storage=nosuch://there", NO_STORAGE),
    (f"{CLUSTER} --storage=shared --cores=0", "cores"),
    (f"{CLUSTER} --storage=shared --only=nothing", "--only=nothing: matches no run"),
]

DISTANCES = [
    ("--runs=nowhere", "--runs=nowhere: no run there"),
    ("--runs=file", "--runs=file: no run there"),
    ("stray", "stray"),
    *((f"--runs=runs/metrics_{name}", "metrics.jsonl") for name in NO_OBJECT),
]

SEARCH = f"{CARTPOLE} --storage=shared"
SWEEP = [
    ("--storage=shared", "--env"),
    (CARTPOLE, "--storage=PATH is missing"),
    (f"{SEARCH} stray", "stray"),
    (f"{SEARCH} --logdir=there", "--logdir is not for a search"),
    (f"{SEARCH} --check", "--check is not for a search"),
    (f"{SEARCH} --samples=0", "samples"),
    (f"{SEARCH} --total_steps=-5", "--total_steps=-5: must be from 1"),
    (f"{SEARCH} --search=learning=1:2", "there is no option learning"),
    (f"{SEARCH} --search=noise_stddev", "use NAME=LOW:HIGH or NAME=A,B,C"),
    (f"{SEARCH} --search=noise_stddev=0:1", "LOW must be above 0"),
    (f"{SEARCH} --search=noise_stddev=2:1", "HIGH above LOW"),
    (f"{SEARCH} --search=noise_stddev=1:2:3", "use NAME=LOW:HIGH"),
    (f"{SEARCH} --search=noise_stddev=much", "use NAME=LOW:HIGH"),
    (f"{SEARCH} --search=reward=0:1", "words have no range"),
    (f"{SEARCH} --search=noise_stddev=0.3,-1", "--noise_stddev=-1.0: must be from 0"),
    (f"{SEARCH} --search=forward_model=a,b", "--forward_model=a"),
    (f"{SEARCH} --storage=file", NO_STORAGE),
    (f"{SEARCH} --cluster=127.0.0.1:1", NO_CLUSTER),
]

TABLE = {
    "experiments.run": STUDIES,
    "experiments.distances": DISTANCES,
    "experiments.sweep": SWEEP,
}
