import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import type { Admission } from '../admission.ts';
import { type ClientReader, networkOf, userAgentOf } from '../client.ts';
import type { Answered, DecisionDesk } from '../decision-desk.ts';
import { readDecisionRequest, requestLimits } from '../decision-request.ts';
import { adsOfDocument, isVast, vastDocument, vmapDocument } from '../formats/vast.ts';
import { problemResponses } from '../problem.ts';

export interface AdTagDeps {
  readonly desk: Pick<DecisionDesk, 'decide' | 'markReturned'>;
  readonly clients: ClientReader;
  readonly admission: Pick<Admission, 'isCalm' | 'takes'>;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
}

type Query = Readonly<Record<string, string | undefined>>;

/** VMAP 1.0.1 (§2.3.2): start, end, a time or a part of the programme. */
const timeOffset = /^(start|end|\d{2}:[0-5]\d:[0-5]\d(\.\d{3})?|(100|\d{1,2})%)$/;
const text = { type: 'string' } as const;
const common = {
  placement_id: text,
  count: { type: 'integer', minimum: 1, maximum: requestLimits.adsPerSlot, description: 'Ads of a pod.' },
  format: { type: 'string', enum: ['video', 'audio'] },
  url: { ...text, description: 'Of the page.' },
  gdpr: { type: 'string', enum: ['0', '1'] },
  gdpr_consent: text,
  gpp: text,
  gpp_sid: { ...text, description: 'Sections of the GPP string that apply, separated by commas.' },
  coppa: { type: 'string', enum: ['0', '1'] },
  test: { type: 'string', enum: ['0', '1'] },
} as const;

function schemaOf(summary: string, properties: object): object {
  return {
    tags: ['decisions'],
    summary,
    querystring: { type: 'object', properties },
    response: {
      200: { description: 'XML; without an ad it is empty.', type: 'string' },
      ...problemResponses('VALIDATION_FAILED', 'BUFFER_FULL', 'TOO_MANY_REQUESTS'),
    },
  };
}

/**
 * Ad tags: addresses that a player is given. `GET /v1/vast?placement_id=…&count=…` answers with VAST 4.2, `GET /v1/vmap?…&breaks=start,50%,end` with a VMAP of a
 * pod for each break. Everything is decided, signed and counted as by `POST /v1/decisions`.
 */
export function registerAdTags(app: FastifyInstance, deps: AdTagDeps): void {
  const options = { exposeHeadRoute: false, validatorCompiler: () => () => true };
  app.get('/v1/vast', { ...options, schema: schemaOf('VAST ad tag', common) }, async (request, reply) => {
    const answered = await decide(request, deps, ['tag']);
    const ads = documentsOf(answered, 'tag').map(adsOfDocument);
    return sendXml(reply, answered, { request, deps, body: vastDocument(ads) });
  });
  const breaks = { ...text, description: 'Separated by commas: start, end, HH:MM:SS[.mmm], n%.' };
  const schema = schemaOf('VMAP ad tag', { ...common, breaks });
  app.get('/v1/vmap', { ...options, schema }, async (request, reply) => {
    const offsets = offsetsOf((request.query as Query)['breaks']);
    const answered = await decide(request, deps, offsets);
    const filled = offsets.map((offset) => ({
      id: offset,
      timeOffset: offset,
      documents: documentsOf(answered, offset),
    }));
    const body = vmapDocument(filled.filter(({ documents }) => documents.length > 0));
    return sendXml(reply, answered, { request, deps, body });
  });
}

function offsetsOf(given = 'start'): string[] {
  const offsets = [...new Set(given.split(','))];
  if (offsets.length <= requestLimits.slots && offsets.every((offset) => timeOffset.test(offset))) return offsets;
  const rule = `must be at most ${requestLimits.slots} of start, end, HH:MM:SS[.mmm] and n%`;
  throw new AdtallyError('VALIDATION_FAILED', `breaks ${rule}`, { path: 'breaks' });
}

function decide(request: FastifyRequest, { desk, admission, clients, monotonicUs }: AdTagDeps, slotIds: string[]) {
  const arrivedUs = monotonicUs();
  const decision = readDecisionRequest(bodyOf(request.query as Query, slotIds));
  if (!admission.isCalm && !admission.takes(decision.slots.map(({ placementId }) => placementId))) {
    throw new AdtallyError('TOO_MANY_REQUESTS', 'more is asked than can be answered: try again');
  }
  return desk.decide(decision, {
    channel: 'api',
    userAgent: userAgentOf(request.headers),
    address: clients.addressOf(request.raw),
    truncate: networkOf,
    trusted: false,
    arrivedUs,
  });
}

/** A tag's query as the body of a decision request: one that is wrong is refused with the same sentence. */
function bodyOf(query: Query, slotIds: readonly string[]): unknown {
  const { placement_id, count, format, url, gdpr, gdpr_consent: tcf, gpp, gpp_sid: sections, coppa, test } = query;
  const slot = {
    placement_id,
    ...(count !== undefined && { count: Number(count) }),
    formats: format === undefined ? ['video', 'audio'] : [format],
  };
  return {
    slots: slotIds.map((id) => ({ id, ...slot })),
    ...(url !== undefined && { context: { url } }),
    consent: {
      tcf,
      gpp,
      ...(sections !== undefined && sections !== '' && { gpp_sid: sections.split(',').map(Number) }),
      ...(gdpr !== undefined && { gdpr: gdpr === '1' }),
      coppa: coppa === '1',
    },
    test: test === '1',
  };
}

/** Those of a slot, in their order; a creative that is HTML for one's own player is of no use to another. */
function documentsOf({ body }: Answered, slotId: string): string[] {
  return body.decisions
    .filter(({ slot_id: id, markup }) => id === slotId && isVast(markup))
    .map(({ markup }) => markup);
}

interface Xml {
  readonly request: FastifyRequest;
  readonly deps: AdTagDeps;
  readonly body: string;
}

/** Players ask with credentials, so that their very origin must be named. */
function sendXml(reply: FastifyReply, answered: Answered, { request, deps, body }: Xml): FastifyReply {
  const { origin } = request.headers;
  if (origin !== undefined) {
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'origin',
    });
  }
  reply.raw.once('finish', () => deps.desk.markReturned(answered));
  return reply.type('application/xml; charset=utf-8').header('cache-control', 'no-store').send(body);
}
