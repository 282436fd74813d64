import type { Principal, Role } from '../auth.ts';
import type { Entity } from '../catalog/entities.ts';

export interface Access {
  readonly roles: readonly Role[];
  readonly scoped: boolean;
}

export interface EntityAccess {
  readonly read: Access;
  readonly create: Access;
  readonly change: Access;
}

export const readers: readonly Role[] = ['trafficker', 'finance', 'analyst', 'auditor'];
const ownAdvertiser: Access = { roles: ['trafficker'], scoped: true };
const wholeMarket: Access = { roles: ['trafficker'], scoped: false };

/** Publishers' terms are not for advertisers; that placements exist is, because line items name them. */
export function accessOf({ kind }: Entity): EntityAccess {
  switch (kind) {
    case 'advertiser':
      return { read: { roles: readers, scoped: true }, create: { roles: [], scoped: false }, change: ownAdvertiser };
    case 'publisher':
      return { read: { roles: readers, scoped: false }, create: wholeMarket, change: wholeMarket };
    case 'deadline_policy':
    case 'bidder':
      return { read: { roles: readers, scoped: false }, create: wholeMarket, change: wholeMarket };
    case 'placement':
      return { read: { roles: readers, scoped: true }, create: wholeMarket, change: wholeMarket };
    case 'campaign':
    case 'line_item':
    case 'creative':
      return { read: { roles: readers, scoped: true }, create: ownAdvertiser, change: ownAdvertiser };
    default:
      return kind satisfies never;
  }
}

/** Whether a key has an access, as the routes judge it. */
export function mayUse({ roles, scoped }: Access, { role, advertiserId }: Principal): boolean {
  return role === 'admin' || (roles.includes(role) && (advertiserId === null || scoped));
}
