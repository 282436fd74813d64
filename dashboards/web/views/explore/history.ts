const keyName = 'adtally-queries';
const most = 30;

/** Statements that were run in this browser, the newest first. */
export function readHistory(): readonly string[] {
  const kept: unknown = JSON.parse(localStorage.getItem(keyName) ?? '[]');
  return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
}

export function remember(sql: string): readonly string[] {
  const kept = [sql, ...readHistory().filter((one) => one !== sql)].slice(0, most);
  localStorage.setItem(keyName, JSON.stringify(kept));
  return kept;
}

export function forgetHistory(): readonly string[] {
  localStorage.removeItem(keyName);
  return [];
}
