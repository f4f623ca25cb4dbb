-- Contracts, of our own billing database, that changed after (:changed_at,
-- :id), at most :page of them.
select
    id as contract_id,
    account_id,
    says ->> 'since' as since,
    says ->> 'margin_percent' as margin_percent,
    says ->> 'autopay_starts_on' as autopay_starts_on,
    says ->> 'autopay_ends_on' as autopay_ends_on,
    says ->> 'autopay_withdrawn_on' as autopay_withdrawn_on,
    says ->> 'identity_key' as identity_key,
    says ->> 'address_key' as address_key,
    says ->> 'ended_on' as ended_on,
    says ->> 'barred_on' as barred_on,
    changed_at
from evidence indexed by contracts_changed
where feed = 'contracts' and (changed_at, id) > (:changed_at, :id)
order by changed_at, id
limit :page
