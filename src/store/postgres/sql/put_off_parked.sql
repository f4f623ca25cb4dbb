-- Parked receipts $1 … $4 (arrays) are looked at again at next_at.
with known as materialized (
    select p.provider, p.provider_ref, p.fate, k.next_at
    from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as k(provider, provider_ref, fate, next_at)
    cross join lateral (
        select * from parked_receipt as p
        where p.provider = k.provider and p.provider_ref = k.provider_ref and p.fate = k.fate
        offset 0
    ) as p
)
update parked_receipt as p
set next_at = known.next_at
from known
where p.provider = known.provider and p.provider_ref = known.provider_ref and p.fate = known.fate
