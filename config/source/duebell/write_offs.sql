-- Debts that were written off, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as write_off_id,
    account_id,
    says ->> 'written_off_on' as written_off_on,
    says ->> 'currency' as currency,
    says ->> 'amount' as amount,
    changed_at
from evidence indexed by write_offs_changed
where feed = 'write_offs' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
