import type { ConsoleRoutes } from '../console-app.ts';
import type { QuarantineDesk } from '../operations/quarantine-desk.ts';

const item = { type: 'object', additionalProperties: true } as const;
const usualPage = 25;

/** `GET /v1/quarantine`: what was put aside, newest first. `POST /v1/quarantine/{offset}/replays`: one of it once more, with a reason. */
export function quarantineRoutes(desk: QuarantineDesk): ConsoleRoutes {
  return (app) => {
    app.get(
      '/v1/quarantine',
      {
        config: { roles: ['auditor'] },
        schema: {
          summary: 'What could not be read, judged or believed, newest first',
          tags: ['operation'],
          querystring: {
            type: 'object',
            properties: {
              before: { type: 'string', pattern: '^[0-9]{1,15}$', description: 'Only what lies below this offset.' },
              limit: {
                type: 'string',
                pattern: '^([1-9][0-9]?|1[0-9][0-9]|200)$',
                description: `${usualPage} if left out.`,
              },
            },
            additionalProperties: false,
          },
          response: {
            200: {
              title: 'quarantine',
              type: 'object',
              properties: {
                items: { type: 'array', items: item },
                next: { type: ['integer', 'null'], description: '`before` of the next page.' },
              },
            },
          },
        },
      },
      async ({ query }) => {
        const { before, limit } = query as { before?: string; limit?: string };
        return desk.list(before === undefined ? null : Number(before), limit === undefined ? usualPage : Number(limit));
      },
    );
    app.post(
      '/v1/quarantine/:offset/replays',
      {
        config: { roles: [] },
        schema: {
          summary: 'Replay one record',
          description:
            'A beacon is given to serving again and judged as any other; a record of the log that can be read now is appended again. It counts once however often that is done. Who asked, why and what came of it is noted in `quarantine`.',
          tags: ['operation'],
          params: {
            type: 'object',
            properties: { offset: { type: 'string', pattern: '^[0-9]{1,15}$' } },
            required: ['offset'],
          },
          body: {
            type: 'object',
            properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
            required: ['reason'],
            additionalProperties: false,
          },
          response: {
            200: {
              title: 'replay',
              type: 'object',
              properties: {
                outcome: { type: 'string', enum: ['replayed', 'replayed_before', 'still_bad'] },
                code: { type: ['string', 'null'], description: 'Why it is still not believed.' },
                sentence: { type: 'string' },
              },
            },
          },
        },
      },
      async ({ params, body, principal }) => {
        const { offset } = params as { offset: string };
        const { reason } = body as { reason: string };
        return desk.replay(Number(offset), { reason, by: principal.name });
      },
    );
  };
}
