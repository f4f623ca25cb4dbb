-- Staff chose code $3 for the latest departure of account $2 in bucket $1, because
-- of $4; $5 is who.
update departure
set code = $3, says = $4, set_by = $5
where bucket = $1 and account_id = $2 and left_on = (
    select max(d.left_on) from departure as d where d.bucket = $1 and d.account_id = $2
)
