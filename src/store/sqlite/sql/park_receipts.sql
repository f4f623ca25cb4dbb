-- Parks receipts $1 (JSON array), to be looked at from received_at on. One
-- that is there already stays as it is.
insert into parked_receipt (provider, provider_ref, fate, at, received_at, next_at)
select
    k.value ->> 'provider', k.value ->> 'provider_ref', k.value ->> 'fate', k.value ->> 'at', k.value ->> 'received_at', k.value ->> 'received_at'
from json_each($1) as k
where true
on conflict (provider, provider_ref, fate) do nothing
