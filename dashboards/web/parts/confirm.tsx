import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from './states.tsx';

export interface ConfirmProps {
  readonly title: string;
  /** What it moves, and that it is recorded. */
  readonly children: ComponentChildren;
  readonly act: string;
  /** Asks for a sentence that is recorded with the act. */
  readonly asksReason?: boolean;
  readonly onAct: (reason: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something that can't be undone. It stays open until the act has succeeded. */
export function Confirm({ title, children, act, asksReason = false, onAct, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isActing, setActing] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    setActing(true);
    setError(null);
    try {
      await onAct(reason.trim());
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setActing(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="confirm-title">{title}</h2>
        <div>{children}</div>
        {asksReason ? (
          <label class="choice wide">
            <span>Reason, for the auditor</span>
            <textarea
              rows={3}
              maxLength={500}
              required
              value={reason}
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
        ) : null}
        {error === null ? null : <Problem error={error} />}
        <div class="actions">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={isActing}>
            {act}
          </button>
        </div>
      </form>
    </dialog>
  );
}
