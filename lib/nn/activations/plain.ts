/** Activations without parameters (https://pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity). */
import * as F from '../../functional/activations';
import { relu, relu_, sigmoid, tanh } from '../../functional/elementary';
import type { Tensor } from '../../tensor';
import { Module } from '../module';
import { Plain } from './overwriting';

/** 1 / (1 + exp(-x)), element by element. */
export class Sigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return sigmoid(input);
  }
}

/** The hyperbolic tangent, element by element. */
export class Tanh extends Module {
  override forward(input: Tensor): Tensor {
    return tanh(input);
  }
}

/** max(0, x). */
export class ReLU extends Plain {
  override forward(input: Tensor): Tensor {
    return this.inplace ? relu_(input) : relu(input);
  }
}

/** x kept within 0 and 6. */
export class ReLU6 extends Plain {
  override forward(input: Tensor): Tensor {
    return F.relu6(input, this.inplace);
  }
}

/** ELU with factors that keep mean and variance. */
export class SELU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }
}

/** x sigmoid(x). */
export class SiLU extends Plain {
  override forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }
}

/** x tanh(softplus(x)). */
export class Mish extends Plain {
  override forward(input: Tensor): Tensor {
    return F.mish(input, this.inplace);
  }
}

/** (x + 3) / 6, kept within 0 and 1. */
export class Hardsigmoid extends Plain {
  override forward(input: Tensor): Tensor {
    return F.hardsigmoid(input, this.inplace);
  }
  override extraRepr(): string {
    return '';
  }
}

/** x hardsigmoid(x). */
export class Hardswish extends Plain {
  override forward(input: Tensor): Tensor {
    return F.hardswish(input, this.inplace);
  }
  override extraRepr(): string {
    return '';
  }
}

/** x / (1 + |x|). */
export class Softsign extends Module {
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

/** x - tanh(x). */
export class Tanhshrink extends Module {
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

/** log(sigmoid(x)). */
export class LogSigmoid extends Module {
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}
