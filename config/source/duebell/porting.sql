-- Requests to take the number elsewhere, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as request_id,
    account_id,
    says ->> 'requested_on' as requested_on,
    says ->> 'withdrawn_on' as withdrawn_on,
    changed_at
from evidence indexed by porting_changed
where feed = 'porting' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
