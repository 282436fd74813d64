import type { Clock } from '../../ports/clock.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { marketNow } from '../market/bidders-now.ts';
import type { FleetProcess } from '../operations/fleet-watch.ts';

export interface MarketRoutesDeps {
  readonly clock: Clock;
  /** Processes of the platform as they answered last. */
  readonly processes: () => readonly FleetProcess[];
}

const rows = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const answer = {
  title: 'market now',
  type: 'object',
  properties: {
    at: { type: 'string', format: 'date-time' },
    processes: { type: 'integer', description: 'Processes that answered.' },
    seen_at: { type: ['string', 'null'], description: 'When the one that did so longest ago did.' },
    bidders: { ...rows, description: 'Breaker, share let through and time given, where each stands worst.' },
    in_flight: { type: 'integer', description: 'Unanswered bid requests.' },
    mishandled: { type: 'integer', description: 'Bid requests without an outcome: 0, or a defect.' },
    notices_waiting: { type: 'integer', description: 'Notices to bidders that wait for a try.' },
    notices: { ...rows, description: 'Notices by what became of them, since the processes started.' },
  },
} as const;

/** `GET /v1/market/bidders`: how bidders stand at the moment, as serving and streams count it. What they did is in the reports. */
export function marketRoutes({ clock, processes }: MarketRoutesDeps): ConsoleRoutes {
  return (app) => {
    app.get(
      '/v1/market/bidders',
      {
        config: { roles: ['analyst'] },
        schema: { summary: 'How bidders of outside demand stand now', tags: ['reports'], response: { 200: answer } },
      },
      async () => marketNow(processes(), clock.now()),
    );
  };
}
