import { useEffect, useRef, useState } from 'preact/hooks';
import { plural, words } from '../../format.ts';
import { loadNames } from '../../names.ts';
import { Badge, Problem } from '../../parts/states.tsx';
import { Table } from '../../parts/table.tsx';
import { saveText } from '../../save.ts';
import { ask } from '../../session.ts';
import { type Kind, manyOf } from './kinds.ts';
import { csvOf, digestOf, readRows, type Row } from './rows.ts';
import type { KindSchemas } from './schema.ts';

interface ImportProps {
  readonly kind: Kind;
  readonly schemas: KindSchemas;
  readonly onDone: () => void;
}

interface RowVerdict {
  readonly row: number;
  readonly verdict: 'new' | 'changed' | 'same' | 'refused';
  readonly id: string | null;
  readonly fields: readonly string[];
  readonly code: string | null;
  readonly path: string | null;
  readonly detail: string | null;
}

interface ReadFile {
  readonly name: string;
  readonly id: string;
  readonly rows: readonly Row[];
}

/** A button that takes a file, says what would become of each row, and asks. */
export function Import({ kind, schemas, onDone }: ImportProps) {
  const field = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<ReadFile | null>(null);
  const [error, setError] = useState<unknown>(null);
  const take = async (taken: File) => {
    setError(null);
    try {
      const rows = readRows(await taken.text(), schemas.creation);
      setFile({ name: taken.name, id: digestOf(`${kind.path}\n${JSON.stringify(rows)}`), rows });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <button type="button" class="quiet" onClick={() => field.current?.click()}>
        Import …
      </button>
      <input
        ref={field}
        type="file"
        class="hidden"
        tabIndex={-1}
        aria-label={`File of ${manyOf(kind)}`}
        accept=".json,.jsonl,.ndjson,.csv,application/json,text/csv"
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? [];
          if (chosen !== undefined) void take(chosen);
          currentTarget.value = '';
        }}
      />
      {error === null ? null : <Problem error={error} />}
      {file === null ? null : (
        <ImportSheet
          kind={kind}
          file={file}
          onClose={(isChanged) => {
            setFile(null);
            if (isChanged) onDone();
          }}
        />
      )}
    </>
  );
}

/** Rows and bytes of one request at most. */
const batch = { rows: 200, bytes: 600_000 } as const;

/** Rows in requests of their own, in order. */
function batchesOf(rows: readonly Row[]): Row[][] {
  const batches: Row[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = JSON.stringify(row).length * 2;
    const last = batches.at(-1);
    if (last === undefined || last.length === batch.rows || bytes + size > batch.bytes) {
      batches.push([row]);
      bytes = size;
    } else {
      last.push(row);
      bytes += size;
    }
  }
  return batches;
}

type Stage = 'judging' | 'judged' | 'taking' | 'taken';

function ImportSheet({
  kind,
  file,
  onClose,
}: {
  readonly kind: Kind;
  readonly file: ReadFile;
  readonly onClose: (isChanged: boolean) => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [stage, setStage] = useState<Stage>('judging');
  const [verdicts, setVerdicts] = useState<readonly RowVerdict[]>([]);
  const [error, setError] = useState<unknown>(null);
  const run = async (dryRun: boolean) => {
    setError(null);
    setStage(dryRun ? 'judging' : 'taking');
    const found: RowVerdict[] = [];
    try {
      for (const rows of batchesOf(file.rows)) {
        const body = { import_id: file.id, first_row: found.length + 1, dry_run: dryRun, rows };
        found.push(...(await ask<{ rows: RowVerdict[] }>(`/v1/${kind.path}/import`, { body })).rows);
        setVerdicts([...found]);
      }
      setStage(dryRun ? 'judged' : 'taken');
      if (!dryRun) await loadNames();
    } catch (failure) {
      // What was taken stays taken; the same file may be sent again, for its rows are taken once.
      setError(failure);
      setStage('judged');
    }
  };
  useEffect(() => {
    dialog.current?.showModal();
    void run(true);
  }, []);
  const count = (wanted: RowVerdict['verdict']) => verdicts.filter(({ verdict }) => verdict === wanted).length;
  const changing = count('new') + count('changed');
  const isRunning = stage === 'judging' || stage === 'taking';
  return (
    <dialog ref={dialog} class="roomy" aria-labelledby="import-title" onClose={() => onClose(stage === 'taken')}>
      <div class="entity">
        <h2 id="import-title">
          {stage === 'taken' ? 'Imported' : 'Import'} {file.name}
        </h2>
        {isRunning ? (
          <label class="choice wide">
            <span>
              {stage === 'judging' ? 'Looking at' : 'Taking'} row {verdicts.length} of {file.rows.length}
            </span>
            <progress max={file.rows.length} value={verdicts.length} />
          </label>
        ) : (
          <p id="import-outcome" role="status">
            {plural(count('new'), `new ${kind.one}`, `new ${manyOf(kind)}`)}, {count('changed')} changed,{' '}
            {count('same')} the same, {count('refused')} refused.{' '}
            {stage === 'judged' ? 'Nothing is written yet; each row was judged by the catalogue as it stands.' : ''}
          </p>
        )}
        <Verdicts verdicts={verdicts} name={kind.path} />
        {error === null ? null : <Problem error={error} />}
        <div class="actions">
          <button type="button" class="quiet" onClick={() => onClose(stage === 'taken')}>
            {stage === 'taken' ? 'Close' : 'Cancel'}
          </button>
          {stage === 'judged' && changing > 0 ? (
            <button type="button" onClick={() => void run(false)}>
              Take {plural(changing, 'row')}
            </button>
          ) : null}
        </div>
      </div>
    </dialog>
  );
}

/** So many are drawn; the file has all. */
const drawn = 200;
const looks = { new: 'good', changed: 'late', same: 'plain', refused: 'bad' } as const;
const order = ['refused', 'changed', 'new', 'same'];

function Verdicts({ verdicts, name }: { readonly verdicts: readonly RowVerdict[]; readonly name: string }) {
  if (verdicts.length === 0) return null;
  const sorted = verdicts.toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || a.row - b.row);
  const rows = sorted.slice(0, drawn);
  return (
    <Table<RowVerdict>
      caption={
        rows.length < sorted.length
          ? `The first ${drawn} of ${sorted.length} rows, the refused first`
          : plural(rows.length, 'row')
      }
      name={`import-${name}`}
      rows={rows}
      rowKey={({ row }) => String(row)}
      onSave={() => saveText(`import-${name}.csv`, csvOf(verdicts.map((verdict) => ({ ...verdict }))))}
      columns={[
        { title: 'Row', name: 'row', isNumber: true, value: ({ row }) => row },
        {
          title: 'Verdict',
          name: 'verdict',
          value: ({ verdict }) => verdict,
          cell: ({ verdict }) => <Badge looks={looks[verdict]}>{verdict}</Badge>,
        },
        { title: 'Id', name: 'id', value: ({ id }) => id, cell: ({ id }) => <span class="id">{id ?? '–'}</span> },
        {
          title: 'What',
          name: 'detail',
          value: ({ fields, code, path, detail }) =>
            code === null ? fields.join(' ') : `${code} ${path ?? ''} ${detail ?? ''}`,
          cell: ({ verdict, fields, code, detail }) =>
            code === null ? (
              verdict === 'changed' ? (
                fields.map(words).join(', ')
              ) : (
                ''
              )
            ) : (
              <>
                <code>{code}</code> {detail}
              </>
            ),
        },
      ]}
    />
  );
}
