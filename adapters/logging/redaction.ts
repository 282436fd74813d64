import { isIP } from 'node:net';

export interface RedactionOptions {
  /** Texts that must never be seen. */
  readonly secrets?: readonly string[];
  /** Addresses of our own, which may be seen. Loopback may. */
  readonly hosts?: readonly string[];
}

/** A secret that is shorter is a word that may stand anywhere. */
const leastSecret = 6;
const loopback = /^(?:127\.|0\.0\.0\.0$|::1?$|::ffff:127\.)/i;

// Each in time linear in the text: no repetition without a bound stands beside one of the same characters.
const rules: readonly (readonly [pattern: RegExp, instead: string])[] = [
  // user:password@ of a URL
  [/\/\/[^\s/@"']{1,200}@/g, '//'],
  [/\b(authorization|set-cookie|cookie)("?\s?[:=])[^\n]*/gi, '$1$2 [secret]'],
  [/\b(bearer|basic) [^\s"',;]+/gi, '$1 [secret]'],
  [/(password|passwd|secret|token|api[_-]?key)("?\s?[:=]\s?)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi, '$1$2[secret]'],
  // the query of a path or URL
  [/\?[\w%.~-]{1,64}=[^\s"')]*/g, '?…'],
  // markup, but not what Node writes into stacks
  [/<(?!anonymous>)[a-z!/?][^>]*>?/gi, '[markup]'],
  [/[\w.+%-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}/g, '[person]'],
];
/** Longer than any id of ours (a UUID has 36), and with a digit: a token, a key or a hash, which opens something or is somebody. */
const long = /[\w-]{40,}(?:\.[\w-]+)*/g;
const ipv4 = /\b\d{1,3}(?:\.\d{1,3}){3}\b/g;
const ipv6 = /[0-9a-f]{0,4}:[0-9a-f:]{0,34}:[0-9a-f:.]{0,20}/gi;

/**
 * Takes out of a text what must not be in a log: the secrets given, credentials of URLs and headers, queries, tokens, addresses, mail addresses, markup. It is
 * the last line of defence: what is secret is not given to the log in the first place.
 */
export function createRedaction({ secrets = [], hosts = [] }: RedactionOptions = {}): (text: string) => string {
  const hidden = secrets.filter(({ length }) => length >= leastSecret).toSorted((a, b) => b.length - a.length);
  const own = new Set(hosts);
  const shown = (found: string): string => {
    const address = found.replace(/[:.]$/, '');
    return isIP(address) === 0 || loopback.test(address) || own.has(address) ? found : '[address]';
  };
  return (text) => {
    let safe = text;
    for (const secret of hidden) safe = safe.replaceAll(secret, '[secret]');
    for (const [pattern, instead] of rules) safe = safe.replace(pattern, instead);
    safe = safe.replace(long, (found) => (/\d/.test(found) ? '[token]' : found));
    return safe.replace(ipv4, shown).replace(ipv6, shown);
  };
}

/** Settings that are secret as a whole, or after their `=`. */
const secretSettings: ReadonlySet<string> = new Set(['ADTALLY_KEYS', 'RUN_ADMIN_KEY']);

/** What a process was given in its environment that must never be seen, and the addresses of its engines, which may. */
export function redactionOf(env: Readonly<Record<string, string | undefined>>): RedactionOptions {
  const secrets: string[] = [];
  const hosts: string[] = [];
  for (const [name, value = ''] of Object.entries(env)) {
    if (secretSettings.has(name))
      secrets.push(...value.split(',').map((one) => one.slice(one.indexOf('=') + 1).trim()));
    if (/(?:PASSWORD|SECRET)$/.test(name)) secrets.push(value);
    for (const [, user = ''] of value.matchAll(/:\/\/([^\s/@]{1,400})@/g)) secrets.push(...passwordsOf(user));
    if (value.includes('://')) hosts.push(...(value.match(ipv4) ?? []));
  }
  return { secrets, hosts };
}

/** The password of `user:password`, as it stands there and as it is meant. */
function passwordsOf(user: string): string[] {
  const password = user.slice(user.indexOf(':') + 1);
  try {
    return [password, decodeURIComponent(password)];
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return [password];
  }
}
