-- What is left now of the bills in :bills, a JSON array of bill ids.
select
    id as bill_id,
    'EUR' as currency,
    (remaining / 100.0)::numeric(12, 2)::text as remaining_amount
from bill
where id = any (array(select jsonb_array_elements_text(:bills::jsonb)))
