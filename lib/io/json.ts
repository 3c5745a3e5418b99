/** JSON out of files that anybody may have made: no name twice in one object, and no deep nesting. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The place behind the string that starts at i. */
function endOfString(bytes: Uint8Array, i: number): number {
  for (let j = i + 1; j < bytes.length; j++) {
    if (bytes[j] === BACKSLASH) j++;
    else if (bytes[j] === QUOTE) return j + 1;
  }
  throw new SyntaxError('a string has no end');
}

/** Looks at brackets and names only; the rest is for JSON.parse. */
function checkNesting(bytes: Buffer, maxDepth: number): void {
  const names: (Set<string> | null)[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      let next = end;
      while (isSpace(bytes[next])) next++;
      if (bytes[next] === COLON) {
        const name = JSON.parse(bytes.toString('utf8', i, end)) as string;
        const known = names[names.length - 1];
        if (known?.has(name))
          throw new SyntaxError(`the name ${JSON.stringify(name.slice(0, 80))} is there twice`);
        known?.add(name);
      }
      i = end - 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      names.push(byte === 0x7b ? new Set() : null);
      if (names.length > maxDepth) throw new SyntaxError(`it is nested more than ${maxDepth} levels deep`);
    } else if (byte === 0x7d || byte === 0x5d) names.pop();
  }
}

/** The value of JSON text in UTF-8. Throws a SyntaxError for anything else. */
export function parseJson(bytes: Buffer, maxDepth: number): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SyntaxError('it is not UTF-8');
  }
  checkNesting(bytes, maxDepth);
  return JSON.parse(text);
}
