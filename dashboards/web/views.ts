/** Views of the console: the path of each is its name. Shared by the page and by the routes that serve it. */
export const views = [
  { name: 'overview', title: 'Overview', roles: ['finance', 'analyst', 'auditor'], scoped: false },
  { name: 'money', title: 'Money', roles: ['finance', 'auditor'], scoped: true },
  { name: 'reconciliation', title: 'Reconciliation', roles: ['finance', 'auditor'], scoped: false },
  { name: 'story', title: 'Story of one ad', roles: ['finance', 'auditor'], scoped: true },
  { name: 'pacing', title: 'Pacing', roles: ['trafficker', 'finance', 'analyst', 'auditor'], scoped: true },
  { name: 'traffic', title: 'Traffic quality', roles: ['analyst'], scoped: false },
  { name: 'market', title: 'Market', roles: ['analyst'], scoped: false },
  { name: 'explore', title: 'Explore', roles: ['analyst'], scoped: false },
  { name: 'operations', title: 'Operations', roles: ['auditor'], scoped: false },
  {
    name: 'catalogue',
    title: 'Catalogue',
    roles: ['trafficker', 'finance', 'analyst', 'auditor'],
    scoped: true,
  },
] as const;

export type ViewName = (typeof views)[number]['name'];

/** Every path at which the page is served; the second part of a path names one thing, as `/story/{selection_id}`. */
export const viewPaths: readonly string[] = ['/', ...views.flatMap(({ name }) => [`/${name}`, `/${name}/:id`])];

/** Views that a key may use, in the order of the navigation. */
export function viewsOf(role: string, isBound: boolean): readonly (typeof views)[number][] {
  return views.filter(
    ({ roles, scoped }) => (role === 'admin' || (roles as readonly string[]).includes(role)) && (!isBound || scoped),
  );
}
