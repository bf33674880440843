"""Command lines that are refused, by program, each with words of its one line.

What they name besides is what `damaged.write` has written into the folder that they are called in.
"""

import shlex

from damaged import NO_OBJECT
import sample_data

LONG = "n" * 300
DEEP = "n/" * 3000
EXPERTS = sample_data.EXPERT_DATA
CARTPOLE = "--env=CartPole"
ALL = f"{CARTPOLE} --num_trajectories=0"
PENDULUM = "--env=Pendulum-v1 --num_trajectories=2"
EXPERT = f"--saved_model={shlex.quote(str(EXPERTS / 'CartPole' / 'expert'))}"
CHEETAH = f"--saved_model={shlex.quote(str(EXPERTS / 'HalfCheetah' / 'expert'))}"
SHIPPED = shlex.quote(str(EXPERTS / "CartPole" / "demonstrations" / "1"))

# Environments and their spaces; true of every program that has --env.
ENVIRONMENTS = [
    ("NoSuchTask", "cannot make environment 'NoSuchTask'"),
    ("CartPole-v99", "cannot make environment"),
    ("''", "--env=: a value is missing"),
    (":Nameless-v0", "Nameless"),
    (".relative:Foo-v0", "TypeError"),
    ("no_such_module:Foo-v0", "no_such_module"),
    ("broken:Foo-v0", "no_such_module_at_all"),
    ("syntax:Foo-v0", "SyntaxError"),
    ("leaves:Foo-v0", "SystemExit"),
    ("mine:Image-v0", "must not be images"),
    ("mine:Text-v0", "they are Text"),
    ("mine:Graph-v0", "they are Graph"),
    ("mine:Nothing-v0", "observations are empty"),
    ("mine:Tuple-v0", "actions must be Box"),
    ("mine:Fails-v0", "the robot is off"),
    (LONG, "300 letters are too many"),
]

RECORDINGS = [
    ("missing.npz", "does not exist"),
    ("missing.csv", "does not exist"),
    ("truncated.npz", "cannot be read"),
    ("flipped.npz", "cannot be read"),
    ("empty.npz", "cannot be read"),
    ("pickled.npz", "actions is pickled"),
    ("no_actions.npz", "has no actions"),
    ("no_observations.npz", "has no observations"),
    ("unequal.npz", "must have a row for each step"),
    ("words.npz", "'left' in actions"),
    ("complex.npz", "must be numbers"),
    ("other_choices.npz", "are not of the environment's Discrete(2)"),
    ("halves.npz", "are not of the environment's Discrete(2)"),
    ("wide.npz", "its observations are of shape (9,)"),
    ("scalar.npz", "scalar.npz"),
    ("no_rows.npz", "holds no action"),
    ("nan.npz", "holds no action whose outcome is known"),
    ("flags.npz", "must be 0 or 1"),
    ("twice.npz", "which differ"),
    ("lengths.npz", "add up to 105"),
    ("infinite_lengths.npz", "episode_lengths"),
    ("long.npz", "more than the environment's limit"),
    ("empty.csv", "cannot be read"),
    ("header.csv", "holds no action"),
    ("binary.csv", "cannot be read"),
    ("words.csv", "'left' in action, line 2"),
    ("gaps.csv", "without gaps"),
    ("same.csv", "two columns 'action'"),
    ("ragged.csv", "cannot be read"),
    ("blank.csv", "line 3 is empty"),
    ("commas.csv", "must have a point"),
    ("zeros.csv", "zeros.csv"),
    ("truncated.hdf5", "cannot be read"),
    ("text.hdf5", "cannot be read"),
    ("several.hdf5", "several tables"),
    ("huge.hdf5", "it says that it has"),
    ("a.pkl", "pickles are never opened"),
    ("a.pt", "pickles are never opened"),
    ("a.npy", "a single array"),
    ("a.zip", "unpack it"),
    ("a.json", "make a .csv"),
    ("a.parquet", "make a .csv"),
    ("a.xyz", "such files are not read"),
    ("mixed", "keep those of one kind"),
    ("one_bad", "b.npz cannot be read"),
    *((f"imitation_{name}", f"imitation_{name} cannot be read") for name in NO_OBJECT),
]

DATASETS = [
    ("wide", "episode 1: its actions are of shape (3,)"),
    ("choices", "episode 1: its actions are not of the environment's Discrete(2)"),
    ("short", "episode 1 has 6 actions, 8 observations"),
    ("observations", "episode 1: its observations are of shape (3,)"),
    ("infinite", "episode 1: its observations have NaN or infinite"),
    ("words", "episode 1: its actions are"),
    ("truncated", "truncated/data/main_data.hdf5 cannot be read"),
    ("garbage", "cannot be read"),
    ("no_file", "cannot be read"),
    ("elsewhere/test/written-v0", "its observations are Box"),
    ("elsewhere", "not a readable Minari dataset"),
    *((f"metadata_{name}", f"metadata_{name} is not a readable Minari") for name in NO_OBJECT),
]

# What is wrong with a policy is told before TensorFlow is imported; but for the program itself.
POLICIES = [
    ("missing", "missing is not a SavedModel"),
    ("file", "file is not a SavedModel"),
    ("recordings", "recordings is not a SavedModel"),
    ("policies/empty", "empty is not a SavedModel"),
    ("policies/garbage", "garbage is not a SavedModel"),
    ("policies/no_weights", "no_weights is not a SavedModel"),
    ("policies/few_weights", "few_weights is not a SavedModel"),
    ("policies/no_index", "no_index is not a SavedModel"),
    ("policies/origin_space", "policy.json is damaged (Box has no"),
    ("policies/origin_kind", "policy.json is damaged (a space is one of"),
    ("policies/origin_measured", "policy.json is damaged"),
    ("policies/origin_id", "policy.json is damaged"),
    ("policies/origin_wrappers", "policy.json is damaged"),
    *((f"policies/origin_{name}", "policy.json is damaged") for name in NO_OBJECT),
]

TRAIN = [
    ("", "--env"),
    *((f"--env={env} --expert_data=missing", words) for env, words in ENVIRONMENTS),
    ("--env=Pendulum-v1", "--expert_data"),
    (f"{CARTPOLE} stray", "unexpected arguments: stray"),
    (f"{CARTPOLE} --no_such_flag=1", "no_such_flag"),
    (f"{CARTPOLE} --flagfile={LONG}", "flag"),
    (f"{CARTPOLE} --flagfile=missing", "missing"),
    (f"{CARTPOLE} --total_steps=-5", "--total_steps=-5: must be from 1"),
    (f"{CARTPOLE} --total_steps=79", "--total_steps=79"),
    (f"{CARTPOLE} --total_steps=1e5", "total_steps"),
    (f"{CARTPOLE} --total_steps=99999999999", "--total_steps=99999999999"),
    (f"{CARTPOLE} --total_steps=", "total_steps"),
    (f"{CARTPOLE} --seed=-1", "--seed=-1"),
    (f"{CARTPOLE} --seed=4294967296", "--seed=4294967296"),
    (f"{CARTPOLE} --num_trajectories=-1", "--num_trajectories=-1"),
    (f"{CARTPOLE} --num_trajectories=0", "--num_trajectories=0: must be from 1 to 10,000"),
    (f"{CARTPOLE} --subsample=0", "--subsample=0"),
    (f"{CARTPOLE} --discount='a lot'", "discount"),
    (f"{CARTPOLE} --discount=nan", "discount"),
    (f"{CARTPOLE} --discount=1", "discount"),
    (f"{CARTPOLE} --noise_stddev=inf", "noise_stddev"),
    (f"{CARTPOLE} --noise_stddev=-1", "noise_stddev"),
    (f"{CARTPOLE} --policy_learning_rate=-1", "policy_learning_rate"),
    (f"{CARTPOLE} --batch_size=0", "batch_size"),
    (f"{CARTPOLE} --num_envs=0", "num_envs"),
    (f"{CARTPOLE} --segment_length=0", "segment_length"),
    (f"{CARTPOLE} --demonstrated_fraction=1.5", "demonstrated_fraction"),
    (f"{CARTPOLE} --policy_hidden=100,x", "--policy_hidden=100,x: use integers"),
    (f"{CARTPOLE} --policy_hidden=100,0", "policy_hidden=0"),
    (f"{CARTPOLE} --policy_hidden=-3", "policy_hidden"),
    (f"{CARTPOLE} --forward_model=magic", "forward_model"),
    (f"{CARTPOLE} --forward_model_history=9", "must not exceed --segment_length"),
    (f"{CARTPOLE} --algorithm=magic", "use one of mgail, bc, gail"),
    (f"{CARTPOLE} --preset=magic", "use one of default, paper"),
    (f"{CARTPOLE} --algorithm=bc --preset=paper", "--preset=paper: bc has no such preset"),
    (f"{CARTPOLE} --algorithm=gail --preset=paper", "--preset=paper: gail has no such preset"),
    (f"{CARTPOLE} --algorithm=gail --total_steps=31", "an iteration takes 32; raise it"),
    (f"{CARTPOLE} --algorithm=gail --batch_steps=-1", "--batch_steps=-1: must be from 0"),
    (f"{CARTPOLE} --algorithm=gail --reward=sparse", "use one of auto, positive, negative"),
    (f"{CARTPOLE} --algorithm=gail --astray=2", "GAIL (--algorithm=gail) has no such option"),
    (
        f"{CARTPOLE} --algorithm=bc --discount=0.9",
        "--discount: behavioural cloning (--algorithm=bc) has no such option",
    ),
    (f"{CARTPOLE} --patience=3", "--patience: mgail has no such option"),
    (f"{CARTPOLE} --preset=paper --total_steps=1000", "--total_steps=1000"),
    (f"{CARTPOLE} --preset=paper --num_envs=2", "num_envs"),
    (f"{CARTPOLE} --export=best", "use one of closest, last"),
    (f"{CARTPOLE} --logdir=", "--logdir=: a value is missing"),
    (f"{CARTPOLE} --expert_data=", "--expert_data=: a value is missing"),
    (f"{CARTPOLE} --initial_policy= --check", "--initial_policy=: a value is missing"),
    (f"{CARTPOLE} --policy_hidden=", "--policy_hidden=: a value is missing"),
    (f"{CARTPOLE} --evaluate_every=-1", "evaluate_every"),
    (f"{CARTPOLE} --evaluation_episodes=0", "evaluation_episodes"),
    (f"{CARTPOLE} --final_episodes=0", "final_episodes"),
    (f"{CARTPOLE} --film_every=-1", "film_every"),
    (f"{CARTPOLE} --env_processes=-1", "env_processes"),
    (f"{CARTPOLE} --check=perhaps", "check"),
    (f"{CARTPOLE} --profile --total_steps=160", "--profile starts after 5 rounds"),
    (f"{CARTPOLE} --logdir={LONG}", "300 letters are too many"),
    (f"{CARTPOLE} --logdir={DEEP}", "6000 letters are too many"),
    (f"{CARTPOLE} --logdir=/dev/null/run", "cannot be written"),
    (f"{CARTPOLE} --logdir=file", "--logdir file cannot be written"),
    (f"{CARTPOLE} --logdir=back\\\\slash", "TensorFlow cannot use a path with a backslash"),
    (f"{CARTPOLE} --logdir=runs/config_folder", "config.json cannot be read"),
    (f"{CARTPOLE} --logdir=runs/other_settings", "discount=0.5, not 0.99"),
    (f"{CARTPOLE} --logdir=runs/other_version", "another version of mgail_tf"),
    (f"{CARTPOLE} --logdir=runs/no_steps", "has no --total_steps"),
    (f"{CARTPOLE} --logdir=runs/more_steps --total_steps=1600", "has taken 2000 steps"),
    (f"{CARTPOLE} --logdir=runs/metrics_folder", "metrics.jsonl cannot be read"),
    (f"{CARTPOLE} --logdir=runs/metrics_binary", "metrics.jsonl cannot be read"),
    (f"{CARTPOLE} --logdir=runs/metrics_missing", "no 'normalized_return'"),
    *(
        (f"{CARTPOLE} --logdir=runs/metrics_{name}", "metrics.jsonl is damaged (line 2")
        for name in NO_OBJECT
        if name != "binary"
    ),
    *((f"{CARTPOLE} --logdir=runs/config_{name}", "config.json is damaged") for name in NO_OBJECT),
    (f"{CARTPOLE} --expert_data=missing", "minari download missing"),
    (f"{CARTPOLE} --expert_data={LONG}", "300 letters are too many"),
    (f"{CARTPOLE} --expert_data=recordings/nothing", "not a readable Minari dataset"),
    (f"{CARTPOLE} --expert_data={SHIPPED} --num_trajectories=2", "has 1 trajectories, not 2"),
    *((f"{CARTPOLE} --expert_data=recordings/{name}", words) for name, words in RECORDINGS),
    *((f"{ALL} --expert_data=datasets/{name} --check", words) for name, words in DATASETS),
    *((f"{ALL} --expert_data=datasets/{name}", words) for name, words in DATASETS[:2]),
    *(
        (f"{CARTPOLE} --initial_policy={policy} --check", words)
        for policy, words in POLICIES
        if words.startswith("policy.json") or not policy.startswith("policies/")
    ),
]

EVALUATE = [
    ("", "env"),
    (EXPERT, "env"),
    (CARTPOLE, "saved_model"),
    *((f"{EXPERT} --env={env}", words) for env, words in ENVIRONMENTS),
    *((f"--saved_model={policy} {CARTPOLE}", words) for policy, words in POLICIES),
    *(
        (f"--saved_model=policies/observations_{name} {CARTPOLE}", "observation.json is damaged")
        for name in NO_OBJECT
    ),
    (f"--saved_model={LONG} {CARTPOLE}", "300 letters are too many"),
    (f"{EXPERT} --env=Hopper", "observations"),
    (f"{CHEETAH} --env=Walker2d", "made in HalfCheetah-v5, not in Walker2d-v5; first"),
    (f"{EXPERT} {CARTPOLE} --episodes=0", "episodes"),
    (f"{EXPERT} {CARTPOLE} --episodes=many", "episodes"),
    (f"{EXPERT} {CARTPOLE} --episodes=1000000000", "episodes"),
    (f"--saved_model=\x1b[31mred {CARTPOLE}", "\\x1b[31mred is not a SavedModel"),
    (f"{EXPERT} {CARTPOLE} --seed=-1", "seed"),
    (f"{EXPERT} {CARTPOLE} --seed=99999999999999999999", "seed"),
    (f"{EXPERT} {CARTPOLE} --num_envs=-1", "num_envs"),
    (f"{EXPERT} {CARTPOLE} --render=robot", "human"),
    (f"{EXPERT} {CARTPOLE} --video=v.avi", ".mp4"),
    (f"{EXPERT} {CARTPOLE} --video=v", ".mp4"),
    (f"{EXPERT} {CARTPOLE} --video=nowhere/v.mp4", "nowhere is no folder"),
    (f"{EXPERT} {CARTPOLE} --video=file/v.mp4", "file is no folder"),
    (f"{EXPERT} {CARTPOLE} --video=folder.mp4", "folder.mp4; it is a folder"),
    (f"{EXPERT} {CARTPOLE} --video={LONG}.mp4", "304 letters are too many"),
    (f"{EXPERT} {CARTPOLE} --expert_data=nowhere", "no dataset nowhere"),
    (f"{EXPERT} {CARTPOLE} --expert_data=datasets/wide", "actions are of shape (3,)"),
    (f"{EXPERT} {CARTPOLE} --expert_data=recordings/nan.npz", "whose outcome is known"),
    (f"{EXPERT} {CARTPOLE} --expert_data={SHIPPED} --num_trajectories=2", "not 2"),
    (f"{EXPERT} {CARTPOLE} --expert_data={SHIPPED} --num_trajectories=-1", "num_trajectories"),
    (f"{EXPERT} {CARTPOLE} stray", "stray"),
]

EXPORT = [
    ("", "out"),
    (EXPERT, "out"),
    ("--out=policy.tflite", "saved_model"),
    (f"{EXPERT} --out=folder.mp4", "--out=folder.mp4: cannot be written"),
    (f"{EXPERT} --out=nowhere/policy.tflite", "cannot be written"),
    (f"{EXPERT} --out=nowhere/", "--out=nowhere/: cannot be written as a file"),
    (f"{EXPERT} --out=file/policy.tflite", "cannot be written"),
    (f"{EXPERT} --out={LONG}", "300 letters are too many"),
    (f"{EXPERT} --out=policy.onnx --format=onnx", "litert"),
    (f"{EXPERT} --out=policy.tflite stray", "stray"),
    *((f"--saved_model={policy} --out=policy.tflite", words) for policy, words in POLICIES[:8]),
]

COLLECT = [
    ("", "env"),
    ("--env=CartPole", "num_trajectories"),
    *(
        (f"--env={env} --num_trajectories=1 --policy=mine:act --out=there", words)
        for env, words in ENVIRONMENTS
    ),
    (PENDULUM, "no expert for Pendulum-v1"),
    (f"{PENDULUM} --out=there", "no expert for Pendulum-v1; say by --policy"),
    (f"{PENDULUM} --policy=mine:act", "--policy needs --out"),
    (f"{PENDULUM} --policy=mine:act --out=mine.py", "--out=mine.py exists already"),
    (f"{PENDULUM} --policy=mine:act --out=file/there", "file/there cannot be made"),
    (f"{PENDULUM} --policy=mine:act --out={LONG}", "300 letters are too many"),
    (f"{PENDULUM} --policy=mine:act --out=there --noise_scale=2", "--noise_scale goes with"),
    (f"{PENDULUM} --policy=mine:act --out=there --vec_normalize=a.pkl", "--vec_normalize goes"),
    (f"{PENDULUM} --policy=mine:act --out=there --num_trajectories=0", "--num_trajectories=0"),
    (f"{PENDULUM} --policy=mine:act --out=there --num_trajectories=some", "num_trajectories"),
    (f"{PENDULUM} --policy=mine:act --out=there --seed=-1", "seed"),
    (f"{PENDULUM} --policy=mine:none --out=there", "episode 0, step 0, --policy returned None"),
    (f"{PENDULUM} --policy=mine:wide --out=there", "step 0, --policy returned"),
    (f"{PENDULUM} --policy=mine:words --out=there", "step 0, --policy returned"),
    (f"{PENDULUM} --policy=mine:unknown --out=there", "step 0, --policy returned"),
    (f"{PENDULUM} --policy=mine:fails --out=there", "no idea"),
    (f"{PENDULUM} --policy=mine:leaves --out=there", "failed (SystemExit"),
    (f"{PENDULUM} --policy=mine:absent --out=there", "cannot be imported"),
    (f"{PENDULUM} --policy=mine:number --out=there", "takes no observation"),
    (f"{PENDULUM} --policy=mine:Needs --out=there", "cannot be imported"),
    (f"{PENDULUM} --policy=mine --out=there", "there is no such SavedModel's folder"),
    (f"{PENDULUM} --policy=absent:act --out=there", "cannot be imported"),
    (f"{PENDULUM} --policy=broken:act --out=there", "no_such_module_at_all"),
    (f"{PENDULUM} --policy=syntax:act --out=there", "SyntaxError"),
    (f"{PENDULUM} --policy=leaves:act --out=there", "cannot be imported (SystemExit"),
    (f"{PENDULUM} --policy=absent.py:act --out=there", "cannot be imported"),
    # Without the extra, it says that it needs it.
    (f"{PENDULUM} --policy=recordings/a.zip --out=there", "stable-baselines3"),
    (f"{PENDULUM} --policy=absent.zip --out=there", "stable-baselines3"),
    (f"{PENDULUM} --policy=recordings/good.npz --out=there", "no such SavedModel's folder"),
    (f"{PENDULUM} --policy=recordings --out=there", "recordings is not a SavedModel"),
    (f"{PENDULUM} --policy=policies/origin_nan --out=there", "policy.json is damaged"),
    ("--env=Hopper --num_trajectories=2 --seed=3", "--seed needs --out"),
    ("--env=Hopper --num_trajectories=2 --noise_scale=2", "--noise_scale needs --out"),
    ("--env=Hopper --num_trajectories=2 --out=there --noise_scale=-1", "noise_scale"),
    ("--env=Hopper --num_trajectories=2 --out=there --noise_scale=nan", "=nan: must be"),
    (
        "--env=Hopper --num_trajectories=2 --out=there --noise_scale=2 --deterministic",
        "no noise with",
    ),
    (
        "--env=CartPole --num_trajectories=2 --out=there --noise_scale=2",
        "--noise_scale=2: the noise of",
    ),
    ("--env=CartPole --num_trajectories=0", "--num_trajectories=0: must be from 1 to 10,000"),
    ("--env=CartPole --num_trajectories=1000000", "10000"),
]

IMPORT = [
    ("", "env"),
    (f"{CARTPOLE} --recording=recordings/good.npz", "out"),
    (f"{CARTPOLE} --out=there", "recording"),
    *(
        (f"--env={env} --recording=recordings/good.npz --out=there", words)
        for env, words in ENVIRONMENTS
    ),
    *((f"{CARTPOLE} --out=there --recording=recordings/{name}", w) for name, w in RECORDINGS),
    (f"{CARTPOLE} --recording=recordings/nothing --out=there", "holds no .npz, .csv or HDF5"),
    (f"{CARTPOLE} --recording={LONG} --out=there", "300 letters are too many"),
    (f"{CARTPOLE} --recording=datasets/wide --out=there", "is a Minari dataset already"),
    (f"{CARTPOLE} --recording=recordings/good.npz --out=file", "file exists already"),
    (f"{CARTPOLE} --recording=recordings/good.npz --out=file/a", "cannot write demonstrations"),
    (f"{CARTPOLE} --recording=recordings/good.npz --out={LONG}", "300 letters are too many"),
    (
        f"{CARTPOLE} --recording=recordings/good.npz --out=there --observation_keys=place",
        "no part 'place'",
    ),
]

TRAIN_EXPERT = [
    ("", "env"),
    *((f"--env={env}", words) for env, words in ENVIRONMENTS),
    (f"{CARTPOLE} --total_steps=0", "total_steps"),
    (f"{CARTPOLE} --algorithm=sac", "algorithm"),
    (f"{CARTPOLE} --seed=-1", "seed"),
    (f"{CARTPOLE} --seed=4294967296", "seed"),
    (f"{CARTPOLE} --stop_at_return=high", "stop_at_return"),
    (f"{CARTPOLE} --experts=file", "--experts=file cannot be written"),
    (f"{CARTPOLE} --experts=file/there", "cannot be written"),
    (f"{CARTPOLE} --experts={LONG}", "300 letters are too many"),
]

TABULATE_EXPERTS = [
    ("--experts=nowhere", "--experts=nowhere: no NAME/expert.json there"),
    ("--experts=file", "--experts=file: no NAME/expert.json there"),
    (f"--experts={LONG}", "300 letters are too many"),
    ("stray", "stray"),
    ("--experts=experts/missing", "expert.json is damaged (it has no 'algorithm')"),
    *((f"--experts=experts/{name}", "expert.json is damaged") for name in NO_OBJECT),
]

TABULATE_RESULTS = [
    ("--runs=nowhere", "--runs=nowhere: no finished run there"),
    ("--runs=file", "--runs=file: no finished run there"),
    (f"--runs={LONG}", "300 letters are too many"),
    ("stray", "stray"),
    ("--runs=results/folder", "result.json cannot be read"),
    ("--runs=results/missing", "result.json is damaged (it has no 'num_trajectories')"),
    *((f"--runs=results/{name}", "result.json is damaged") for name in NO_OBJECT),
]

BENCHMARK = [
    ("--env=CartPole,Swimmer-v5", "--env=Swimmer-v5: use tasks of the paper"),
    (f"{CARTPOLE} --preset=fast", "--preset=fast"),
    (f"{CARTPOLE} --total_steps=-1", "total_steps"),
    (f"{CARTPOLE} --total_steps=80", "needs 160 to be measured"),
    (f"{CARTPOLE} --seed=-1", "seed"),
    (f"{CARTPOLE} --json=missing/file.json", "--json=missing/file.json: cannot be written"),
    (f"{CARTPOLE} --json=folder.mp4", "--json=folder.mp4: cannot be written"),
    (f"{CARTPOLE} --json=file/speed.json", "cannot be written"),
    (f"{CARTPOLE} --json={LONG}", "300 letters are too many"),
    (f"{CARTPOLE} stray", "stray"),
]

# By the program's module, of `mgail_tf.commands` where no other is named.
TABLE = {
    "train": TRAIN,
    "evaluate": EVALUATE,
    "export": EXPORT,
    "collect_demonstrations": COLLECT,
    "import_demonstrations": IMPORT,
    "train_expert": TRAIN_EXPERT,
    "tabulate_experts": TABULATE_EXPERTS,
    "tabulate_results": TABULATE_RESULTS,
    "benchmark": BENCHMARK,
}
