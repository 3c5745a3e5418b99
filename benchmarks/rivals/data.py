"""Inputs that Tenon's programs compute alike (../tenon/data.ts), and what is compared of results."""
from array import array


def sequence(count, multiplier, modulus):
    """Pseudo-random numbers from -2 to 2, of period `modulus`."""
    period = array("f", [i * multiplier % modulus / modulus * 4 - 2 for i in range(min(count, modulus))])
    return (period * (count // len(period) + 1))[:count]


def picked(n):
    """The places of the elements that are compared."""
    return [(n - 1) * k // 4 for k in range(5)]


def digest(values):
    """The mean, the mean of the absolute values, and some of the elements."""
    n = len(values)
    return [sum(values) / n, sum(map(abs, values)) / n, *(values[i] for i in picked(n))]
