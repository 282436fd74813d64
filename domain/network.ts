/**
 * Internet addresses, as far as the platform may know them: it works with truncated networks and never keeps a full address.
 */

/** A parsed address: 4 bytes (IPv4, also one mapped into IPv6) or 16. */
export type AddressBytes = Uint8Array;

function parseIpv4(text: string): AddressBytes | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (let index = 0; index < 4; index += 1) {
    const part = parts[index] as string;
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    bytes[index] = Number(part);
  }
  return bytes;
}

/** The 16-bit groups on one side of `::`; an IPv4 tail counts as two. */
function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const tail = parseIpv4(part);
      if (tail === null) return null;
      groups.push(((tail[0] as number) << 8) | (tail[1] as number), ((tail[2] as number) << 8) | (tail[3] as number));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

function parseIpv6(text: string): AddressBytes | null {
  const sides = text.split('::');
  if (sides.length > 2) return null;
  const head = parseGroups(sides[0] as string);
  const tail = sides.length === 2 ? parseGroups(sides[1] as string) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (sides.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[2 * index] = group >> 8;
    bytes[2 * index + 1] = group & 255;
  }
  return bytes;
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The bytes of an address in text (a zone index is dropped), or null if it is none. */
export function parseAddress(text: string): AddressBytes | null {
  if (!text.includes(':')) return parseIpv4(text);
  const bytes = parseIpv6(text.split('%', 1)[0] as string);
  if (bytes !== null && mappedPrefix.every((byte, index) => bytes[index] === byte)) return bytes.subarray(12);
  return bytes;
}

/** The network that may be recorded of an address: `a.b.c.0/24` of IPv4, `a:b:c::/48` of IPv6; empty for text that is no address. */
export function truncateAddress(text: string): string {
  const bytes = parseAddress(text);
  if (bytes === null) return '';
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.0/24`;
  const groups = [0, 2, 4].map((at) => (((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16));
  return `${groups.join(':')}::/48`;
}

/** A set of networks in CIDR notation. Membership costs one look-up for each different prefix length. */
export class NetworkSet {
  /** Address length and prefix length → prefixes, as texts of their bytes. */
  readonly #prefixes = new Map<
    string,
    { readonly bytes: number; readonly bits: number; readonly known: Set<string> }
  >();

  /** Throws a RangeError that names the network which can't be read. */
  constructor(networks: readonly string[]) {
    for (const network of networks) this.#add(network);
  }

  has(address: string): boolean {
    if (this.#prefixes.size === 0) return false;
    const bytes = parseAddress(address);
    if (bytes === null) return false;
    for (const group of this.#prefixes.values()) {
      if (group.bytes === bytes.length && group.known.has(prefixOf(bytes, group.bits))) return true;
    }
    return false;
  }

  #add(network: string): void {
    const [text = '', length, more] = network.split('/');
    const bytes = more === undefined ? parseAddress(text) : null;
    // Number('') is 0: a slash alone must not mean every address there is.
    const bits =
      length === undefined ? (bytes?.length ?? 0) * 8 : /^(0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : -1;
    if (bytes === null || !Number.isInteger(bits) || bits < 0 || bits > bytes.length * 8) {
      throw new RangeError(`not a network in CIDR notation: ${JSON.stringify(network.slice(0, 60))}`);
    }
    const key = `${bytes.length}/${bits}`;
    const group = this.#prefixes.get(key) ?? { bytes: bytes.length, bits, known: new Set<string>() };
    group.known.add(prefixOf(bytes, bits));
    this.#prefixes.set(key, group);
  }
}

function prefixOf(bytes: AddressBytes, bits: number): string {
  const whole = bits >> 3;
  const rest = bits & 7;
  const prefix = Buffer.from(bytes.subarray(0, rest === 0 ? whole : whole + 1));
  if (rest !== 0) prefix[whole] = (prefix[whole] as number) & (0xff << (8 - rest));
  return prefix.toString('latin1');
}
