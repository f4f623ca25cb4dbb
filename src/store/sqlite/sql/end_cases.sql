-- Ends the open cases of accounts $1 (JSON array of keys) on $2 with outcome $3.
update dunning_case set closed_on = $2, outcome = $3
where closed_on is null and (bucket, account_id) in (
    select k.value ->> 'bucket', k.value ->> 'account_id' from json_each($1) as k
)
