-- The accounts of reminders $1 (JSON array of {bucket, reminder_id}).
select
    r.reminder_id, a.bucket, a.account_id, a.phone, a.email,
    coalesce((select w.value from wish as w where w.bucket = a.bucket and w.account_id = a.account_id and w.kind = 'language'), a.language) as language
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
join account as a on a.bucket = r.bucket and a.account_id = r.account_id
