-- Gives back the keys (bill, step) that reminders $1 (JSON array of {bucket, reminder_id}) took.
delete from sent_item
where (bucket, bill_id, step, reminder_id) in (
    select r.bucket, i.value ->> 'bill_id', i.value ->> 'step', r.reminder_id
    from json_each($1) as k
    join reminder as r on r.bucket = k.value ->> 'bucket' and r.reminder_id = unhex(k.value ->> 'reminder_id')
    join json_each(r.items) as i
)
