/** A beacon that no server has acknowledged yet. */
interface Pending {
  readonly to: string;
  readonly beacon: {
    readonly event: string;
    readonly token: string;
    readonly occurred_at: number;
    readonly sequence: number;
  };
}

const prefix = 'adtally:';
/** Below the 64 KiB that a browser lets live on after the page. */
const batchSize = 50;
const oldestMs = 86_400_000;
const longestWaitMs = 60_000;

/**
 * Beacons of ours until they are acknowledged. Each is kept under its own identity, so that tabs do not overwrite one another and the same is never kept
 * twice; sent again, it is counted once. Without permission to store they live as long as the page.
 */
export interface BeaconQueue {
  /** `url`: the pixel of the beacon. False if it is none of ours. */
  add(url: string, sequence: number): boolean;
  /** Looks for what earlier pages left behind, and keeps what there is from now on. */
  store(): void;
}

/** The storage of the page; null where the browser refuses it, even to look at. */
function storageOf(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function read(text: string | null | undefined): Pending | null {
  try {
    const item = JSON.parse(text ?? 'null') as Pending | null;
    return item?.to && item.beacon?.occurred_at ? item : null;
  } catch {
    return null; // Not ours, or damaged.
  }
}

export function openQueue(): BeaconQueue {
  const pending = new Map<string, Pending>();
  let storage: Storage | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = 0;
  let sending = false;

  function keep(key: string, item: Pending): void {
    try {
      storage?.setItem(key, JSON.stringify(item));
    } catch {
      storage = null; // Full or taken away: what is in memory is sent all the same.
    }
  }
  function forget(keys: readonly string[]): void {
    for (const key of keys) {
      pending.delete(key);
      storage?.removeItem(key);
    }
  }
  /** The oldest that go to one server. */
  function batch(from: readonly [string, Pending][]): [string, Pending][] {
    return from.filter(([, { to }]) => to === from[0]?.[1].to).slice(0, batchSize);
  }
  function bodyOf(items: readonly [string, Pending][]): string {
    return JSON.stringify({ beacons: items.map(([, { beacon }]) => beacon) });
  }
  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), ms);
  }

  async function flush(): Promise<void> {
    const items = batch([...pending]);
    const [first] = items;
    if (sending || !first) return;
    sending = true;
    // A text needs no preflight.
    const response = await fetch(first[1].to, {
      method: 'POST',
      body: bodyOf(items),
      keepalive: true,
      credentials: 'omit',
    }).catch(() => null);
    sending = false;
    // 202: on disk, or named as what will never be. 400: never. Anything else: later.
    const isOver = response !== null && (response.ok || response.status === 400);
    if (isOver) forget(items.map(([key]) => key));
    waitMs = isOver ? 0 : Math.min(waitMs * 2 || 1000, longestWaitMs);
    if (pending.size > 0) schedule(waitMs);
  }

  /** The page may be gone in a moment: everything goes out now, unacknowledged, and what is stored stays so. */
  function leave(): void {
    if (document.visibilityState !== 'hidden') return;
    let rest = [...pending];
    while (rest.length > 0) {
      const items = batch(rest);
      if (!navigator.sendBeacon(items[0]?.[1].to ?? '', bodyOf(items))) return;
      rest = rest.filter((item) => !items.includes(item));
    }
  }
  addEventListener('visibilitychange', leave, true);
  addEventListener('online', () => schedule(0));

  return {
    add(url, sequence) {
      const [, base, event, token, code] = /^(https?:\/\/.+)\/v1\/b\/(\w+)\/([\w-]+)(?:\?code=(\d+))?$/.exec(url) ?? [];
      if (base === undefined || event === undefined || token === undefined) return false;
      const number = Number(code ?? sequence);
      const key = `${prefix}${event}:${number}:${token}`;
      const item: Pending = {
        to: `${base}/v1/beacons`,
        beacon: { event, token, occurred_at: Date.now(), sequence: number },
      };
      pending.set(key, item);
      keep(key, item);
      if (waitMs === 0) schedule(20);
      return true;
    },
    store() {
      storage = storageOf();
      for (const key of Object.keys(storage ?? {}).filter((name) => name.startsWith(prefix))) {
        const item = read(storage?.getItem(key));
        // Older ones would come too late to be billed.
        if (!item || Date.now() - item.beacon.occurred_at > oldestMs) storage?.removeItem(key);
        else pending.set(key, item);
      }
      for (const [key, item] of pending) keep(key, item);
      schedule(0);
    },
  };
}
