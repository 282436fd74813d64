import { AdtallyError } from '../../domain/errors.ts';
import { isEntityId } from '../../domain/identity.ts';
import { type PacingView, pacingViewKey } from '../../domain/pacing-view.ts';
import { formatTime } from '../../domain/time-text.ts';
import type { ViewStore } from '../../ports/view-store.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { listSchema, pageParameters, readCursor, readLimit, writeCursor } from '../page.ts';

export interface PacingRoutesDeps {
  readonly views: Pick<ViewStore, 'getMany'>;
  /** Advertiser that a campaign belongs to, or null if there is no such campaign. */
  readonly campaignOwner: (campaignId: string) => Promise<string | null>;
  /** Campaigns that are not archived, of one advertiser or (null) of all, in the order of their creation. */
  readonly campaignIds: (advertiserId: string | null) => Promise<readonly string[]>;
}

const readers = { roles: ['trafficker', 'finance', 'analyst', 'auditor'], scoped: true } as const;

const answer = {
  title: 'pacing of a campaign',
  type: 'object',
  description:
    'Amounts are decimal strings of micros. `throttle` says what holds spending back; each window has target, actual and error_ppm.',
  additionalProperties: true,
} as const;

/** `GET /v1/pacing/campaigns` and `GET /v1/pacing/campaigns/{id}`: what the allocator believes of a campaign, as it wrote it last. */
export function pacingRoutes({ views, campaignOwner, campaignIds }: PacingRoutesDeps): ConsoleRoutes {
  return (app) => {
    app.get(
      '/v1/pacing/campaigns',
      {
        config: readers,
        schema: {
          summary: 'Pacing of every campaign that is not archived',
          description: 'In the order of their creation. Campaigns that the allocator has not come to yet are left out.',
          tags: ['pacing'],
          querystring: { type: 'object', properties: pageParameters, additionalProperties: false },
          response: { 200: listSchema(answer) },
        },
      },
      async ({ query, principal }) => {
        const { limit: asked, cursor } = query as { readonly limit?: string; readonly cursor?: string };
        const limit = readLimit(asked);
        const from = cursor === undefined ? 0 : (readCursor(cursor, 1)[0] ?? 0);
        const ids = await campaignIds(principal.advertiserId);
        const found = await views.getMany(ids.slice(from, from + limit).map(pacingViewKey));
        const items = found.flatMap((view) => (view === null ? [] : [shown(readView(view.value))]));
        return { items, next_cursor: from + limit < ids.length ? writeCursor([from + limit]) : null };
      },
    );
    app.get(
      '/v1/pacing/campaigns/:campaign_id',
      {
        config: readers,
        schema: {
          summary: 'Target and actual, leases and throttle of a campaign',
          description: '503 until the allocator has seen its first budget.',
          tags: ['pacing'],
          params: { type: 'object', properties: { campaign_id: { type: 'string', maxLength: 64 } } },
          response: { 200: answer },
        },
      },
      async ({ params, principal }) => {
        const { campaign_id: campaignId } = params as { readonly campaign_id: string };
        const owner = isEntityId('campaign', campaignId) ? await campaignOwner(campaignId) : null;
        const isForeign = principal.advertiserId !== null && principal.advertiserId !== owner;
        if (owner === null || isForeign) throw new AdtallyError('NOT_FOUND', `there is no campaign ${campaignId}`);
        const [view] = await views.getMany([pacingViewKey(campaignId)]);
        if (view === null || view === undefined) {
          throw new AdtallyError('NOT_READY', `the allocator has not come to the budget of ${campaignId} yet`);
        }
        return shown(readView(view.value));
      },
    );
  };
}

function readView(value: Uint8Array): PacingView {
  return JSON.parse(new TextDecoder().decode(value)) as PacingView;
}

function shown(view: PacingView): object {
  const { flight, at, windows } = view;
  return {
    ...view,
    at: formatTime(at),
    flight: { starts_at: formatTime(flight.starts_at), ends_at: formatTime(flight.ends_at) },
    windows: windows.map((window) => ({ ...window, from: formatTime(window.from), to: formatTime(window.to) })),
  };
}
