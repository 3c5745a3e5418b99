"""The loop of a program that is measured: answers requests (../protocol.ts) until its input ends. The same as
../tenon/serve.ts."""
import json
import math
import sys
import time


def say(message):
    print(json.dumps(message), flush=True)


def fail(text):
    say({"error": text})
    sys.exit(1)


def seconds(batch, calls):
    start = time.perf_counter()
    batch(calls)
    return time.perf_counter() - start


def measure(batch, timing):
    per_call = 0.0
    if timing["warmCalls"] > 0:
        per_call = seconds(batch, timing["warmCalls"]) / timing["warmCalls"]
    spent, calls = 0.0, 1
    while 1e3 * spent < timing["warmMs"]:
        elapsed = seconds(batch, calls)
        spent += elapsed
        per_call = elapsed / calls
        calls *= 2
    calls = max(timing["calls"], math.ceil(timing["batchMs"] / 1e3 / per_call) if per_call > 0 else 0)
    return [seconds(batch, calls) / calls for _ in range(timing["batches"])]


def serve(label, prepare, call_cost=0.0):
    """prepare(work) gives (batch, check); call_cost is subtracted: what a call costs beyond the work."""
    say({"label": label})
    for line in sys.stdin:
        request = json.loads(line)
        batch, check = prepare(request["work"])
        figures = [s - call_cost for s in measure(batch, request["timing"])]
        say({"seconds": figures, "check": check() if request["check"] else []})
