-- Outages, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as outage_id,
    says ->> 'area' as area,
    says ->> 'starts_on' as starts_on,
    says ->> 'ends_on' as ends_on,
    changed_at
from evidence indexed by outages_changed
where feed = 'outages' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
