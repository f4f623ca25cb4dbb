//! Dossiers: everything with a date that is known of accounts, a page of them
//! at a time.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::model::billing::plus_days;
use crate::model::evidence::{Dossier, Evidence, Feeds};
use crate::model::{AccountId, Bucket, Tier};
use crate::store::engine::Arg;
use crate::store::facts::{Key, account, bill, hold, payment, sent_item};
use crate::store::row::Row;
use crate::store::statements::sql;
use crate::store::{HoldStore, SqlStore, StoreError};

/// Twenty-four cycles, and one that may be long. Of what is older only the
/// unpaid counts.
const HISTORY_DAYS: i32 = 25 * 31;

impl SqlStore {
    pub(super) async fn load_dossiers(
        &self,
        accounts: &[(Bucket, AccountId)],
        as_of: Date,
        feeds: &Feeds,
    ) -> Result<Vec<Dossier>, StoreError> {
        let keys: Vec<Key<'_>> = accounts
            .iter()
            .map(|(bucket, account_id)| Key { bucket: *bucket, account_id })
            .collect();
        let (keys, since) = (Arg::Set(&keys), plus_days(as_of, -HISTORY_DAYS).to_string());
        let mut known = match feeds.is_empty() {
            true => HashMap::new(),
            false => self.load_evidence(accounts, as_of).await?,
        };
        let (as_of, since) = (as_of.to_string(), Arg::Text(&since));
        let engine = &self.engine;

        let mut page = Page::default();
        for row in engine.rows(sql::load_accounts, &[keys, Arg::Text(&as_of)]).await? {
            page.add(&row, feeds, &mut known)?;
        }
        for row in engine.rows(sql::load_dossier_bills, &[keys, since]).await? {
            page.add_bill(&row)?;
        }
        for row in engine.rows(sql::load_dossier_holds, &[keys]).await? {
            let hold = hold(&row)?;
            page.of(&row)?.holds.push(hold);
        }
        for row in engine.rows(sql::load_dossier_sent, &[keys, since]).await? {
            let sent = sent_item(&row)?;
            page.of(&row)?.sent.push(sent);
        }
        for placed in self.placed_holds(accounts).await? {
            let place = page.places.get(placed.account.as_str());
            if let Some(dossier) = place.and_then(|place| page.dossiers.get_mut(*place)) {
                dossier.placed.push(placed);
            }
        }
        Ok(page.dossiers)
    }
}

/// Dossiers under construction, found by account.
#[derive(Default)]
struct Page {
    dossiers: Vec<Dossier>,
    places: HashMap<String, usize>,
}

impl Page {
    fn add(
        &mut self,
        row: &Row,
        feeds: &Feeds,
        known: &mut HashMap<AccountId, Evidence>,
    ) -> Result<(), StoreError> {
        let account = account(row)?;
        let evidence = known.remove(&account.id).unwrap_or_default();
        self.places.insert(account.id.0.clone(), self.dossiers.len());
        self.dossiers.push(Dossier {
            account: account.id,
            // Ordinary is also whoever the source says nothing of.
            tier: Some(account.tier).filter(|tier| *tier != Tier::Ordinary),
            bills: Vec::new(),
            payments: Vec::new(),
            holds: Vec::new(),
            placed: Vec::new(),
            sent: Vec::new(),
            feeds: feeds.clone(),
            evidence,
        });
        Ok(())
    }

    fn of(&mut self, row: &Row) -> Result<&mut Dossier, StoreError> {
        let place = self.places.get(&row.text("account_id")?);
        place
            .and_then(|place| self.dossiers.get_mut(*place))
            .ok_or(StoreError::Corrupt { column: "account_id" })
    }

    /// A bill and one of its payments. Rows come ordered by bill, one per payment.
    fn add_bill(&mut self, row: &Row) -> Result<(), StoreError> {
        let dossier = self.of(row)?;
        let bill = bill(row)?;
        if row.opt_text("payment_id")?.is_some() {
            let mut payment = payment(row, "paid_amount", "paid_currency")?;
            payment.bill = Some(bill.id.clone());
            dossier.payments.push(payment);
        }
        if dossier.bills.last().is_none_or(|last| last.id != bill.id) {
            dossier.bills.push(bill);
        }
        Ok(())
    }
}
