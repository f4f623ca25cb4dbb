-- Payments: what the bank told the billing system, and what it took back.
select
    receipt.id                                           as payment_id,
    receipt.customer_no                                  as account_id,
    receipt.invoice_id                                   as bill_id,
    receipt.currency,
    receipt.amount,
    receipt.value_date                                   as paid_on,
    case
        when receipt.returned_on is not null then 'reversed'
        when receipt.cleared then 'settled'
        else 'pending'
    end                                                  as state,
    receipt.returned_on                                  as reversed_on,
    date_format(receipt.updated_at, '%Y-%m-%d %H:%i:%s.%f') as changed_at
from receipt
where receipt.updated_at >= cast(:changed_at as datetime(6))
  and (receipt.updated_at > cast(:changed_at as datetime(6)) or receipt.id > cast(:id as unsigned))
order by receipt.updated_at, receipt.id
limit :page
