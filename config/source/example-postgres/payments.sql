-- Payments: what the bank told the billing system, and what it took back.
select
    receipt.id::text                                                          as payment_id,
    receipt.customer_no                                                       as account_id,
    receipt.invoice_id::text                                                  as bill_id,
    receipt.currency,
    receipt.amount::text                                                      as amount,
    receipt.value_date::text                                                  as paid_on,
    case
        when receipt.returned_on is not null then 'reversed'
        when receipt.cleared then 'settled'
        else 'pending'
    end                                                                       as state,
    receipt.returned_on::text                                                 as reversed_on,
    to_char(receipt.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as changed_at
from billing.receipt
where (receipt.updated_at, receipt.id)
    > (:changed_at::timestamp at time zone 'UTC', coalesce(nullif(:id, '')::bigint, 0))
order by receipt.updated_at, receipt.id
limit :page
