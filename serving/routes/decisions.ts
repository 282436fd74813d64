import type { FastifyInstance, FastifyRequest } from 'fastify';
import { dealIdForm } from '../../domain/catalog-rules.ts';
import { deviceTypes } from '../../domain/targeting-rules.ts';
import { type ClientReader, networkOf, userAgentOf } from '../client.ts';
import type { Answered, Caller, DecisionDesk } from '../decision-desk.ts';
import { formats, readDecisionRequest, requestLimits } from '../decision-request.ts';
import { problemResponses } from '../problem.ts';
import { noAdReasons } from '../slot.ts';

export interface DecisionRouteDeps {
  readonly desk: DecisionDesk;
  readonly clients: ClientReader;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
  /** True if the key of `Authorization: Bearer KEY` may see prices and reasons. */
  readonly debugAllowed: (key: string) => boolean;
}

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;

const slotSchema = {
  type: 'object',
  required: ['id', 'placement_id'],
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 64 },
    placement_id: { type: 'string', pattern: '^pl_[0-9A-Za-z]{1,12}$' },
    count: { type: 'integer', minimum: 1, maximum: requestLimits.adsPerSlot },
    sizes: {
      type: 'array',
      maxItems: requestLimits.sizes,
      items: { type: 'string', pattern: '^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$' },
    },
    format: { type: 'string', enum: formats },
    formats: { type: 'array', items: { type: 'string', enum: formats } },
    key_values: { type: 'object', additionalProperties: true, description: 'A text or a list of texts by key.' },
    floor_micros: { type: 'string', pattern: '^(0|[1-9][0-9]{0,15})$' },
    deals: {
      type: 'array',
      maxItems: requestLimits.listed,
      items: { type: 'string', pattern: dealIdForm.source },
      description: 'Deals of the placement that are offered; left out: all of them, empty: none.',
    },
  },
} as const;

const bodySchema = {
  type: 'object',
  required: ['slots'],
  properties: {
    slots: { type: 'array', minItems: 1, maxItems: requestLimits.slots, items: slotSchema },
    user: { type: 'object', properties: { id: text, segments: texts } },
    device: {
      type: 'object',
      properties: { ua: text, ip: text, language: text, type: { type: 'string', enum: deviceTypes }, os: text },
    },
    geo: { type: 'object', properties: { country: text, region: text, city: text } },
    consent: {
      type: 'object',
      properties: { tcf: text, gpp: text, gdpr: { type: 'boolean' }, coppa: { type: 'boolean' } },
    },
    context: {
      type: 'object',
      properties: { url: text, domain: text, app_bundle: text, keywords: texts, categories: texts },
    },
    tmax: { type: 'integer', minimum: requestLimits.tmaxMs.least, maximum: requestLimits.tmaxMs.most },
    beacon_life_ms: {
      type: 'integer',
      minimum: requestLimits.beaconLifeMs.least,
      maximum: requestLimits.beaconLifeMs.most,
      description: 'For how long impression, viewable and video beacons are needed; at most what the platform allows.',
    },
    test: { type: 'boolean' },
    debug: { type: 'boolean' },
  },
} as const;

const explainSchema = { type: 'object', additionalProperties: true, description: 'With `debug` and a key.' } as const;

const answerSchema = {
  type: 'object',
  properties: {
    request_id: text,
    decisions: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          slot_id: text,
          placement_id: text,
          selection_id: text,
          advertiser_id: text,
          campaign_id: text,
          line_item_id: text,
          creative_id: text,
          format: text,
          markup: text,
          width: { type: 'integer' },
          height: { type: 'integer' },
          click_url: text,
          beacons: { type: 'object', additionalProperties: text },
          trackers: { type: 'array', items: { type: 'object', properties: { event: text, url: text } } },
          expires_at: { type: 'string', format: 'date-time' },
          explain: explainSchema,
        },
      },
    },
    no_ad: {
      type: 'array',
      items: {
        type: 'object',
        properties: { slot_id: text, reason: { type: 'string', enum: noAdReasons }, explain: explainSchema },
      },
    },
    warnings: texts,
  },
} as const;

/** Texts of the answer that are made of ids and URLs of our own making: no character in them needs escaping in JSON, and most of the answer is these. */
const ownTexts = new Set([
  'request_id',
  'placement_id',
  'selection_id',
  'advertiser_id',
  'campaign_id',
  'line_item_id',
  'creative_id',
  'format',
  'click_url',
  'beacons',
  'expires_at',
]);

/** The schema of the answer, for a serializer that need not look for what to escape in our own texts. */
function wireSchema(schema: object, own = false): Record<string, unknown> {
  const entries = Object.entries(schema as Readonly<Record<string, unknown>>).map(([name, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name, value];
    return [name, wireSchema(value, own || ownTexts.has(name))];
  });
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  return own && copy['type'] === 'string' ? { ...copy, format: 'unsafe' } : copy;
}

const schema = {
  tags: ['decisions'],
  summary: 'Choose ads',
  description:
    'One decision for each ad; a slot without one is named in `no_ad` with its reason. Unknown fields are ignored and named in `warnings`.',
  body: bodySchema,
  response: {
    200: { description: 'Decisions and empty slots.', ...answerSchema },
    ...problemResponses('BAD_JSON', 'VALIDATION_FAILED', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'BUFFER_FULL'),
  },
};

const json = 'application/json; charset=utf-8';

/**
 * What belongs to one request stands on it. In a WeakMap by request, what was long answered outlived collection after collection and was moved to the
 * old generation: pauses of 50 to 170 ms, and a quarter of the CPU time.
 */
declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic time, microseconds. */
    arrivedUs: number;
    answered: Answered | null;
  }
}

/** `POST /v1/decisions`. */
export function registerDecisions(app: FastifyInstance, deps: DecisionRouteDeps): void {
  const wire = wireSchema(answerSchema);
  app.decorateRequest('arrivedUs', 0);
  app.decorateRequest('answered', null);
  app.post('/v1/decisions', {
    schema,
    bodyLimit: requestLimits.bodyBytes,
    // The body is checked once, where it is normalised (`readDecisionRequest`); the schema above documents it with the same limits and lists.
    validatorCompiler: () => () => true,
    onRequest: (request, _reply, done) => {
      request.arrivedUs = deps.monotonicUs();
      done();
    },
    onResponse: ({ answered }, _reply, done) => {
      if (answered !== null) deps.desk.markReturned(answered);
      done();
    },
    handler: (request, reply) => {
      const decision = readDecisionRequest(request.body);
      const answered = deps.desk.decide(decision, callerOf(request, deps));
      const send = (answer: Answered): void => {
        request.answered = answer;
        const serialize = reply.compileSerializationSchema(wire);
        void reply.header('content-type', json).send(serialize({ ...answer.body }));
      };
      if (!(answered instanceof Promise)) return send(answered);
      answered.then(send, (error: unknown) => reply.send(error));
    },
  });
}

function callerOf(request: FastifyRequest, deps: DecisionRouteDeps): Caller {
  const { headers, arrivedUs } = request;
  const key = headers.authorization?.startsWith('Bearer ') ? headers.authorization.slice(7) : '';
  return {
    channel: 'api',
    userAgent: userAgentOf(headers),
    address: deps.clients.addressOf(request),
    truncate: networkOf,
    trusted: key !== '' && deps.debugAllowed(key),
    arrivedUs,
  };
}
