/** The digits of digits.csv.gz. */
import { readFileSync } from 'fs';
import { join } from 'path';
import { gunzipSync } from 'zlib';
import { slice, tensor, type Tensor } from 'tenon';

/** The pixels, scaled to 0..1, of shape [n, 64] (8 rows of 8), and the digits, of shape [n]. */
export function loadDigits(): [images: Tensor, labels: Tensor] {
  const text = gunzipSync(readFileSync(join(__dirname, 'digits.csv.gz'))).toString();
  const rows = tensor(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(',').map(Number)),
  );
  return [rows.index('...', slice(0, 64)).div(16), rows.index('...', 64).long()];
}
