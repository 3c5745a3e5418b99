"""PyTorch's side of the suite overhead. Each call has a loop of its own, so that nothing else is measured."""
from serve import serve
from torch_data import LABEL, torch

a = torch.tensor([1.5])
b = torch.tensor([2.5])
parameter = torch.tensor([3.5], requires_grad=True)
p = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
q = torch.tensor([[5.0, 6.0], [7.0, 8.0]])


def check(result):
    return result.detach().flatten().tolist()


def add(calls, a=a, b=b):
    for _ in range(calls):
        result = a + b
    return check(result)


def add_recorded(calls, a=parameter, b=b):
    for _ in range(calls):
        result = a + b
    return check(result)


def add_backward(calls, a=parameter, b=b):
    for _ in range(calls):
        a.grad = None
        (a + b).backward()
    return check(a.grad)


def sigmoid(calls, a=a):
    for _ in range(calls):
        result = a.sigmoid()
    return check(result)


def matmul(calls, p=p, q=q):
    for _ in range(calls):
        result = p @ q
    return check(result)


def tensor(calls, tensor=torch.tensor):
    for _ in range(calls):
        result = tensor([1.0, 2.0, 3.0, 4.0])
    return check(result)


def item(calls, a=a):
    for _ in range(calls):
        value = a.item()
    return [value]


JOBS = {
    "add": add,
    "addRecorded": add_recorded,
    "addBackward": add_backward,
    "sigmoid": sigmoid,
    "matmul": matmul,
    "tensor": tensor,
    "item": item,
}


def prepare(work):
    job = JOBS[work["op"]]
    return job, lambda: job(1)


torch.set_num_threads(1)
serve(LABEL, prepare)
