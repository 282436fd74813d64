import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AdtallyError } from '../domain/errors.ts';
import { isEntityId } from '../domain/identity.ts';

/** Each sees only its own routes; admin sees all. */
export const roles = ['admin', 'trafficker', 'finance', 'analyst', 'auditor'] as const;
export type Role = (typeof roles)[number];

/** Who asks. */
export interface Principal {
  /** What events record as who: role, advertiser if bound to one, and the start of the key's hash. */
  readonly name: string;
  readonly role: Role;
  /** The one advertiser whose data the key may see; null: all. */
  readonly advertiserId: string | null;
}

/** A key as it is kept: never the key itself. */
export interface KeptKey {
  readonly role: Role;
  readonly advertiserId: string | null;
  /** SHA-256 of the key. */
  readonly hash: Uint8Array;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key it came with. Error: `INVARIANT_BROKEN` on a route that names no roles. */
    readonly principal: Principal;
  }
  interface FastifyContextConfig {
    /** Roles that may use the route, besides admin. Every route below /v1/ must say so. */
    roles?: readonly Role[];
    /** True if keys bound to one advertiser may use the route: it then shows them nothing else. */
    scoped?: boolean;
  }
}

export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

/** Reads `role=key` or `role:advertiser_id=key`, joined by commas. Error: `BAD_SETTING`, which does not repeat the key. */
export function parseKeys(text: string): KeptKey[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part, index) => parseKey(part.trim(), index + 1));
}

function parseKey(part: string, place: number): KeptKey {
  const separator = part.indexOf('=');
  const [name = '', advertiserId = null] = part.slice(0, Math.max(separator, 0)).split(':');
  const key = part.slice(separator + 1);
  const role = roles.find((known) => known === name);
  if (role === undefined) throw badKey(place, `has no role of ${roles.join(', ')}`);
  if (advertiserId !== null && !isEntityId('advertiser', advertiserId))
    throw badKey(place, 'is bound to what is no adv_… id');
  if (advertiserId !== null && role === 'admin') throw badKey(place, 'binds an admin to one advertiser');
  if (!/^[\x21-\x7e]{12,200}$/.test(key))
    throw badKey(place, 'has a key that is not 12 to 200 visible ASCII characters');
  return { role, advertiserId, hash: hashKey(key) };
}

function badKey(place: number, detail: string): AdtallyError {
  return new AdtallyError('BAD_SETTING', `ADTALLY_KEYS: number ${place} ${detail}`);
}

function principalOf({ role, advertiserId, hash }: KeptKey): Principal {
  const bound = advertiserId === null ? role : `${role}:${advertiserId}`;
  return { name: `${bound}#${Buffer.from(hash).toString('hex').slice(0, 8)}`, role, advertiserId };
}

/** Finds whose key it is. Every key is compared, each in the same time, so that the time says nothing about how near a guess came. */
export function findPrincipal(keys: readonly KeptKey[], presented: string): Principal | null {
  const hash = hashKey(presented);
  let found: KeptKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found === null ? null : principalOf(found);
}

/**
 * Lets a request to a route through only with a key of one of its roles. A route below /v1/ that names no roles is a mistake and ends the start;
 * routes elsewhere (pages, health, documentation) are open unless they name roles.
 */
export function requireKeys(app: FastifyInstance, keys: readonly KeptKey[]): void {
  const asking = new WeakMap<FastifyRequest, Principal>();
  app.decorateRequest('principal', {
    getter(this: FastifyRequest): Principal {
      const principal = asking.get(this);
      if (principal === undefined) {
        throw new AdtallyError('INVARIANT_BROKEN', 'a route that names no roles asks who it is');
      }
      return principal;
    },
  });
  app.addHook('onRoute', ({ url, config }) => {
    if (url.startsWith('/v1/') && config?.roles === undefined) {
      throw new AdtallyError('INVARIANT_BROKEN', `the route ${url} does not say who may use it`);
    }
  });
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    if (config.roles === undefined) return;
    asking.set(request, authorize(request, keys, { roles: config.roles, scoped: config.scoped ?? false }));
  });
}

function authorize(
  request: FastifyRequest,
  keys: readonly KeptKey[],
  route: { readonly roles: readonly Role[]; readonly scoped: boolean },
): Principal {
  const [, key] = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '') ?? [];
  if (key === undefined) throw new AdtallyError('UNAUTHORIZED', 'send a key as `Authorization: Bearer KEY`');
  const principal = findPrincipal(keys, key);
  if (principal === null) throw new AdtallyError('UNAUTHORIZED', 'the key is not known');
  if (principal.role !== 'admin' && !route.roles.includes(principal.role)) {
    throw new AdtallyError('FORBIDDEN', `a key of the role ${principal.role} can't be used here`);
  }
  if (principal.advertiserId !== null && !route.scoped) {
    throw new AdtallyError('FORBIDDEN', "a key that is bound to one advertiser can't be used here");
  }
  return principal;
}
