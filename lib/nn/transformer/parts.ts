/** The layers that Transformers are made of besides attention. */
import { add, div, mul, sub } from '../../functional/arithmetic';
import { square } from '../../functional/pointwise';
import { sqrt } from '../../functional/elementary';
import { mean } from '../../functional/reduce';
import { thinned } from '../../functional/attention/composed';
import { uninitialised, type Tensor } from '../../tensor';
import { dtypeCode, getDefaultDtype } from '../../dtype';
import { resolveDevice } from '../../device';
import { Module } from '../module';
import { Parameter } from '../parameter';
import * as init from '../init';
import type { Factory } from './options';

export class Dropout extends Module {
  constructor(readonly p: number) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return this.training && this.p > 0 ? thinned(x, this.p) : x;
  }
  override extraRepr(): string {
    return `p=${Number.isInteger(this.p) ? this.p.toFixed(1) : this.p}, inplace=False`;
  }
}

export class LayerNorm extends Module {
  weight: Parameter;
  bias: Parameter | null;
  readonly eps: number;
  constructor(
    readonly size: number,
    options: { eps?: number; bias?: boolean } & Factory = {},
  ) {
    super();
    this.eps = options.eps ?? 1e-5;
    const code = dtypeCode('LayerNorm', options.dtype ?? getDefaultDtype());
    const place = resolveDevice('LayerNorm', options.device);
    const make = (): Parameter => new Parameter(uninitialised([size], code, place, 'LayerNorm'));
    this.weight = make();
    init.ones_(this.weight);
    this.bias = (options.bias ?? true) ? make() : null;
    if (this.bias !== null) init.zeros_(this.bias);
  }
  override forward(x: Tensor): Tensor {
    const centred = sub(x, mean(x, -1, true));
    const scaled = div(centred, sqrt(add(mean(square(centred), -1, true), this.eps)));
    const y = mul(scaled, this.weight);
    return this.bias === null ? y : add(y, this.bias);
  }
  override extraRepr(): string {
    return `(${this.size},), eps=${this.eps < 1e-4 ? this.eps.toExponential().replace(/e-(\d)$/, 'e-0$1') : this.eps}, elementwise_affine=True, bias=${this.bias === null ? 'False' : 'True'}`;
  }
}
