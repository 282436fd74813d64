import { signal } from '@preact/signals';

const keyName = 'adtally-theme';
export type Theme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');

function current(): Theme {
  const chosen = localStorage.getItem(keyName);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}

/** Colours as they are shown: what the reader chose, or what the system says. */
export const theme = signal<Theme>(current());

system.addEventListener('change', () => {
  theme.value = current();
});

/** The other colours. What the system says anyway is not remembered. */
export function switchTheme(): void {
  const next: Theme = theme.value === 'dark' ? 'light' : 'dark';
  const isSystem = (next === 'dark') === system.matches;
  if (isSystem) localStorage.removeItem(keyName);
  else localStorage.setItem(keyName, next);
  if (isSystem) delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = next;
  theme.value = next;
}
