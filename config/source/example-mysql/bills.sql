-- Bills: invoices, with what is left of them kept by the billing system.
-- Credit notes and drafts are no bills.
select
    invoice.id                                           as bill_id,
    invoice.customer_no                                  as account_id,
    invoice.currency,
    invoice.gross_total                                  as amount,
    -- An overpaid invoice has a negative balance here; nothing is left of it.
    greatest(invoice.open_balance, 0)                    as remaining_amount,
    invoice.issued_on,
    invoice.payable_until                                as due_on,
    invoice.cleared_on                                   as settled_on,
    date_format(invoice.updated_at, '%Y-%m-%d %H:%i:%s.%f') as changed_at
from invoice
where invoice.kind = 'invoice'
  and invoice.state <> 'draft'
  and invoice.updated_at >= cast(:changed_at as datetime(6))
  -- The first page asks with an empty id: as a number, it is 0.
  and (invoice.updated_at > cast(:changed_at as datetime(6)) or invoice.id > cast(:id as unsigned))
order by invoice.updated_at, invoice.id
limit :page
