import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../ports/clock.ts';
import type { QueryResult, Warehouse } from '../../ports/warehouse.ts';
import { acceptedType } from '../accepted-type.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { type CsvCell, csvTable } from '../csv.ts';
import { type FreshnessParts, freshnessOf } from '../reports/freshness.ts';
import type { Report, Reports } from '../reports/report-file.ts';
import { runReport } from '../reports/run-report.ts';
import { analystLimits, runAnalystQuery } from '../sql-gate.ts';
import { type ReadableTable, readTables, tableKinds } from '../warehouse/schema.ts';

export interface ReportRoutesDeps extends FreshnessParts {
  readonly reports: Reports;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

type Freshness = ReturnType<typeof freshnessOf>;

const access = { roles: ['analyst'] } as const;
const tags = ['reports'];
const text = { type: 'string' } as const;
const json = 'application/json';
const csv = 'text/csv';
const mostSqlCharacters = 20_000;
/** Analysts' process looks for new rows once a second. */
const analystsLaterMs = 1_000;

const column = { type: 'object', properties: { name: text, kind: text, description: text } } as const;
const parameter = {
  type: 'object',
  properties: {
    name: text,
    kind: { type: 'string', description: 'time (RFC 3339, now, or back from now as -24h), text or integer.' },
    default: text,
    bounds: { type: ['array', 'null'], items: { type: 'integer' } },
    description: text,
  },
} as const;
const rows = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;
const elapsed = { type: 'integer', description: 'In the engine, ms.' } as const;
const freshness = {
  type: 'object',
  description: 'How far the answer has come; null while reporting is being compared with the log.',
  properties: {
    as_of: { type: ['string', 'null'], description: 'All that the log held then is in the answer.' },
    behind_ms: { type: ['integer', 'null'], description: 'How long ago that was, ms.' },
  },
} as const;

const listAnswer = {
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: {
        title: 'report',
        type: 'object',
        properties: {
          name: text,
          title: text,
          parameters: { type: 'array', items: parameter },
          columns: { type: 'array', items: column },
        },
      },
    },
    next_cursor: { type: 'null' },
  },
} as const;

const reportAnswer = {
  title: 'report result',
  type: 'object',
  properties: {
    name: text,
    title: text,
    parameters: { type: 'object', additionalProperties: true, description: 'As they were used.' },
    columns: { type: 'array', items: column },
    rows,
    elapsed_ms: elapsed,
    freshness,
  },
} as const;

const queryAnswer = {
  title: 'query result',
  type: 'object',
  properties: {
    columns: { type: 'array', items: { type: 'object', properties: { name: text, type: text } } },
    rows,
    elapsed_ms: elapsed,
    freshness,
  },
} as const;

const schemaAnswer = {
  title: 'tables of reporting',
  type: 'object',
  properties: {
    items: {
      type: 'array',
      items: {
        title: 'table of reporting',
        type: 'object',
        properties: {
          name: text,
          kind: {
            type: 'string',
            enum: tableKinds,
            description:
              'view: counts each identity once; bounded: a view that is only there for a range; table: what arrived, copies included.',
          },
          bounded_as: { type: ['string', 'null'], description: 'Its view for a range of selection time.' },
          description: text,
          columns: {
            type: 'array',
            items: { type: 'object', properties: { name: text, type: text, description: text } },
          },
        },
      },
    },
    next_cursor: { type: 'null' },
  },
} as const;

const queryBody = {
  type: 'object',
  properties: {
    sql: {
      type: 'string',
      minLength: 1,
      maxLength: mostSqlCharacters,
      description: `One SELECT over the tables of adtally; at most ${analystLimits.maxRows} rows and ${analystLimits.timeoutMs / 1000} s.`,
    },
  },
  required: ['sql'],
  additionalProperties: false,
} as const;

function answers(schema: object): object {
  return {
    200: { description: 'Rows', content: { [json]: { schema }, [csv]: { schema: text } } },
  };
}

/** `GET /v1/reports`, `GET /v1/reports/{name}` and `POST /v1/reports/query`. */
export function reportRoutes(deps: ReportRoutesDeps): ConsoleRoutes {
  const fresh = freshnessOf(deps);
  return (app) => {
    addList(app, deps);
    addSchema(app, deps);
    addNamed(app, deps, fresh);
    addQuery(app, deps, fresh);
  };
}

function addList(app: FastifyInstance, { reports }: ReportRoutesDeps): void {
  const schema = { summary: 'The named reports, with parameters and columns', tags, response: { 200: listAnswer } };
  app.get('/v1/reports', { config: { ...access }, schema }, async () => ({
    items: [...reports.values()].map(shownReport),
    next_cursor: null,
  }));
}

function shownReport({ name, title, parameters, columns }: Report): object {
  return {
    name,
    title,
    parameters: parameters.map(({ byDefault, ...more }) => ({ ...more, default: byDefault })),
    columns,
  };
}

function addSchema(app: FastifyInstance, { warehouse }: ReportRoutesDeps): void {
  const schema = {
    summary: 'What an analyst may read: tables and views with their columns',
    description: 'Views count each identity once; a view with bounds is called as `x_between(from = …, to = …)`.',
    tags,
    response: { 200: schemaAnswer },
  };
  // It takes seconds, and changes with a migration, which begins with another process.
  let known: readonly ReadableTable[] = [];
  app.get('/v1/reports/schema', { config: { ...access }, schema }, async () => {
    if (known.length === 0) known = await readTables(warehouse);
    return { items: known, next_cursor: null };
  });
}

function addNamed(app: FastifyInstance, deps: ReportRoutesDeps, fresh: Freshness): void {
  const schema = {
    summary: 'Run a named report',
    description: 'Its parameters are those of the query; `GET /v1/reports` lists them. JSON, or CSV by `Accept`.',
    tags,
    params: { type: 'object', properties: { name: { type: 'string', maxLength: 64 } } },
    querystring: { type: 'object', additionalProperties: { type: 'string', maxLength: 200 } },
    response: answers(reportAnswer),
  };
  app.get('/v1/reports/:name', { config: { ...access }, schema }, async ({ params, query, headers }, reply) => {
    const { name } = params as { readonly name: string };
    const asOf = await fresh();
    const result = await runReport(deps, name, query as Readonly<Record<string, string>>);
    if (acceptedType(headers.accept, [json, csv]) === json) {
      return reply.type(json).send({ ...result, freshness: asOf });
    }
    const table = csvTable(
      result.columns.map((each) => each.name),
      result.rows,
    );
    return reply.type(`${csv}; charset=utf-8; header=present`).send(table);
  });
}

function addQuery(app: FastifyInstance, { warehouse }: ReportRoutesDeps, fresh: Freshness): void {
  const schema = {
    summary: "An analyst's own SQL, read-only",
    description: 'ClickHouse SQL; what it may read and call is checked before it runs. JSON, or CSV by `Accept`.',
    tags,
    body: queryBody,
    response: answers(queryAnswer),
  };
  app.post('/v1/reports/query', { config: { ...access }, schema }, async ({ body, headers }, reply) => {
    const { sql } = body as { readonly sql: string };
    const asOf = await fresh(analystsLaterMs);
    const { columns, rows: found, elapsedMs } = await runAnalystQuery(warehouse, sql);
    if (acceptedType(headers.accept, [json, csv]) === json) {
      return reply.type(json).send({ columns, rows: found, elapsed_ms: Math.round(elapsedMs), freshness: asOf });
    }
    return reply.type(`${csv}; charset=utf-8; header=present`).send(queryTable({ columns, rows: found }));
  });
}

function queryTable({ columns, rows: found }: Pick<QueryResult, 'columns' | 'rows'>): string {
  const names = columns.map(({ name }) => name);
  return csvTable(
    names,
    found.map((row) => Object.fromEntries(names.map((name) => [name, cellOf(row[name])]))),
  );
}

/** An array or a tuple as JSON. */
function cellOf(value: unknown): CsvCell {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? JSON.stringify(value) : (value as CsvCell);
}
