-- Adds entries $1 (JSON array) to the consent ledger; one that is there already
-- stays as it is.
insert into consent (bucket, account_id, channel, purpose, said_at, is_given, source, proof, noted_at)
select
    k.value ->> 'bucket', k.value ->> 'account_id', k.value ->> 'channel', k.value ->> 'purpose', k.value ->> 'said_at',
    k.value ->> 'is_given', k.value ->> 'source', k.value ->> 'proof', k.value ->> 'noted_at'
from json_each($1) as k
where true
on conflict (bucket, account_id, channel, purpose, said_at, is_given) do nothing
