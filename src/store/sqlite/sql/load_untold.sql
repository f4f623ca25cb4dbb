-- Those of the reminders $1 (JSON array of {bucket, reminder_id}) that a provider took, by
-- a reference of its own, and of which nothing was heard since.
select t.reminder_id, t.attempt, t.channel, t.provider, t.provider_ref, t.at, a.phone
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
join account as a on a.bucket = r.bucket and a.account_id = r.account_id
join transition as t
    on t.bucket = r.bucket and t.reminder_id = r.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = r.bucket and last.reminder_id = r.reminder_id
    )
where t.state = 'accepted' and t.channel is not null and t.provider is not null and t.provider_ref is not null
