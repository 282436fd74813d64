import { useCallback, useEffect, useState } from 'preact/hooks';
import { ask } from './session.ts';

const idFields = { bidders: 'bidder_id', placements: 'placement_id', publishers: 'publisher_id' } as const;

export type NameOf = (id: string) => string;

/** Names of entities that are not kept for the whole console, archived ones as well; an id stands for itself until its name has come. */
export function useEntityNames(kind: keyof typeof idFields): NameOf {
  const [names, setNames] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    let isWanted = true;
    const take = ({ items }: { readonly items: readonly Readonly<Record<string, unknown>>[] }) => {
      if (isWanted) setNames(new Map(items.map((item) => [String(item[idFields[kind]]), String(item['name'])])));
    };
    // Without names the ids are shown, which say as much.
    ask<Parameters<typeof take>[0]>(`/v1/${kind}?limit=500&archived=any`).then(take, () => {});
    return () => {
      isWanted = false;
    };
  }, [kind]);
  return useCallback((id) => names.get(id) ?? id, [names]);
}
