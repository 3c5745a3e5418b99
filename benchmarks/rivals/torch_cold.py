"""PyTorch's side of the suite cold: the clock starts before the import."""
import time

start = time.perf_counter()
from torch_data import LABEL, torch  # noqa: E402

value = (torch.ones(1, 64) @ torch.ones(64, 1)).item()
seconds = time.perf_counter() - start

from serve import say  # noqa: E402

say({"label": LABEL, "seconds": seconds, "value": value})
