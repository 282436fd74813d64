const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Range = readonly [first: number, last: number];

/** What a TCF string is made of, beside purposes 1 to 10 consented to. */
export interface ConsentParts {
  readonly consents: readonly Range[];
  readonly interests?: readonly Range[];
  readonly restrictions?: readonly (readonly Range[])[];
  readonly segments?: string;
}

/** A TCF string of version 2 whose vendors are ranges, as no consent dialog writes it. */
export function consentString({ consents, interests = [], restrictions = [], segments = '' }: ConsentParts): string {
  let bits = '';
  const put = (value: number, width: number) => {
    bits += value.toString(2).padStart(width, '0').slice(-width);
  };
  const ranges = (list: readonly Range[]) => {
    put(list.length, 12);
    for (const [first, last] of list) {
      put(1, 1);
      put(first, 16);
      put(last, 16);
    }
  };
  const vendors = (list: readonly Range[]) => {
    put(65_535, 16);
    put(1, 1);
    ranges(list);
  };
  // Version, two times, who asked, the language EN, versions of lists, flags, special features, purposes, the country EN.
  for (const [value, width] of [
    [2, 6],
    [15e9, 36],
    [15e9, 36],
    [300, 12],
    [1, 12],
    [1, 6],
    [4, 6],
    [13, 6],
    [100, 12],
    [4, 6],
    [0, 2],
    [0, 12],
  ] as const)
    put(value, width);
  for (const [value, width] of [
    [0xff_c0_00, 24],
    [0, 24],
    [0, 1],
    [4, 6],
    [13, 6],
  ] as const)
    put(value, width);
  vendors(consents);
  vendors(interests);
  put(restrictions.length, 12);
  for (const list of restrictions) {
    put(1, 8);
    ranges(list);
  }
  const padded = bits.padEnd(Math.ceil(bits.length / 24) * 24, '0');
  const texts = Array.from(
    { length: padded.length / 6 },
    (_, index) => alphabet[Number.parseInt(padded.slice(index * 6, index * 6 + 6), 2)],
  );
  return texts.join('') + segments;
}
