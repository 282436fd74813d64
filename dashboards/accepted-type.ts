/**
 * Which of the types that a route can answer in an `Accept` header likes best (RFC 9110 §12.5.1): by its q, then by the route's order. Without the
 * header, or if it names none of them, the first.
 */
export function acceptedType<T extends string>(accept: string | undefined, offered: readonly [T, ...T[]]): T {
  const asked = (accept ?? '').split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    return { type, q: q === undefined ? 1 : Number(q.slice(2)) };
  });
  let best: T = offered[0];
  let bestQ = 0;
  for (const type of offered) {
    const q = qualityOf(type, asked);
    if (q > bestQ) [best, bestQ] = [type, q];
  }
  return best;
}

/** Of the most specific range that takes the type. */
function qualityOf(type: string, asked: readonly { readonly type: string; readonly q: number }[]): number {
  const ranges = [type, `${type.split('/', 1)[0]}/*`, '*/*'];
  for (const range of ranges) {
    const found = asked.find((part) => part.type === range);
    if (found !== undefined) return found.q;
  }
  return 0;
}
