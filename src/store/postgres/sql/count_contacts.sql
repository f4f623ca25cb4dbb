-- How many contacts there are against limits $1 … $7 (arrays), not counting those
-- of the same reminder on the same channel.
select k.n, count(c.at) as taken
from unnest($1::integer[], $2::smallint[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[]) as k(n, bucket, key, reminder_id, channel, channels, since)
cross join lateral (
    select c.at from contact as c
    where c.bucket = k.bucket and c.key = k.key and c.at > k.since
        and (k.channels = '' or position(c.channel in k.channels) > 0)
        and not (c.reminder_id = k.reminder_id and c.channel = k.channel)
    offset 0
) as c
group by k.n
