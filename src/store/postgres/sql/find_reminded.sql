-- The accounts of reminders $1, $2 (arrays).
select
    r.reminder_id, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from unnest($1::smallint[], $2::uuid[]) as k(bucket, reminder_id)
cross join lateral (select * from reminder as r where r.bucket = k.bucket and r.reminder_id = k.reminder_id offset 0) as r
cross join lateral (select * from account as a where a.bucket = r.bucket and a.account_id = r.account_id offset 0) as a
