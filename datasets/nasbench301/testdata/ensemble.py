"""Writes a small ensemble in the form of the official NAS-Bench-301 models, and what Python predicts with it.

    python ensemble.py FOLDER

makes FOLDER/nb_models_1.0/xgb_v1.0, with a folder for each member, and FOLDER/predictions.json. Features follow
nasbench301/representations.py and configspace.json of github.com/automl/nasbench301, files and their folders
surrogate_models/ensemble.py and gradient_boosting/xgboost.py.

Each member is pickled as another release of XGBoost did it, those that could write the official files.
"""

import itertools
import json
import pathlib
import pickle
import struct
import sys
from unittest import mock

import numpy as np
import xgboost as xgb

OPS = ["max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3", "dil_conv_5x5"]

# Names of the hyperparameters in the order of ConfigSpace, which are first those without conditions, by name, then
# the others, by name. Only those that an architecture changes need a name.
NAMES = (
    10 * [""]
    + ["edge_normal_0", "edge_normal_1", "edge_reduce_0", "edge_reduce_1", ""]
    + [f"inputs_node_{cell}_{node}" for cell in ("normal", "reduce") for node in (3, 4, 5)]
    + 11 * [""]
    + [f"edge_{cell}_{edge}" for cell in ("normal", "reduce") for edge in sorted(range(2, 14), key=str)]
)
assert len(NAMES) == 56


def sample(rng):
    """Returns a random cell as DARTS writes it."""
    cell = []
    for node in range(2, 6):
        for source in rng.choice(node, 2, replace=False):
            cell.append((OPS[rng.integers(len(OPS))], int(source)))
    return cell


def features(cells):
    """Returns the features of an architecture; those that training fixes are 0."""
    values = dict.fromkeys(NAMES, -1)
    values[""] = 0
    for name, cell in cells.items():
        first = 0
        for node in range(2, 6):
            terms = cell[2 * (node - 2) :][:2]
            for op, source in terms:
                values[f"edge_{name}_{first + source}"] = OPS.index(op)
            if node > 2:
                pairs = list(itertools.combinations(range(node), 2))
                values[f"inputs_node_{name}_{node}"] = pairs.index(tuple(sorted(source for _, source in terms)))
            first += node
    return [values[name] for name in NAMES]


def older_state(booster, release):
    """Returns the state of a Booster as a release of XGBoost pickled it.

    The handle is the binary model alone, or from release 1.0 on "CONFIG-offset:", the length of the binary model, the
    model and the configuration (LearnerImpl::Save in src/learner.cc). Release 1.2 puts a prefix before the model.
    """
    handle = bytes(booster.save_raw("deprecated"))
    if release != "1.2":
        handle = handle.removeprefix(b"binf")
    if release != "0.90":
        handle = b"CONFIG-offset:" + struct.pack("<q", len(handle)) + handle + booster.save_config().encode()
    return {"handle": bytearray(handle), "booster": "gbtree", "feature_names": None, "best_iteration": 7}


def main(folder):
    rng = np.random.default_rng(301)
    archs = [{"normal": sample(rng), "reduce": sample(rng)} for _ in range(2000)]
    x = np.array([features(arch) for arch in archs], dtype=float)
    y = 92 + (x[:, [10, 11, 39, 43]] >= 3).sum(1) / 2 - (x[:, 15:18] == 1).sum(1) / 3 + rng.normal(0, 0.2, len(x))

    root = folder / "nb_models_1.0" / "xgb_v1.0"
    predictions = []
    for number, method in enumerate(["exact", "hist", "approx"]):
        train = rng.choice(len(x), 1500, replace=False)
        parameters = {
            "objective": "reg:squarederror", "tree_method": method, "base_score": 0.5, "learning_rate": 0.1,
            "max_depth": 8, "colsample_bytree": 0.5, "seed": number, "nthread": 1,
        }
        booster = xgb.train(parameters, xgb.DMatrix(x[train], y[train]), num_boost_round=150)
        release = ["0.90", "1.2", "1.0"][number]
        member = root / f"ensemble_member_{number}"
        member.mkdir(parents=True)
        path = member / "surrogate_model.model"
        with mock.patch.object(xgb.Booster, "__getstate__", lambda booster: older_state(booster, release)):
            path.write_bytes(pickle.dumps(booster, protocol=number + 3))
        (member / "model_config.json").write_text(json.dumps({"model": "xgb"}))
        (member / "data_config.json").write_text(json.dumps({"seed": number}))
        predictions.append(booster.predict(xgb.DMatrix(x)))
        if release != "0.90":  # this release of XGBoost reads the others' pickles
            assert (pickle.loads(path.read_bytes()).predict(xgb.DMatrix(x)) == predictions[-1]).all()

    def genotype(arch):
        concat = [2, 3, 4, 5]
        return f"Genotype(normal={arch['normal']}, normal_concat={concat}, reduce={arch['reduce']}, reduce_concat={concat})"

    mean, std = np.mean(predictions, 0, dtype=float), np.std(predictions, 0, dtype=float)
    rows = [{"genotype": genotype(a), "mean": float(m), "std": float(s)} for a, m, s in zip(archs, mean, std)]
    (folder / "predictions.json").write_text(json.dumps(rows))


main(pathlib.Path(sys.argv[1]))
