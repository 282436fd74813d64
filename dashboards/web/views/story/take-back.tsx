import { useState } from 'preact/hooks';
import { Confirm } from '../../parts/confirm.tsx';
import { ask, session } from '../../session.ts';
import type { Story } from './answer.ts';

/** States in which a verdict moves money. */
const movable = ['incurred', 'reserved', 'suspended', 'final', 'partly_reversed'];

/** Marks an ad as invalid traffic: voided before certification, reversed after it. Never without asking, and never without a reason. */
export function TakeBack({ story, onDone }: { readonly story: Story; readonly onDone: () => void }) {
  const [isAsking, setAsking] = useState(false);
  const [said, setSaid] = useState('');
  const role = session.value?.role ?? '';
  if (!['finance', 'admin'].includes(role) || !movable.includes(story.state)) return null;
  const isCertified = ['final', 'partly_reversed'].includes(story.state);
  const act = async (reason: string) => {
    const { shard, offset } = await ask<{ shard: number; offset: number }>('/v1/quality/verdicts', {
      body: { selection_id: story.selection_id, reason },
    });
    setSaid(`Recorded as spend/${shard}@${offset}.`);
    onDone();
  };
  return (
    <>
      {said === '' ? (
        <button type="button" class="quiet" onClick={() => setAsking(true)}>
          Take its charge back …
        </button>
      ) : (
        <span class="note" role="status">
          {said}
        </span>
      )}
      {isAsking ? (
        <Confirm
          title="Take back what this ad was charged?"
          act="Take it back"
          asksReason
          onAct={act}
          onClose={() => setAsking(false)}
        >
          <p>
            {isCertified
              ? 'It was certified, so the whole charge is reversed: the advertiser is credited, and publisher and platform give their parts back.'
              : 'It is not certified yet, so it is voided: it will never be billed.'}
          </p>
          <p class="note">
            A verdict can’t be undone. It is written to the log with your key’s name, {session.value?.name}, and the
            time.
          </p>
        </Confirm>
      ) : null}
    </>
  );
}
