-- What came back, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as return_id,
    account_id,
    says ->> 'channel' as channel,
    says ->> 'returned_on' as returned_on,
    changed_at
from evidence indexed by returns_changed
where feed = 'returns' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
