-- Bills: invoices, with what is left of them kept by the billing system.
-- Credit notes and drafts are no bills.
select
    invoice.id::text                                                          as bill_id,
    invoice.customer_no                                                       as account_id,
    invoice.currency,
    invoice.gross_total::text                                                 as amount,
    -- An overpaid invoice has a negative balance here; nothing is left of it.
    greatest(invoice.open_balance, 0)::text                                   as remaining_amount,
    invoice.issued_on::text                                                   as issued_on,
    invoice.payable_until::text                                               as due_on,
    invoice.cleared_on::text                                                  as settled_on,
    to_char(invoice.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as changed_at
from billing.invoice
where invoice.kind = 'invoice'
  and invoice.state <> 'draft'
  -- The first page asks with an empty id, which is no number.
  and (invoice.updated_at, invoice.id)
    > (:changed_at::timestamp at time zone 'UTC', coalesce(nullif(:id, '')::bigint, 0))
order by invoice.updated_at, invoice.id
limit :page
