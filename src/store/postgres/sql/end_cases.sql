-- Ends the open cases of accounts $1 (JSON array of keys) on $2 with outcome $3.
update dunning_case set closed_on = $2::date, outcome = $3
where closed_on is null and (bucket, account_id) in (
    select k.bucket, k.account_id from jsonb_to_recordset($1::jsonb) as k(bucket smallint, account_id text)
)
