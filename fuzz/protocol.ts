/** What a child tells its parent: a line of JSON each. The number of the call being made is in a file of 8 bytes. */
export interface Finding {
  readonly kind: 'error' | 'crash' | 'hang' | 'leak' | 'state';
  /** The calls that it takes: one, or a range. */
  readonly from: number;
  readonly to: number;
  readonly target: string;
  readonly text: string;
  readonly what: string;
  readonly stack?: string;
}

export type Message =
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'call'; readonly number: number; readonly target: string; readonly text: string }
  | { readonly type: 'done'; readonly losses: string; readonly targets: number; readonly rss: number };

export interface Task {
  readonly seed: number;
  /** Calls from `from` to before `to`. */
  readonly from: number;
  readonly to: number;
  /** The package's main file. */
  readonly module: string;
  /** The file with what is public. */
  readonly surface: string;
  /** The file with what the first child learns of the targets. */
  readonly learned: string;
  /** Only targets whose name matches. */
  readonly targets: string;
  /** Where to write the number of the call being made. */
  readonly progress: string;
  /** Only tell what the calls are. */
  readonly describe: boolean;
}

/** Before the first call: what the library exports is being looked at. */
export const LOADING = -1;
