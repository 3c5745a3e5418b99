import * as tenon from 'tenon';
import { readFileSync } from 'fs';
type R = any;
const num = (v: R) => (v === 'nan' ? NaN : v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v);
const mk = (a: R): R => (a && typeof a === 'object' ? (a.shape.length ? tenon.tensor(a.v.map(num)).to(a.dtype) : tenon.tensor(num(a.v[0])).to(a.dtype)) : a);
test('diff', () => {
  const cases: R[] = JSON.parse(readFileSync('/tmp/pw/cases.json', 'utf8'));
  const bad: Record<string, string[]> = {};
  let ok = 0;
  for (const c of cases) {
    const label = `${c.op}(${c.args.map((a: R) => (a && typeof a === 'object' ? a.dtype + JSON.stringify(a.shape) : String(a))).join(', ')} ${JSON.stringify(c.kw)})`;
    let got: R, err: R;
    try {
      const args = c.args.map(mk);
      if (Object.keys(c.kw).length) args.push(c.kw);
      const f = c.op.endsWith('_') ? undefined : (tenon as R)[c.op];
      got = f ? f(...args) : args[0][c.op](...args.slice(1));
      tenon.cpu.synchronize();
      got = got instanceof tenon.Tensor ? [got] : Array.from(got);
    } catch (e) { err = e; if (!(e instanceof tenon.TenonError)) (bad['CRASH'] ??= []).push(label + String(e)); }
    let why = '';
    if (c.err) { if (!err) why = `torch fails: ${c.err}; here ${got.map((t: R) => t.dtype)}`; }
    else if (err) why = `here fails: ${err.message}`;
    else c.out.forEach((w: R, i: number) => {
      const g = got[i];
      if (g.dtype !== w.dtype || String(g.shape) !== String(w.shape)) { why = `want ${w.dtype}[${w.shape}] got ${g.dtype}[${g.shape}]`; return; }
      const tol = ({ float32: 1e-5, float64: 1e-8, float16: 2e-3, bfloat16: 1.6e-2 } as R)[w.dtype] ?? 0;
      const gv = Array.from(g.toTypedArray() as Float64Array, Number); 
      w.v.map(num).forEach((e: number, k: number) => { const a = gv[k]!; if (Object.is(a, e) || a === e) return; if (!(Math.abs(a - e) <= tol * (1 + Math.abs(e)))) why = `[${k}] want ${e} got ${a}`; });
    });
    if (why) (bad[c.op + ': ' + why.replace(/\d+\.?\d*/g, '#').slice(0, 60)] ??= []).push(label + '  ' + why); else ok++;
  }
  console.log(ok, Object.entries(bad).map(([k, v]) => `${k} x${v.length}\n     ${v[0]}\n     ${v[v.length-1]}`).join('\n'));
});
