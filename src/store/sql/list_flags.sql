-- Every repeat debtor, by account.
select f.account_id, f.flagged_on from repeat_debtor as f order by f.account_id
