-- Every sent item.
select s.day, s.bill_id, s.account_id, s.step from sent_item as s
