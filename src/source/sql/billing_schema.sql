-- The billing database of an operator who has nothing else: accounts, bills,
-- payments, holds and evidence, written by `duebell import` or by the operator's own SQL.
--
-- Amounts are integers in minor units, days are YYYY-MM-DD, and changed_at is
-- YYYY-MM-DD HH:MM:SS.ffffff in UTC, so that text order is order in time.
-- Whoever writes a row stamps it; the triggers stamp what follows from it.
--
-- The tables take what they are given, an unknown currency or a negative
-- amount too: judging rows is the daemon's work, which sets them aside with a
-- reason. Only what would break the reading of good rows is refused.

pragma application_id = 1148544332; -- 'DueL'
pragma user_version = 1;

-- Lets SQL write amounts as exact decimals: unit is ten to the exponent.
create table currency (
    code     text primary key,
    exponent integer not null,
    unit     integer not null
) strict, without rowid;

create table account (
    id                text primary key,
    person_id         text,
    name              text,
    language          text,
    zone              text,
    tier              text,
    segment           text,
    phone             text,
    email             text,
    preferred_channel text,
    changed_at        text not null
) strict;

create index account_changed on account (changed_at, id);

create table bill (
    id               text primary key,
    account_id       text not null references account (id),
    currency         text not null,
    -- Far beyond any bill, and far enough from the edge that sums stay exact.
    amount           integer not null check (amount between -1000000000000000 and 1000000000000000),
    -- What another system says is left. Where it is null, what is left follows
    -- from the payments; where it is not, the payments of this bill are already
    -- in it and do not count again.
    stated_remaining integer check (stated_remaining between -1000000000000000 and 1000000000000000),
    issued_on        text not null,
    due_on           text not null,
    -- As stated; where it is null, it follows from the payments too.
    settled_on       text,
    changed_at       text not null
) strict;

create index bill_changed on bill (changed_at, id);
create index bill_account on bill (account_id);

-- Payments are taken back (state and reversed_on), never deleted: a deleted
-- row could not tell the feed that its bill is open again.
create table payment (
    id          text primary key,
    account_id  text not null references account (id),
    bill_id     text references bill (id),
    currency    text not null,
    amount      integer not null check (amount between -1000000000000000 and 1000000000000000),
    paid_on     text not null,
    state       text not null default 'settled',
    reversed_on text,
    changed_at  text not null
) strict;

create index payment_changed on payment (changed_at, id);
create index payment_bill on payment (bill_id);
create index payment_account on payment (account_id);

create table hold (
    id         text primary key,
    account_id text not null references account (id),
    bill_id    text references bill (id),
    kind       text not null,
    starts_on  text not null,
    ends_on    text,
    -- The disputed part, in the currency of the bill.
    amount     integer check (amount between -1000000000000000 and 1000000000000000),
    changed_at text not null,
    check (amount is null or bill_id is not null)
) strict;

create index hold_changed on hold (changed_at, id);
create index hold_account on hold (account_id);
create index hold_bill on hold (bill_id);

-- What is left of a bill changes with its payments, so the bill is stamped
-- with them and the feed of bills hands it out again. Triggers, because the
-- operator's own SQL must not have to think of it.
create trigger payment_arrives after insert on payment
when new.bill_id is not null
begin
    update bill set changed_at = max(changed_at, new.changed_at) where id = new.bill_id;
end;

create trigger payment_changes after update on payment
begin
    update bill set changed_at = max(changed_at, new.changed_at)
    where id in (old.bill_id, new.bill_id);
end;

-- Bills with what is left of them now. An overpaid bill has nothing left; when
-- the payment that overpaid it bounces, the older ones still count.
create view bill_open as
select
    bill.id,
    bill.account_id,
    bill.currency,
    bill.amount,
    coalesce(bill.stated_remaining, max(0, bill.amount - coalesce((
        select sum(payment.amount)
        from payment
        where payment.bill_id = bill.id
          and payment.currency = bill.currency
          and payment.state = 'settled'
    ), 0))) as remaining,
    bill.issued_on,
    bill.due_on,
    case when bill.stated_remaining is not null or bill.settled_on is not null
        then bill.settled_on
        -- The first day on which the payments, added up, reached the amount.
        else (
            select min(running.paid_on)
            from (
                select
                    payment.paid_on,
                    sum(payment.amount) over (order by payment.paid_on, payment.id) as paid
                from payment
                where payment.bill_id = bill.id
                  and payment.currency = bill.currency
                  and payment.state = 'settled'
            ) as running
            where running.paid >= bill.amount
        )
    end as settled_on,
    bill.changed_at,
    currency.exponent,
    currency.unit
from bill
left join currency on currency.code = bill.currency;
