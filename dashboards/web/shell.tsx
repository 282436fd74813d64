import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { place } from './location.ts';
import { namesProblem, refreshNames } from './names.ts';
import { Empty, Problem, Waiting } from './parts/states.tsx';
import { writePlace } from './place.ts';
import { session, signOut, type Session } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { switchTheme, theme } from './theme.ts';
import { type ViewName, viewsOf } from './views.ts';

/** Each view comes when it is first looked at. */
const loaders: Readonly<Record<ViewName, () => Promise<{ readonly default: ComponentType }>>> = {
  overview: () => import('./views/overview.tsx'),
  money: () => import('./views/money.tsx'),
  reconciliation: () => import('./views/reconciliation.tsx'),
  story: () => import('./views/story.tsx'),
  pacing: () => import('./views/pacing.tsx'),
  traffic: () => import('./views/traffic.tsx'),
  market: () => import('./views/market.tsx'),
  explore: () => import('./views/explore.tsx'),
  operations: () => import('./views/operations.tsx'),
  catalogue: () => import('./views/catalogue.tsx'),
};

export function Shell() {
  const who = session.value;
  return who === null ? <SignIn /> : <Signed who={who} />;
}

function Signed({ who }: { readonly who: Session }) {
  const offered = viewsOf(who.role, who.advertiser_id !== null);
  const wanted = place.value.view ?? offered[0]?.name ?? null;
  const view = offered.find(({ name }) => name === wanted) ?? null;
  useEffect(() => {
    void refreshNames();
  }, [who]);
  useEffect(() => {
    document.title = view === null ? 'Adtally' : `${view.title} · Adtally`;
  }, [view]);
  return (
    <div class="frame">
      <a class="skip" href="#main">
        To the content
      </a>
      <Navigation who={who} view={view?.name ?? null} />
      <main id="main" tabIndex={-1}>
        {namesProblem.value === null ? null : (
          <div class="problem" role="status">
            <p>Names could not be read, so ids are shown: {namesProblem.value}</p>
            <button type="button" class="plain" onClick={() => void refreshNames()}>
              Try again
            </button>
          </div>
        )}
        {view === null ? (
          <>
            <h1 tabIndex={-1}>No such view for this key</h1>
            <Empty title="This key does not open this view">
              A key of the role {who.role} {who.advertiser_id === null ? '' : `bound to ${who.advertiser_id} `}opens{' '}
              {offered.map(({ title }) => title).join(', ') || 'no view yet; its routes are described under API'}.
            </Empty>
          </>
        ) : (
          <View name={view.name} key={view.name} />
        )}
      </main>
    </div>
  );
}

function View({ name }: { readonly name: ViewName }) {
  const [Content, setContent] = useState<ComponentType | null>(null);
  const [error, setError] = useState<unknown>(null);
  const first = useRef(true);
  useEffect(() => {
    loaders[name]().then((module) => setContent(() => module.default), setError);
  }, [name]);
  useEffect(() => {
    if (Content === null) return;
    // A view that was gone to is read from its heading on.
    if (!first.current) document.querySelector<HTMLElement>('h1')?.focus();
    first.current = false;
  }, [Content]);
  if (error !== null) return <Problem error={new Error('This view could not be loaded; load the page anew.')} />;
  return Content === null ? <Waiting what="the view" /> : <Content />;
}

function Navigation({ who, view }: { readonly who: Session; readonly view: ViewName | null }) {
  const [isOpen, setOpen] = useState(false);
  const offered = viewsOf(who.role, who.advertiser_id !== null);
  const { window } = place.value.params;
  useEffect(() => setOpen(false), [place.value]);
  return (
    <header class={isOpen ? 'side open' : 'side'}>
      <div class="brand">
        <a href="/" class="name">
          <img src="/app/icon.svg" alt="" width="26" height="26" />
          Adtally
        </a>
        <button
          type="button"
          class="plain menu"
          aria-expanded={isOpen}
          aria-controls="navigation"
          onClick={() => setOpen(!isOpen)}
        >
          Menu
        </button>
      </div>
      <div id="navigation" class="navigation">
        <nav aria-label="Views">
          {offered.map(({ name, title }) => (
            <a
              key={name}
              href={writePlace({ view: name, params: { window } })}
              aria-current={name === view ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <nav aria-label="Elsewhere" class="elsewhere">
          <a href="/demo">Playground</a>
          <a href="/docs">API</a>
        </nav>
        <div class="who">
          <p>
            {who.role}
            {who.advertiser_id === null ? '' : ` of ${who.advertiser_id}`}
          </p>
          <button type="button" class="plain" onClick={switchTheme}>
            {theme.value === 'dark' ? 'Light colours' : 'Dark colours'}
          </button>
          <button type="button" class="plain" onClick={() => signOut()}>
            Forget key
          </button>
        </div>
      </div>
    </header>
  );
}
