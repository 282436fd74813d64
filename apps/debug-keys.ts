import { findPrincipal, type KeptKey, type Role } from '../dashboards/auth.ts';

/** Those who may read every recorded selection on the console: as `why-not`, as events, or by SQL. */
const debugRoles: ReadonlySet<Role> = new Set<Role>(['admin', 'trafficker', 'analyst', 'auditor']);

/**
 * True if whoever presents this key may see prices, bids and exclusions in the answer to a decision. They are of all advertisers that took part, so
 * that a key bound to one never may.
 */
export function mayDebug(keys: readonly KeptKey[], presented: string): boolean {
  const principal = findPrincipal(keys, presented);
  return principal !== null && principal.advertiserId === null && debugRoles.has(principal.role);
}
