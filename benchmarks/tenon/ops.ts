/** Tenon's side of the suite ops. */
import * as tenon from 'tenon';
import { setNumThreads, type Tensor } from 'tenon';
import { digest, sequence } from './data';
import { serve, type Job } from './serve';

setNumThreads(1);

/** The modulus is above every count, so that no two elements are the same. */
const MODULUS = 16777213;
const x = tenon.tensor(sequence(1e6, 48271, MODULUS)).view(1000, 1000);
const y = tenon.tensor(sequence(1e6, 69621, MODULUS)).view(1000, 1000);
const positive = x.abs().add(0.1);
const unit = x.div(2.1);
const mask = x.gt(y);
const flat = x.flatten();
const index = tenon.arange(1000).mul(7).remainder(1000);
const indices = tenon.arange(1e6).mul(48271).remainder(1000).view(1000, 1000);
const places = tenon.arange(1e6).mul(48271).remainder(1e6);
const vector = x.select(0, 0);
const batch = flat.narrow(0, 0, 640000).view(100, 80, 80);
const few = flat.narrow(0, 0, 128000).view(1000, 128);
const square = x.narrow(0, 0, 200).narrow(1, 0, 200).contiguous();
const definite = square.matmul(square.t()).add(tenon.eye(200).mul(200));
const small = flat.narrow(0, 0, 160000).view(10000, 4, 4).add(tenon.eye(4).mul(5));
const [sorted] = flat.sort();

const OPS: Record<string, () => Tensor> = {
  add: () => x.add(y),
  mul: () => x.mul(y),
  div: () => x.div(positive),
  pow: () => positive.pow(y),
  atan2: () => x.atan2(y),
  maximum: () => x.maximum(y),
  fmod: () => x.fmod(positive),
  remainder: () => x.remainder(positive),
  gt: () => x.gt(y),
  where: () => x.where(mask, y),
  clamp: () => x.clamp(-1, 1),
  lerp: () => x.lerp(y, 0.3),
  neg: () => x.neg(),
  abs: () => x.abs(),
  sign: () => x.sign(),
  floor: () => x.floor(),
  round: () => x.round(),
  exp: () => x.exp(),
  log: () => positive.log(),
  log1p: () => positive.log1p(),
  sqrt: () => positive.sqrt(),
  rsqrt: () => positive.rsqrt(),
  sin: () => x.sin(),
  cos: () => x.cos(),
  tan: () => x.tan(),
  tanh: () => x.tanh(),
  sigmoid: () => x.sigmoid(),
  relu: () => x.relu(),
  erf: () => x.erf(),
  erfinv: () => unit.erfinv(),
  asin: () => unit.asin(),
  atan: () => x.atan(),
  sinh: () => x.sinh(),
  atanh: () => unit.atanh(),
  lgamma: () => positive.lgamma(),
  digamma: () => positive.digamma(),
  sum: () => x.sum(),
  sum0: () => x.sum(0),
  sum1: () => x.sum(1),
  mean: () => x.mean(),
  prod: () => unit.prod(),
  amax: () => x.amax(),
  max1: () => x.max(1)[0],
  argmax: () => x.argmax(),
  argmin1: () => x.argmin(1),
  var: () => x.var(),
  std1: () => x.std(1),
  norm: () => x.norm(),
  norm1: () => tenon.linalg.vectorNorm(x, 1, 1),
  logsumexp: () => x.logsumexp(1),
  any: () => mask.any(1),
  median: () => x.median(1)[0],
  quantile: () => x.quantile(0.3, 1),
  cumsum: () => x.cumsum(1),
  cumsum0: () => x.cumsum(0),
  cumprod: () => unit.cumprod(1),
  cummax: () => x.cummax(1)[0],
  logcumsumexp: () => x.logcumsumexp(1),
  slice: () => x.index(':', '::2').contiguous(),
  transpose: () => x.t().contiguous(),
  flip: () => x.flip(1),
  roll: () => x.roll(3, 1),
  cat: () => tenon.cat([x, y], 1),
  indexSelect: () => x.indexSelect(1, index),
  gather: () => x.gather(1, indices),
  scatterAdd: () => x.scatterAdd(1, indices, y),
  indexAdd: () => x.indexAdd(0, index, y),
  indexPut: () => x.indexPut([index], y),
  maskedFill: () => x.maskedFill(mask, 1),
  maskedSelect: () => x.maskedSelect(mask),
  nonzero: () => mask.nonzero(),
  take: () => x.take(places),
  tril: () => x.tril(),
  repeat: () => vector.repeat(1000, 1),
  softmax: () => x.softmax(1),
  softmax0: () => x.softmax(0),
  logSoftmax: () => x.logSoftmax(1),
  matmul: () => x.matmul(y),
  mv: () => x.mv(vector),
  bmm: () => batch.bmm(batch),
  einsum: () => tenon.einsum('bij,bkj->bik', [batch, batch]),
  outer: () => vector.outer(vector),
  cdist: () => tenon.cdist(few, few),
  sort: () => flat.sort()[0],
  argsort: () => x.argsort(1),
  topk: () => flat.topk(100)[0],
  unique: () => indices.unique(),
  histc: () => x.histc(100),
  searchsorted: () => tenon.searchsorted(sorted, flat),
  solve: () => tenon.linalg.solve(definite, square),
  inv: () => tenon.linalg.inv(definite),
  cholesky: () => tenon.linalg.cholesky(definite),
  qr: () => tenon.linalg.qr(definite).R.abs(),
  svd: () => tenon.linalg.svdvals(square),
  eigh: () => tenon.linalg.eigvalsh(definite),
  det: () => tenon.linalg.slogdet(definite).logabsdet,
  inverses: () => tenon.linalg.inv(small),
};

function prepare({ op }: { op: string }): Job {
  const f = OPS[op]!;
  let result: Tensor;
  return {
    batch(calls) {
      for (let i = 0; i < calls; i++) result = f();
    },
    check: () => digest(result),
  };
}

void serve(prepare);
