-- Keys shared with accounts that were written off, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as share_id,
    account_id,
    says ->> 'kind' as kind,
    says ->> 'shared_with' as shared_with,
    says ->> 'written_off_on' as written_off_on,
    changed_at
from evidence indexed by identities_changed
where feed = 'identities' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
