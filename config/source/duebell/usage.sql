-- Usage by day, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as usage_id,
    account_id,
    says ->> 'used_on' as used_on,
    says ->> 'currency' as currency,
    says ->> 'charged' as charged,
    says ->> 'expensive' as expensive,
    changed_at
from evidence indexed by usage_changed
where feed = 'usage' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
