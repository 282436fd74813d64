import { Refusal, sentenceOf } from '../../session.ts';

/** Why a statement was refused or failed, with the line and a caret under the place. */
export function QueryProblem({
  error,
  goThere,
}: {
  readonly error: unknown;
  readonly goThere: (path: string) => void;
}) {
  const [sentence = '', ...lines] = sentenceOf(error).split('\n');
  const path = error instanceof Refusal ? error.faults.find((fault) => fault.path.startsWith('sql:'))?.path : undefined;
  return (
    <div class="problem" role="alert">
      <p>{sentence}</p>
      {lines.length === 0 ? null : <pre class="pointed">{lines.join('\n')}</pre>}
      {error instanceof Refusal ? <code>{error.code}</code> : null}
      {path === undefined ? null : (
        <button type="button" class="plain" onClick={() => goThere(path)}>
          Show me where
        </button>
      )}
    </div>
  );
}
