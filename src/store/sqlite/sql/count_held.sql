-- Rows of feed $1 in the ledger or set aside; of evidence, those of $2 and later.
select
    case $1
        when 'accounts' then (select count(*) from account)
        when 'bills' then (select count(*) from bill)
        when 'payments' then (select count(*) from payment)
        when 'holds' then (select count(*) from hold)
        when 'outages' then (select count(*) from outage where starts_on >= $2)
        else (select count(*) from evidence where feed = $1 and on_day >= $2)
    end
    + (select count(distinct row_id) from reject where feed = $1 and is_warning = 0) as held
