-- Accounts: the customer with the first of each kind of contact. A contact
-- that changes must hand the account out again, so the later stamp counts.
-- This database has no index for that; with many customers, keep a column.
select
    changed.customer_no                                  as account_id,
    changed.person_no                                    as person_id,
    changed.display_name                                 as name,
    coalesce(changed.language, 'de')                     as language,
    'Europe/Berlin'                                      as zone,
    case changed.class when 'A' then 'key' when 'B' then 'main' when 'D' then 'small' else 'ordinary' end as tier,
    changed.brand                                        as segment,
    changed.phone,
    changed.email,
    case changed.contact_by when 'TEXT' then 'sms' when 'CALL' then 'voice' when 'MAIL' then 'email' end as preferred_channel,
    date_format(changed.at, '%Y-%m-%d %H:%i:%s.%f')      as changed_at
from (
    select
        customer.*,
        contact.phone,
        contact.email,
        -- Beside NULL, nothing is the greatest.
        greatest(customer.updated_at, coalesce(contact.updated_at, customer.updated_at)) as at
    from customer
    left join (
        select
            customer_no,
            min(case when kind = 'mobile' then value end) as phone,
            min(case when kind = 'email' then value end)  as email,
            max(updated_at)                               as updated_at
        from contact
        where valid_to is null
        group by customer_no
    ) as contact on contact.customer_no = customer.customer_no
) as changed
-- The key's own collation orders and compares alike; its unique index sees to
-- it that no two keys are equal.
where changed.at >= cast(:changed_at as datetime(6))
  and (changed.at > cast(:changed_at as datetime(6)) or changed.customer_no > :id)
order by changed.at, changed.customer_no
limit :page
