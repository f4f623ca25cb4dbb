-- What somebody, $6, wrote down of account $3 in bucket $1 as reply $2, of meaning $4
-- and with details $5; it was at $7, and nobody need read it at $8.
insert into reply (bucket, reply_id, provider, channel, meaning, details, at, received_at, account_id, settled_at, for_people, done_at, done_by)
values ($1, $2, 'staff', 'voice', $4, nullif($5, ''), $7, $8, $3, $8, 0, $8, $6)
