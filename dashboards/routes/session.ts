import { roles } from '../auth.ts';
import type { ConsoleRoutes } from '../console-app.ts';

const answer = {
  title: 'session',
  type: 'object',
  properties: {
    name: { type: 'string', description: 'What events record as who.' },
    role: { type: 'string', enum: roles },
    advertiser_id: { type: ['string', 'null'], description: 'The one advertiser whose data the key may see.' },
  },
} as const;

/** `GET /v1/session`: whose key this is, so that a page offers only what it may ask for. */
export const sessionRoutes: ConsoleRoutes = (app) => {
  app.get(
    '/v1/session',
    {
      config: { roles: ['trafficker', 'finance', 'analyst', 'auditor'], scoped: true },
      schema: { summary: 'Whose key this is', tags: ['operation'], response: { 200: answer } },
    },
    async ({ principal: { name, role, advertiserId } }) => ({ name, role, advertiser_id: advertiserId }),
  );
};
