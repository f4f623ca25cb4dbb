-- Automatic payments that failed, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as failure_id,
    account_id,
    says ->> 'kind' as kind,
    says ->> 'failed_on' as failed_on,
    changed_at
from evidence indexed by failures_changed
where feed = 'failures' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
