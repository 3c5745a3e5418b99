/** Says whether there is a GPU to measure. */
import { cuda } from 'tenon';

console.log(JSON.stringify(cuda.status()));
