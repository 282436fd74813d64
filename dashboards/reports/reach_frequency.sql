-- report: How many persons each campaign reached, and how often. Only impressions of persons who consented can be counted by person. Test selections are left out.
-- param from time = -7d : First selection time.
-- param to time = now : First selection time that is no longer in it.
-- param campaign_id text = : One campaign; empty: all.
-- column campaign_id text : Campaign.
-- column impressions integer : Impressions.
-- column known integer : Of these, of a known person.
-- column persons integer : Different persons, exact.
-- column frequency ratio : Known ÷ persons.
-- column once integer : Persons reached once.
-- column twice integer : Twice.
-- column thrice integer : Three times.
-- column four_to_nine integer : Four to nine times.
-- column ten_or_more integer : Ten times and more.
-- column most integer : Most impressions of one person.
SELECT
  campaign_id,
  sum(seen) AS impressions,
  sumIf(seen, user_key != '') AS known,
  countIf(user_key != '') AS persons,
  if(persons = 0, NULL, round(known / persons, 6)) AS frequency,
  countIf(user_key != '' AND seen = 1) AS once,
  countIf(user_key != '' AND seen = 2) AS twice,
  countIf(user_key != '' AND seen = 3) AS thrice,
  countIf(user_key != '' AND seen BETWEEN 4 AND 9) AS four_to_nine,
  countIf(user_key != '' AND seen >= 10) AS ten_or_more,
  maxIf(seen, user_key != '') AS most
FROM (
  SELECT impression.campaign_id AS campaign_id, ifNull(selection.user_key, '') AS user_key, count() AS seen
  FROM adtally.impressions_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)}) AS impression
  LEFT JOIN (
    SELECT selection_id, user_key FROM adtally.selections_between(from = {from:DateTime64(3)}, to = {to:DateTime64(3)})
  ) AS selection ON selection.selection_id = impression.selection_id
  WHERE NOT impression.test AND ({campaign_id:String} = '' OR impression.campaign_id = {campaign_id:String})
  GROUP BY campaign_id, user_key
)
GROUP BY campaign_id
ORDER BY campaign_id
