import { useState } from 'preact/hooks';
import { signIn, signInProblem } from './session.ts';

/** Asks for the key. The console keeps it no longer than the tab lives. */
export function SignIn() {
  const [isTrying, setTrying] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('key') as HTMLInputElement;
    setTrying(true);
    await signIn(field.value.trim());
    setTrying(false);
  };
  return (
    <main class="sign-in" id="main">
      <form class="sheet" onSubmit={(event) => void submit(event)}>
        <img src="/app/icon.svg" alt="" width="40" height="40" />
        <h1>Adtally</h1>
        <p class="note">
          <code>npm start</code> prints a key for each role the first time it runs. It stays in this tab and is
          forgotten with it.
        </p>
        <label for="key">Key</label>
        <input id="key" name="key" type="password" autocomplete="off" spellcheck={false} required autofocus />
        {signInProblem.value === '' ? null : (
          <p class="problem" role="alert">
            {signInProblem.value}
          </p>
        )}
        <button type="submit" disabled={isTrying}>
          Open the console
        </button>
        <p class="note">
          No key at hand? <a href="/demo">The playground</a> shows an ad and its money without one.
        </p>
      </form>
    </main>
  );
}
