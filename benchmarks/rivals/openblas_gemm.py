"""OpenBLAS's side of the suite gemm: cblas_sgemm on arrays that exist."""
import ctypes
import ctypes.util
import glob
import os
from functools import cache

from data import digest, sequence
from serve import fail, seconds, serve

# Some machines set these for another OpenBLAS; they slow a current one. It reads them when it is loaded.
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)

PLACES = ["/usr/lib/*/openblas-pthread/libopenblas.so.0", "/usr/lib/*/libopenblas.so.0", "/usr/lib*/libopenblas*.so*"]


def load():
    found = ctypes.util.find_library("openblas")
    for path in [path for place in PLACES for path in sorted(glob.glob(place))] + ([found] if found else []):
        try:
            return ctypes.CDLL(path)
        except OSError:
            continue
    fail("OpenBLAS is not here: apt-get install libopenblas0-pthread")


blas = load()
blas.openblas_get_corename.restype = ctypes.c_char_p
blas.openblas_get_config.restype = ctypes.c_char_p
# The restype stays int: conversions cost time, and cblas_sgemm returns nothing.
sgemm = blas.cblas_sgemm

ROW_MAJOR, AS_IS, TRANSPOSED = 101, 111, 112


def aligned(count):
    """Floats at a multiple of 64 bytes."""
    memory = ctypes.create_string_buffer(4 * count + 64)
    return (ctypes.c_float * count).from_buffer(memory, -ctypes.addressof(memory) % 64)


@cache
def matrix(n, multiplier, modulus):
    values = aligned(n * n)
    ctypes.memmove(values, sequence(n * n, multiplier, modulus).tobytes(), 4 * n * n)
    return values


@cache
def result(n):
    return aligned(n * n)


def arguments(n, transposed="none", rows=None):
    """As C values, so that a call converts nothing."""
    size, one, zero = ctypes.c_int(n), ctypes.c_float(1), ctypes.c_float(0)
    m = size if rows is None else ctypes.c_int(rows)
    a, b, c = (ctypes.c_void_p(ctypes.addressof(m)) for m in (matrix(n, 619, 1009), matrix(n, 757, 1013), result(n)))
    forms = (ctypes.c_int(TRANSPOSED if transposed == side else AS_IS) for side in "ab")
    return (ctypes.c_int(ROW_MAJOR), *forms, m, size, size, one, a, size, b, size, zero, c, size)


def repeat(args):
    def batch(calls):
        for _ in range(calls):
            sgemm(*args)

    return batch


def prepare(work):
    n = work["n"]
    blas.openblas_set_num_threads(work["threads"])
    return repeat(arguments(n, work["transposed"])), lambda: digest(result(n)[:])


def call_cost():
    """Seconds that a call through ctypes takes: that of a product of no rows."""
    batch = repeat(arguments(64, rows=0))
    return min(seconds(batch, 1000) for _ in range(20)) / 1000


version = blas.openblas_get_config().decode().split()[1]
serve(f"OpenBLAS {version} (kernel {blas.openblas_get_corename().decode()})", prepare, call_cost())
