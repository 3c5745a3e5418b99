"""PyTorch itself, and data.py's functions with it."""
from data import picked
from serve import fail

try:
    import torch
except ImportError:
    fail("PyTorch is not installed for this Python: pip install torch --index-url https://download.pytorch.org/whl/cpu")

LABEL = f"PyTorch {torch.__version__}"


def sequence(count, multiplier, modulus):
    residues = torch.arange(count) * multiplier % modulus
    return (residues.double() / modulus * 4 - 2).float()


def digest(result):
    values = result.detach().double().flatten()
    return [values.mean().item(), values.abs().mean().item(), *(values[i].item() for i in picked(len(values)))]
