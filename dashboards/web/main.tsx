import { render } from 'preact';
import { listenForLinks } from './location.ts';
import { copyExactly } from './parts/money.tsx';
import { signIn, storedKey } from './session.ts';
import { Shell } from './shell.tsx';

listenForLinks();
copyExactly();
const key = storedKey();
if (key !== null) await signIn(key);
const root = document.getElementById('app');
if (root !== null) {
  root.replaceChildren();
  render(<Shell />, root);
}
