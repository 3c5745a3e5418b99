"""PyTorch's side of the suite saving: its own format, whichever is asked for."""
import os
import tempfile

from serve import serve
from torch_data import LABEL, digest, sequence, torch

folder = tempfile.TemporaryDirectory(prefix="torch-saving-")


def prepare(work):
    path = os.path.join(folder.name, "weights.pt")
    weights = {f"layers.{i}.weight": sequence(1 << 20, 37 + i, 1009).view(1024, 1024) for i in range(work["tensors"])}
    torch.save(weights, path)

    def load():
        return torch.load(path, weights_only=True)

    def batch(calls):
        for _ in range(calls):
            if work["direction"] == "save":
                torch.save(weights, path)
            else:
                sum(t.sum().item() for t in load().values())

    return batch, lambda: digest(load()[f"layers.{work['tensors'] - 1}.weight"])


serve(LABEL, prepare)
