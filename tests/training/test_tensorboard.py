import io
import json
from typing import Any
import urllib.request

import imageio
import numpy as np
import pytest
import sample_data
from tensorboard import program
import tensorflow as tf

from mgail_tf import config as configs
from mgail_tf.training.build import make_trainer
from mgail_tf.training.tensorboard import TensorBoard


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two short runs in one folder, of different settings."""
    folder = tmp_path_factory.mktemp("runs")
    demonstrated = sample_data.load("CartPole")
    for seed, total_steps in (0, 960), (1, 64):
        config = configs.make(
            "CartPole",
            seed=seed,
            total_steps=total_steps,
            evaluate_every=480,
            segment_length=2,
            policy_updates=2,
            evaluation_episodes=2,
            final_episodes=2,
            discount=0.9 + 0.05 * seed,
            film_every=2 - 2 * seed,
        )
        trainer = make_trainer(config, demonstrated, folder / str(seed))
        # It is the first one's graph that is looked at; to trace another takes seconds.
        tf.config.run_functions_eagerly(seed == 1)
        trainer.train(progress=False, profile=seed == 0)
    tf.config.run_functions_eagerly(False)
    return folder


@pytest.fixture(scope="module")
def get(runs):
    """Asks TensorBoard's HTTP interface."""
    server = program.TensorBoard()
    server.configure(logdir=str(runs), port=0, load_fast="false")
    url = server.launch()

    def ask(path, data=None):
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}data/plugin/{path}", data, headers)
        with urllib.request.urlopen(request) as response:
            content = response.read()
        as_it_is = "individualImage" in path or "graphs/graph" in path
        return content if as_it_is else json.loads(content)

    return ask


RUN = "0/tensorboard/0"


def test_scalars(get, runs):
    [start, line, _] = [json.loads(text) for text in (runs / "0" / "metrics.jsonl").open()]
    tags = get("scalars/tags")[RUN]
    groups = {tag.split("/")[0] for tag in tags}
    learned = {"discriminator", "forward_model", "policy", "value"}
    assert groups == {"Imitation", "Return", "cloning", "evaluation", "speed", *learned}
    # What TensorBoard opens on.
    assert sorted(tags)[:2] == ["Imitation/distance", "Return/mean"]
    for name, value in line.items():
        if name == "env_steps" or value is None:
            continue
        tag = name if "/" in name else f"evaluation/{name}"
        points = get(f"scalars/scalars?run={RUN}&tag={tag}")
        # Nothing has been learned at the start, so some numbers are not there yet.
        [_, step, shown] = points[1 if name in start else 0]
        assert step == line["env_steps"] == 480
        assert shown == pytest.approx(value)


def test_the_expert_is_a_line_in_the_first_charts(get, runs):
    lines = [json.loads(text) for text in (runs / "0" / "metrics.jsonl").open()]
    result = json.loads((runs / "0" / "result.json").read_text())
    for tag, name, level in (
        ("Return/mean", "return_mean", result["expert_return_mean"]),
        ("evaluation/return_mean", "return_mean", result["expert_return_mean"]),
        ("Return/normalized", "normalized_return", 1.0),
        ("evaluation/normalized_return", "normalized_return", 1.0),
    ):
        agent = get(f"scalars/scalars?run={RUN}&tag={tag}")
        assert [value for _, _, value in agent] == pytest.approx([line[name] for line in lines])
        expert = get(f"scalars/scalars?run={RUN}-expert&tag={tag}")
        steps = [line["env_steps"] for line in lines]
        assert [point[1:] for point in expert] == [[step, level] for step in steps]


def test_histograms_set_agent_against_expert(get):
    tags = get("histograms/tags")[RUN]
    kinds = [*(f"observation/0{index}" for index in range(4)), "action/00", "action/01"]
    kinds.append("discriminator/log_odds")
    assert set(tags) == {f"{kind}_{side}" for kind in kinds for side in ("agent", "expert")}
    first, last = get(f"histograms/histograms?run={RUN}&tag=observation/00_expert")
    assert [first[1], last[1]] == [480, 960]
    # Buckets are [left, right, count]; the expert's observations are normalised.
    buckets = np.array(last[2])
    middles, counts = buckets[:, :2].mean(1), buckets[:, 2]
    assert counts.sum() == 1000
    assert abs(np.sum(middles * counts) / 1000) < 0.3


def test_graph_is_that_of_the_updates(get):
    assert get("graphs/info")[RUN]["tags"]["round"]["op_graph"]
    graph = get(f"graphs/graph?run={RUN}&tag=round&conceptual=false").decode()
    for name in "update_policy", "update_discriminator", "update_forward_model":
        assert f"_inference_{name}_" in graph


def test_config_is_shown_as_text(get):
    tags = get("text/tags")[RUN]
    assert sorted(tags) == ["config", "verdict"]
    shown = get(f"text/text?run={RUN}&tag=config")[0]["text"]
    assert "<td>discount</td>" in shown and "<td>0.9</td>" in shown
    verdict = get(f"text/text?run={RUN}&tag=verdict")[0]["text"]
    assert "from random actions to the demonstrations" in verdict


def test_hyperparameters_tell_runs_apart(get):
    experiment = get("hparams/experiment", json.dumps({"experimentName": ""}).encode())
    names = {info["name"] for info in experiment["hparamInfos"]}
    assert {"discount", "seed", "env", "use_value"} <= names
    shown = {metric["name"]["tag"] for metric in experiment["metricInfos"]}
    assert "evaluation/normalized_return" in shown
    request = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"],
        "colParams": [{"hparam": "discount"}],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = get("hparams/session_groups", json.dumps(request).encode())["sessionGroups"]
    discounts = sorted(group["hparams"]["discount"] for group in groups)
    assert discounts == pytest.approx([0.9, 0.95])


def test_profile_is_written(runs):
    assert list((runs / "0" / "tensorboard" / "0" / "plugins" / "profile").glob("*/*.xplane.pb"))
    assert not (runs / "1" / "tensorboard" / "1" / "plugins").exists()


def test_filmed_episode(get):
    [sample] = get(f"images/images?run={RUN}&tag=episode")
    film = get(f"images/individualImage?{sample['query']}")
    assert film.startswith(b"GIF89a")
    assert not get("images/tags").get("1/tensorboard/1")


def test_animation_comes_with_its_size(tmp_path):
    gif = io.BytesIO()
    frames: Any = [np.full([12, 20, 3], value, np.uint8) for value in (0, 100, 200)]
    imageio.mimsave(gif, frames, format="gif")
    TensorBoard(tmp_path, "run").write_animation("film", 7, gif.getvalue())
    [file] = (tmp_path / "run").iterdir()
    *_, event = tf.compat.v1.train.summary_iterator(str(file))
    width, height, film = tf.make_ndarray(event.summary.value[0].tensor)
    assert (event.step, width, height) == (7, b"20", b"12")
    assert tf.io.decode_gif(film).shape == (3, 12, 20, 3)
