-- Where reminders $1 (JSON array of {bucket, reminder_id}) stand; those of which nothing was submitted are absent.
select
    r.reminder_id, coalesce(t.seq, 0) as seq,
    coalesce(t.state, case when s.at is null then 'planned' else 'submitting' end) as state,
    coalesce(t.attempt, case when s.at is null then 0 else 1 end) as attempt,
    coalesce(t.channel, s.channel) as channel, coalesce(t.provider, s.provider) as provider,
    r.channels, r.scenario, r.send_before, t.next_at,
    case when t.attempt > 1 and exists (
        select 1 from transition as before
        where before.bucket = t.bucket and before.reminder_id = t.reminder_id and before.state = 'unheard'
    ) then 1 else 0 end as was_taken
from json_each($1) as k
join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
left join submission as s
    on s.bucket = r.bucket and s.account_id = r.account_id and s.day = r.day and s.reminder_id = r.reminder_id
left join transition as t
    on t.bucket = r.bucket and t.reminder_id = r.reminder_id
    and t.seq = (
        select max(last.seq) from transition as last
        where last.bucket = r.bucket and last.reminder_id = r.reminder_id
    )
where s.at is not null or t.at is not null
