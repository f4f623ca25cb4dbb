-- What is left now of the bills in :bills, a JSON array of ids. Read right
-- before sending: ask the tables that payments reach first.
select
    invoice.id::text                        as bill_id,
    invoice.currency,
    greatest(invoice.open_balance, 0)::text as remaining_amount
from billing.invoice
where invoice.id in (select id::bigint from jsonb_array_elements_text(:bills::jsonb) as asked (id))
