import { parseAddress } from '../../domain/network.ts';

const longestUrl = 4096;
const localNames = ['localhost', 'local', 'internal', 'lan', 'home.arpa'];

/**
 * A URL of a bidder's document, trimmed, as players and pages may fetch it: https, of a host that has a public name, without name and password. Null for
 * anything else. Hosts given as addresses are refused altogether: no advertiser needs one.
 */
export function outsideUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > longestUrl) return null;
  const text = value.trim();
  if (!/^https:\/\/[^\s/?#\\]/i.test(text) || /[^\x20-\x7e\u0080-\uffff]/.test(text)) return null;
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '') return null;
  return isPublicName(url.hostname) ? text : null;
}

function isPublicName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  if (name.startsWith('[') || parseAddress(name) !== null || !name.includes('.')) return false;
  return !localNames.some((local) => name.endsWith(`.${local}`));
}
