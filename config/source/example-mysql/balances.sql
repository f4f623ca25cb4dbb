-- What is left now of the bills in :bills, a JSON array of ids. Read right
-- before sending: ask the tables that payments reach first.
select
    invoice.id                        as bill_id,
    invoice.currency,
    greatest(invoice.open_balance, 0) as remaining_amount
from json_table(:bills, '$[*]' columns (id bigint path '$')) as asked
join invoice on invoice.id = asked.id
