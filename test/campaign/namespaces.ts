import { spawnSync } from 'node:child_process';

/** How a process is cut off: its packets vanish, its own link is down, or little gets through. */
export type Cut = 'silent' | 'link_down' | 'slow';
export const cuts: readonly Cut[] = ['silent', 'link_down', 'slow'];

/** A network of its own for one process. */
export interface Namespace {
  readonly address: string;
  /** Command that starts a program in it. */
  readonly wrapper: readonly string[];
  cut(how: Cut): void;
  heal(): void;
}

/** Network namespaces on one bridge of this machine, which nobody else reaches. */
export interface Namespaces {
  /** Address of this side of the bridge. */
  readonly address: string;
  readonly of: ReadonlyMap<string, Namespace>;
  remove(): void;
}

const slowly = ['tbf', 'rate', '256kbit', 'burst', '8kb', 'latency', '300ms'];

/** Makes a namespace for each of these names. @returns the reason if this machine does not let us */
export function openNamespaces(names: readonly string[]): Namespaces | string {
  const own = process.pid % 10_000;
  const subnet = `10.77.${own % 250}`;
  const bridge = `adt${own}`;
  const made: (readonly string[])[] = [];
  const remove = () => {
    for (const command of made.toReversed()) spawnSync('ip', command);
  };
  const add = (undo: readonly string[], ...commands: readonly (readonly string[])[]) => {
    made.push(undo);
    for (const command of commands) run('ip', command);
  };
  try {
    const up = ['link', 'set', bridge, 'up'];
    add(['link', 'del', bridge], ['link', 'add', bridge, 'type', 'bridge'], up);
    run('ip', ['addr', 'add', `${subnet}.1/24`, 'dev', bridge]);
    const of = names.map((name, index) => {
      const [space, outside, address] = [`adt${own}-${index}`, `adtv${own}-${index}`, `${subnet}.${index + 2}`];
      add(['netns', 'del', space], ['netns', 'add', space]);
      const pair = ['link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space];
      add(['link', 'del', outside], pair, ['link', 'set', outside, 'master', bridge], ['link', 'set', outside, 'up']);
      run('ip', ['-n', space, 'addr', 'add', `${address}/24`, 'dev', 'eth0']);
      for (const link of ['lo', 'eth0']) run('ip', ['-n', space, 'link', 'set', link, 'up']);
      return [name, namespaceOf(space, outside, address)] as const;
    });
    return { address: `${subnet}.1`, of: new Map(of), remove };
  } catch (error) {
    remove();
    return `network namespaces can't be made: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function namespaceOf(space: string, outside: string, address: string): Namespace {
  return {
    address,
    wrapper: ['nsenter', `--net=/run/netns/${space}`],
    cut(how) {
      if (how === 'silent') run('ip', ['link', 'set', outside, 'down']);
      else if (how === 'link_down') run('ip', ['-n', space, 'link', 'set', 'eth0', 'down']);
      else run('tc', ['qdisc', 'replace', 'dev', outside, 'root', ...slowly]);
    },
    heal() {
      run('ip', ['link', 'set', outside, 'up']);
      run('ip', ['-n', space, 'link', 'set', 'eth0', 'up']);
      spawnSync('tc', ['qdisc', 'del', 'dev', outside, 'root']); // there may be none
    },
  };
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
