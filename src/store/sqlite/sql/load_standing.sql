-- Where reminders $1 (JSON array of {bucket, reminder_id}) stand; those without a transition are absent.
select
    lower(hex(t.reminder_id)) as reminder_id, t.seq as seq, t.state, t.attempt as attempt, t.channel, t.provider,
    r.channels, r.send_before as send_before, t.next_at as next_at
from json_each($1) as k
join transition as t on t.bucket = k.value ->> 'bucket' and t.reminder_id = unhex(k.value ->> 'reminder_id')
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
