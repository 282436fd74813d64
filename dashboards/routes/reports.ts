import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../ports/clock.ts';
import type { QueryResult, Warehouse } from '../../ports/warehouse.ts';
import { acceptedType } from '../accepted-type.ts';
import type { ConsoleRoutes } from '../console-app.ts';
import { type CsvCell, csvTable } from '../csv.ts';
import type { Report, Reports } from '../reports/report-file.ts';
import { runReport } from '../reports/run-report.ts';
import { analystLimits, runAnalystQuery } from '../sql-gate.ts';

export interface ReportRoutesDeps {
  readonly reports: Reports;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
}

const access = { roles: ['analyst'] } as const;
const tags = ['reports'];
const text = { type: 'string' } as const;
const json = 'application/json';
const csv = 'text/csv';
const mostSqlCharacters = 20_000;

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
  },
} as const;

const queryAnswer = {
  title: 'query result',
  type: 'object',
  properties: {
    columns: { type: 'array', items: { type: 'object', properties: { name: text, type: text } } },
    rows,
    elapsed_ms: elapsed,
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
  return (app) => {
    addList(app, deps);
    addNamed(app, deps);
    addQuery(app, deps);
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

function addNamed(app: FastifyInstance, deps: ReportRoutesDeps): void {
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
    const result = await runReport(deps, name, query as Readonly<Record<string, string>>);
    if (acceptedType(headers.accept, [json, csv]) === json) return reply.type(json).send(result);
    const table = csvTable(
      result.columns.map((each) => each.name),
      result.rows,
    );
    return reply.type(`${csv}; charset=utf-8; header=present`).send(table);
  });
}

function addQuery(app: FastifyInstance, { warehouse }: ReportRoutesDeps): void {
  const schema = {
    summary: "An analyst's own SQL, read-only",
    description: 'ClickHouse SQL; what it may read and call is checked before it runs. JSON, or CSV by `Accept`.',
    tags,
    body: queryBody,
    response: answers(queryAnswer),
  };
  app.post('/v1/reports/query', { config: { ...access }, schema }, async ({ body, headers }, reply) => {
    const { sql } = body as { readonly sql: string };
    const { columns, rows: found, elapsedMs } = await runAnalystQuery(warehouse, sql);
    if (acceptedType(headers.accept, [json, csv]) === json) {
      return reply.type(json).send({ columns, rows: found, elapsed_ms: Math.round(elapsedMs) });
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
