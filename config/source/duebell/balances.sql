-- What is left now of the bills in :bills, a JSON array of bill ids. Read
-- right before sending, so that nobody who has paid is reminded.
select
    id as bill_id,
    currency,
    case when exponent > 0
        then printf('%s%d.%0*d', iif(remaining < 0, '-', ''), abs(remaining) / unit, exponent, abs(remaining) % unit)
        else cast(remaining as text)
    end as remaining_amount
from bill_open
where id in (select value from json_each(:bills))
