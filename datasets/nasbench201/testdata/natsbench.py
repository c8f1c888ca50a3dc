"""Writes cells in the format of NATS-Bench's own files: a file for each, a bzip2 of a pickle.

natsbench.py FOLDER CHANGE...: FOLDER/0/NATS-tss-v1_0-3ffb9-simple with the cells of official.json, and the
same as a .tar beside it. CHANGE is Python that may change the dict `cells` of files by name first; the
second change is for the files in FOLDER/1, and so on.
"""

import bz2
import collections
import copy
import json
import os
import pickle
import sys
import tarfile


def result(dataset, seed, accuracies, epochs):
    """The state of a ResultsCount, with some of its other attributes."""
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": {i: 10.0 + i / 10 for i in range(0, epochs, 20)},
        "train_losses": {i: 2.3 - i / 100 for i in range(0, epochs, 20)},
        "arch_config": {"name": "infer.tiny", "C": 16, "N": 5, "num_classes": 10},
        "params": 0.129306,
        "flop": 15.64737,
        "seed": seed,
        "epochs": epochs,
        "latency": [0.0139359758611311],
        "eval_names": ["x-valid", "ori-test"],
        "eval_acc1es": {"x-valid@0": 10.0, **accuracies},
    }


def cell(record):
    """The cell's dict by number of epochs; after 12, accuracies are other ones."""
    by_epochs = collections.OrderedDict()
    for hp, epochs in ("12", 12), ("200", 200):
        results = {}
        seeds = collections.defaultdict(list)
        for key, value in record.items():
            dataset, bar, seed = key.partition("|")
            if bar:
                accuracies = {k.replace("@199", f"@{epochs - 1}"): v - (200 - epochs) / 100 for k, v in value["eval_acc1es@199"].items()}
                results[dataset, int(seed)] = result(dataset, int(seed), accuracies, epochs)
                seeds[dataset].append(int(seed))
        by_epochs[hp] = {
            "arch_index": record["arch_index"],
            "arch_str": record["arch_str"],
            "all_results": results,
            "dataset_seed": dict(seeds),
            "clear_net_done": True,
        }
    return by_epochs


with open(os.path.join(os.path.dirname(__file__), "official.json")) as file:
    official = {f"{name}.pickle.pbz2": cell(record) for name, record in json.load(file).items()}
official["meta.pickle.pbz2"] = {"meta_archs": [c["200"]["arch_str"] for c in official.values()], "total_archs": 15625}

for number, change in enumerate(sys.argv[2:]):
    cells = copy.deepcopy(official)
    first = cells["000000.pickle.pbz2"]["200"]
    exec(change)
    folder = os.path.join(sys.argv[1], str(number), "NATS-tss-v1_0-3ffb9-simple")
    os.makedirs(folder)
    for name, content in cells.items():
        if not isinstance(content, bytes):
            content = bz2.compress(pickle.dumps(content))
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    with tarfile.open(folder + ".tar", "w") as archive:
        archive.add(folder, arcname=os.path.basename(folder))
