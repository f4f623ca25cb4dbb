-- How many contacts there are against limits $1 (JSON array), not counting those of
-- the same reminder on the same channel.
select k.value ->> 'n' as n, count(*) as taken
from json_each($1) as k
join contact as c on c.bucket = k.value ->> 'bucket' and c.key = k.value ->> 'key'
where c.at > k.value ->> 'since'
    and (k.value ->> 'channels' = '' or instr(k.value ->> 'channels', c.channel) > 0)
    and not (c.reminder_id = unhex(k.value ->> 'reminder_id') and c.channel = k.value ->> 'channel')
group by k.value ->> 'n'
