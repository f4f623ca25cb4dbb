-- Rows of feed $1 in the ledger or set aside.
select
    case $1
        when 'accounts' then (select count(*) from account)
        when 'bills' then (select count(*) from bill)
        when 'payments' then (select count(*) from payment)
        else (select count(*) from hold)
    end
    + (select count(distinct row_id) from reject where feed = $1 and not is_warning) as held
