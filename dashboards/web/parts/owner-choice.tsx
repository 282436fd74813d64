import { place } from '../location.ts';
import { names } from '../names.ts';
import { session } from '../session.ts';
import { Choice } from './choice.tsx';

/** Advertiser and, if there is one, campaign: both in the address. */
export function OwnerChoice({ withCampaign = true }: { readonly withCampaign?: boolean }) {
  const all = [...names.value.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  const { advertiser } = place.value.params;
  const bound = session.value?.advertiser_id ?? null;
  const advertisers = all.filter((one) => one.advertiser_id === null && (bound === null || one.id === bound));
  const campaigns = all.filter(
    (one) => one.advertiser_id !== null && (advertiser === undefined || one.advertiser_id === advertiser),
  );
  const optionsOf = (ones: typeof all) => ones.map(({ id, name }) => ({ value: id, title: name }));
  return (
    <>
      <Choice
        label="Advertiser"
        param="advertiser"
        usual=""
        clears={['campaign']}
        options={[{ value: '', title: withCampaign ? 'All' : 'Choose …' }, ...optionsOf(advertisers)]}
      />
      {withCampaign ? (
        <Choice
          label="Campaign"
          param="campaign"
          usual=""
          options={[{ value: '', title: 'All' }, ...optionsOf(campaigns)]}
        />
      ) : null}
    </>
  );
}
