-- Deletes parked receipts $1 … $3 (arrays): what they said stands elsewhere by now, or is of no use.
with known as materialized (
    select p.provider, p.provider_ref, p.fate
    from unnest($1::text[], $2::text[], $3::text[]) as k(provider, provider_ref, fate)
    cross join lateral (
        select * from parked_receipt as p
        where p.provider = k.provider and p.provider_ref = k.provider_ref and p.fate = k.fate
        offset 0
    ) as p
)
delete from parked_receipt as p
using known
where p.provider = known.provider and p.provider_ref = known.provider_ref and p.fate = known.fate
