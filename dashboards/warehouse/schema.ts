import type { Row, Warehouse } from '../../ports/warehouse.ts';

/** `view`: each identity once. `bounded`: a view that is only there for a range of selection time. `table`: rows as they arrived, copies included. */
export const tableKinds = ['view', 'bounded', 'table'] as const;

/** Something that an analyst can read. */
export interface ReadableTable {
  readonly name: string;
  readonly kind: (typeof tableKinds)[number];
  /** Its view for a range of selection time, called as `x_between(from = …, to = …)`; null if there is none. */
  readonly bounded_as: string | null;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly description: string }[];
}

const tablesSql = `SELECT name, engine, comment FROM system.tables
  WHERE database = 'adtally' AND engine IN ('View', 'ReplacingMergeTree', 'MergeTree') ORDER BY name`;
const columnsSql = `SELECT table, name, type, comment FROM system.columns WHERE database = 'adtally' ORDER BY table, position`;
/** A view takes from and to, and nothing else, if it can be called with them. */
const bounds = "from = '2026-01-01 00:00:00.000', to = '2026-01-01 00:00:00.001'";
/** What only our own views and counting are made of. */
const inner =
  /^(migrations|hours|settled_hours|moving_hours|summed_minutes|tally_\w+|row_\w+|(delivery|money|placed_money)_facts_between|\w+_chosen_between)$/;

/** The tables and views of the warehouse with what each column holds. Views come first, what arrived last. Errors: those of the warehouse. */
export async function readTables(warehouse: Warehouse): Promise<readonly ReadableTable[]> {
  const [tables, columns] = [await warehouse.query(tablesSql), await warehouse.query(columnsSql)];
  const listed = new Map<string, Row[]>();
  for (const row of columns.rows) listed.set(String(row['table']), [...(listed.get(String(row['table'])) ?? []), row]);
  const comments = new Map(tables.rows.map((row) => [String(row['name']), String(row['comment'])]));
  const described = [...listed.values()].map(commentsOf).filter(({ size }) => size > 0);
  const found: ReadableTable[] = [];
  for (const row of tables.rows) {
    const name = String(row['name']);
    const whole = name.replace(/_between$/, '');
    // A view with bounds is named by the one without, if there is one.
    if (inner.test(name) || (whole !== name && comments.has(whole))) continue;
    const kind = row['engine'] !== 'View' ? 'table' : whole === name ? 'view' : 'bounded';
    const own = kind === 'bounded' ? await columnsOf(warehouse, name) : (listed.get(name) ?? []);
    const made = nearest(described, own);
    found.push({
      name,
      kind,
      bounded_as: kind !== 'table' && comments.has(`${whole}_between`) ? `${whole}_between` : null,
      description: comments.get(name) || comments.get(`${name}_between`) || '',
      columns: own.map((column) => ({
        name: String(column['name']),
        type: String(column['type']),
        description: textOf(column['comment']) || (made.get(String(column['name'])) ?? ''),
      })),
    });
  }
  return found.toSorted((a, b) => tableKinds.indexOf(a.kind) - tableKinds.indexOf(b.kind));
}

function commentsOf(columns: readonly Row[]): ReadonlyMap<string, string> {
  const texts = columns.map(({ name, comment }) => [String(name), String(comment)] as const);
  return new Map(texts.filter(([, comment]) => comment !== ''));
}

/** Comments of the table that has most of these columns: a view's columns come from tables, and carry no comment of their own. */
function nearest(tables: readonly ReadonlyMap<string, string>[], columns: readonly Row[]): ReadonlyMap<string, string> {
  const shared = (comments: ReadonlyMap<string, string>) =>
    columns.filter(({ name }) => comments.has(String(name))).length;
  return tables.reduce((best, one) => (shared(one) > shared(best) ? one : best), new Map<string, string>());
}

/** A view with bounds has columns only once it has them: an empty answer says which. */
async function columnsOf(warehouse: Warehouse, name: string): Promise<readonly Row[]> {
  const { columns } = await warehouse.query(`SELECT * FROM adtally.${name}(${bounds}) LIMIT 0`);
  return columns.map((column) => ({ ...column }));
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' ? cell : '';
}
