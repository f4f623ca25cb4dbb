-- The accounts that have one of the addresses $1 (array): numbers as they are,
-- mail in whatever case.
select
    k.address, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from unnest($1::text[]) as k(address)
cross join lateral (select * from account as a where a.phone = k.address offset 0) as a
union all
select
    k.address, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from unnest($1::text[]) as k(address)
cross join lateral (select * from account as a where lower(a.email) = lower(k.address) offset 0) as a
