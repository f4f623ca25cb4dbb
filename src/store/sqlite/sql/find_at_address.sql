-- The accounts that have one of the addresses $1 (JSON array of {address}):
-- numbers as they are, mail in whatever case.
-- Differs: SQLite takes an index of some rows where it is told that they are those.
select
    k.value ->> 'address' as address, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from json_each($1) as k
join account as a on a.phone = k.value ->> 'address' and a.phone is not null
union all
select
    k.value ->> 'address' as address, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from json_each($1) as k
join account as a on lower(a.email) = lower(k.value ->> 'address') and a.email is not null
