import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AdtallyError } from '../../domain/errors.ts';
import { dealIdForm } from '../../domain/sale-rules.ts';
import { deviceTypes } from '../../domain/targeting-values.ts';
import type { Admission } from '../admission.ts';
import { type ClientReader, networkOf, userAgentOf } from '../client.ts';
import type { Answered, DecisionAnswer, DecisionDesk } from '../decision-desk.ts';
import { type CallerOf, type DecisionFront, decisionPath } from '../decision-front.ts';
import { formats, readDecisionRequest, requestLimits } from '../decision-request.ts';
import type { Caller } from '../enrichment.ts';
import { problemResponses } from '../problem.ts';
import { noAdReasons } from '../slot.ts';

export interface DecisionRouteDeps {
  readonly desk: DecisionDesk;
  /** Monotonic time, microseconds. */
  readonly monotonicUs: () => number;
  readonly clients: ClientReader;
  /** True if the key of `Authorization: Bearer KEY` may see prices and reasons. */
  readonly debugAllowed: (key: string) => boolean;
  /** Omitted: every request is worked on. */
  readonly admission?: Admission;
  /** Answers most requests before they come to the router. */
  readonly front?: DecisionFront;
  /** Ads are traced: the trace that a request is part of is linked to. Default: false. */
  readonly tracing?: boolean;
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
      properties: {
        tcf: text,
        gpp: text,
        gpp_sid: {
          type: 'array',
          maxItems: requestLimits.listed,
          items: { type: 'integer' },
          description: 'Sections of the GPP string that apply; without it, all that it has.',
        },
        gdpr: { type: 'boolean' },
        coppa: { type: 'boolean' },
      },
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
    ...problemResponses(
      'BAD_JSON',
      'VALIDATION_FAILED',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'TOO_MANY_REQUESTS',
      'BUFFER_FULL',
    ),
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
  const callerOf = callerReader(deps);
  app.decorateRequest('arrivedUs', 0);
  app.decorateRequest('answered', null);
  app.post(decisionPath, {
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
      const answered = decide(request, deps, callerOf);
      const send = (answer: Answered): void => {
        request.answered = answer;
        const serialize = reply.compileSerializationSchema(wire);
        void reply.header('content-type', json).send(serialize({ ...answer.body }));
      };
      if (!(answered instanceof Promise)) return send(answered);
      answered.then(send, (error: unknown) => reply.send(error));
    },
  });
  if (deps.front !== undefined) openFront(app, deps.front, { wire, callerOf });
}

function decide(
  request: FastifyRequest,
  { desk, admission }: DecisionRouteDeps,
  callerOf: CallerOf,
): Answered | Promise<Answered> {
  const decision = readDecisionRequest(request.body);
  const isTaken =
    admission === undefined ||
    admission.isCalm ||
    admission.takes(decision.slots.map(({ placementId }) => placementId));
  if (!isTaken) throw new AdtallyError('TOO_MANY_REQUESTS', 'more is asked than can be answered: try again');
  return desk.decide(decision, callerOf(request.raw, request.arrivedUs));
}

/** Gives the front the parser and the serializer of the route, and has it answer until the application closes. */
function openFront(
  app: FastifyInstance,
  front: DecisionFront,
  { wire, callerOf }: { readonly wire: Record<string, unknown>; readonly callerOf: CallerOf },
): void {
  const parser = app.getDefaultJsonParser('error', 'error');
  app.addHook('onReady', async () => {
    const serialize = app.serializerCompiler?.({ schema: wire, method: 'POST', url: decisionPath, httpStatus: '200' });
    if (serialize === undefined) return;
    front.open({
      parse: (body) => parseWith(parser, body),
      serialize: (answer: DecisionAnswer) => serialize({ ...answer }),
      callerOf,
    });
  });
  app.addHook('preClose', async () => front.close());
}

function parseWith(parser: ReturnType<FastifyInstance['getDefaultJsonParser']>, body: string): unknown {
  let parsed: unknown;
  // The default parser has no use for the request and calls back at once.
  void parser(undefined as never, body, (error, value) => {
    if (error) throw error;
    parsed = value;
  });
  return parsed;
}

function callerReader({ clients, debugAllowed, tracing = false }: DecisionRouteDeps): CallerOf {
  return ({ socket, headers }, arrivedUs) => {
    const key = headers.authorization?.startsWith('Bearer ') ? headers.authorization.slice(7) : '';
    const traceparent = tracing ? headers['traceparent'] : undefined;
    const caller: Caller = {
      channel: 'api',
      userAgent: userAgentOf(headers),
      address: clients.addressOf({ socket, headers }),
      truncate: networkOf,
      trusted: key !== '' && debugAllowed(key),
      arrivedUs,
    };
    return typeof traceparent === 'string' ? { ...caller, traceparent } : caller;
  };
}
