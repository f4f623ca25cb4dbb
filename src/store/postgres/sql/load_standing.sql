-- Where reminders $1 (JSON array of {bucket, reminder_id}) stand; those without a transition are absent.
select
    t.reminder_id::text as reminder_id, t.seq::bigint as seq, t.state, t.attempt::bigint as attempt, t.channel, t.provider,
    r.channels, micros(r.send_before) as send_before, micros(t.next_at) as next_at
from jsonb_to_recordset($1::jsonb) as k(bucket smallint, reminder_id uuid)
join transition as t on t.bucket = k.bucket and t.reminder_id = k.reminder_id
join reminder as r on r.bucket = t.bucket and r.reminder_id = t.reminder_id
where not exists (
        select 1 from transition as later
        where later.bucket = t.bucket and later.reminder_id = t.reminder_id and later.seq > t.seq
    )
