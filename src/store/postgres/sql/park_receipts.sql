-- Parks receipts $1 … $5 (arrays), to be looked at from received_at on. One
-- that is there already stays as it is.
insert into parked_receipt (provider, provider_ref, fate, at, received_at, next_at)
select k.provider, k.provider_ref, k.fate, k.at, k.received_at, k.received_at
from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) as k(provider, provider_ref, fate, at, received_at)
where true
on conflict (provider, provider_ref, fate) do nothing
