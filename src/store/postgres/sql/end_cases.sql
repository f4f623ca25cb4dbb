-- Ends the open cases of accounts $1, $2 (arrays) on $3 with outcome $4.
update dunning_case set closed_on = $3::date, outcome = $4
where closed_on is null and (bucket, account_id) in (
    select k.bucket, k.account_id from unnest($1::smallint[], $2::text[]) as k(bucket, account_id)
)
