import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A program of `test/processes` that runs in a process of its own and reports by messages. */
export interface RemoteProcess<Message> {
  /** All messages that have arrived. */
  readonly messages: readonly Message[];
  /** Resolves with the next message that has not been taken; rejects if the process ends first. */
  next(): Promise<Message>;
  pause(): void;
  resume(): void;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
}

/** @param program file in this folder @param task what it is to do, given to it as its argument */
export function startProcess<Message>(program: string, task: unknown): RemoteProcess<Message> {
  const path = new URL(program, import.meta.url).pathname;
  const child = fork(path, [JSON.stringify(task)], { execArgv: [], serialization: 'advanced' });
  const messages: Message[] = [];
  let taken = 0;
  child.on('message', (message) => messages.push(message as Message));
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${program} ended with ${String(code ?? signal)}`);
  });
  // Whoever asks for the next message hears of the end; nobody else needs to.
  ended.catch(() => {});
  return {
    messages,
    async next() {
      while (messages.length <= taken) await Promise.race([once(child, 'message'), ended]);
      return messages[taken++] as Message;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}

/** In the remote process: its task. */
export function taskOfThisProcess<Task>(): Task {
  return JSON.parse(process.argv[2] ?? '') as Task;
}

/** In the remote process: tells the test; resolves when the message has left the process. */
export function report(message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
