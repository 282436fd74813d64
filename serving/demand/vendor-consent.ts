import { TCString } from '@iabtechlabtcf/core';
import { BoundedCache } from '../bounded-cache.ts';
import type { ConsentVerdict } from '../consent.ts';

const keptStrings = 2_000;
const vendors = new BoundedCache<string, ReadonlySet<number>>(keptStrings);

/** Vendors that a TCF string names with consent. The string was decoded before and is known to be one. */
function consentedVendors(tcf: string): ReadonlySet<number> {
  const known = vendors.get(tcf);
  if (known !== undefined) return known;
  const named = new Set<number>();
  TCString.decode(tcf).vendorConsents.forEach((isSet, id) => {
    if (isSet) named.add(id);
  });
  vendors.set(tcf, named);
  return named;
}

/**
 * Whether a bidder may be told who the person is: only with consent to be recognised, and where that consent is one of the TCF, only if it names the bidder's
 * vendor too.
 */
export function maySeePerson(
  { consent, reason }: ConsentVerdict,
  { tcf, vendorId }: { readonly tcf: string | null; readonly vendorId: number },
): boolean {
  if (consent !== 'personal') return false;
  if (reason !== 'tcf_ok') return true;
  return vendorId > 0 && tcf !== null && consentedVendors(tcf).has(vendorId);
}
