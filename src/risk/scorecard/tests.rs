//! What holds of every card.

use proptest::prelude::*;

use super::bins::bins;
use super::card::Bin;
use super::*;

fn target() -> Target {
    Target { column: "is_bad".to_owned(), bad: "1".to_owned() }
}

/// What an account's end hangs on, the noise, and what is missing.
type Drawn = (u8, i32, i32, usize, u8);

/// A made-up table: a number that matters, one that hardly does, a category;
/// each missing now and then.
fn tables() -> impl Strategy<Value = Sample> {
    let row = (any::<u8>(), 0..40_i32, -5..6_i32, 0..6_usize, 0..12_u8);
    proptest::collection::vec(row, 30..300).prop_filter_map("both ends", |rows| {
        let missing = |is: bool, value: Value| if is { Value::Missing } else { value };
        let column = |name: &str, of: &dyn Fn(&Drawn) -> Value| {
            Column::new(name, rows.iter().map(of).collect())
        };
        let names = ["cash", "bank", "card", "post", "agent", "other"];
        let sample = Sample {
            columns: vec![
                column("late", &|row| missing(row.4 == 0, Value::number(row.1.into()))),
                column("noise", &|row| missing(row.4 == 1, Value::number(row.2.into()))),
                column("way", &|row| missing(row.4 == 2, Value::category(names[row.3]))),
            ],
            is_bad: rows
                .iter()
                .map(|row| i32::from(row.0) < row.1 * 4 + row.3 as i32 * 12)
                .collect(),
        };
        let bads = sample.bads();
        (bads > 0 && bads < sample.rows()).then_some(sample)
    })
}

/// Settings under which small tables have cards of many bins.
fn settings() -> impl Strategy<Value = Settings> {
    (3..60_usize, 2..12_usize, 0.0..0.1, 0.0..7.0, 0.5..50.0, 0.1..5.0, any::<bool>()).prop_map(
        |(fine_max, bins_max, share_min, unlike_min, smoothing, ridge, monotone_all)| Settings {
            fine_max,
            bins_max,
            share_min,
            unlike_min,
            smoothing,
            ridge,
            information_min: 0.0,
            monotone_all,
            ..Settings::default()
        },
    )
}

/// A card, where the table has one.
fn card(sample: &Sample, settings: &Settings) -> Option<Card> {
    match fit(sample, &target(), settings) {
        Ok(fitted) => Some(fitted.card),
        Err(FitError::NothingTells) => None,
        Err(other) => panic!("{other}"),
    }
}

fn all(card: &Card, sample: &Sample) -> Vec<Scored> {
    card.over(&sample.names()).unwrap().all(sample)
}

fn ranges(bins: &[Bin]) -> Vec<&Bin> {
    bins.iter().filter(|bin| matches!(bin.holds, Holds::Range { .. })).collect()
}

proptest! {
    #[test]
    fn a_monotone_characteristic_goes_one_way(sample in tables(), settings in settings()) {
        for (trend, sign) in [(Trend::Better, 1.0), (Trend::Worse, -1.0)] {
            let mut settings = settings.clone();
            settings.monotone.insert("late".to_owned(), trend);
            let bins = bins(&sample.columns[0], &sample.is_bad, &settings);
            let woe: Vec<f64> = bins
                .iter()
                .filter(|bin| matches!(bin.holds, Holds::Range { .. }))
                .map(|bin| bin.woe)
                .collect();
            prop_assert!(woe.windows(2).all(|pair| sign * (pair[1] - pair[0]) >= 0.0), "{:?}", woe);
        }
        let settings = Settings { monotone_all: true, ..settings };
        if let Some(card) = card(&sample, &settings) {
            for it in &card.characteristics {
                let points: Vec<i32> = ranges(&it.bins).iter().map(|bin| bin.points).collect();
                prop_assert!(points.is_sorted() || points.is_sorted_by(|a, b| a >= b));
            }
        }
    }

    #[test]
    fn every_row_lies_in_one_bin_of_each_characteristic(
        sample in tables(),
        settings in settings(),
    ) {
        for column in &sample.columns {
            let bins = bins(column, &sample.is_bad, &settings);
            let rows: u64 = bins.iter().map(|bin| bin.counts.rows()).sum();
            prop_assert_eq!(rows as usize, sample.rows());
            for value in &column.values {
                let found = bins.iter().filter(|bin| bin.holds.has(value) && bin.holds != Holds::Others);
                prop_assert!(found.count() <= 1);
                prop_assert!(bins.iter().any(|bin| bin.holds.has(value)));
            }
        }
    }

    #[test]
    fn points_add_up_to_the_score(sample in tables(), settings in settings()) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        let scorer = card.over(&sample.names()).unwrap();
        for (row, scored) in scorer.all(&sample).iter().enumerate() {
            let points: i32 = card
                .characteristics
                .iter()
                .zip(&scored.places)
                .map(|(it, place)| it.bins[*place].points)
                .sum();
            prop_assert_eq!(scored.score, card.start + points);
            let values: Vec<Value> =
                sample.columns.iter().map(|column| column.values[row].clone()).collect();
            prop_assert_eq!(&scorer.scored(&values), scored);
            prop_assert_eq!(scorer.score(&values), scored.score);
        }
    }

    #[test]
    fn a_higher_score_is_a_smaller_fear(sample in tables(), settings in settings()) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        let mut scored = all(&card, &sample);
        scored.sort_by_key(|it| it.score);
        for pair in scored.windows(2) {
            let is_same = pair[0].score == pair[1].score;
            prop_assert!(is_same || pair[0].probability > pair[1].probability);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(
        (sample, order) in tables().prop_flat_map(|sample| {
            let order = Just((0..sample.rows()).collect::<Vec<_>>()).prop_shuffle();
            (Just(sample), order)
        }),
        settings in settings(),
    ) {
        prop_assert_eq!(card(&sample, &settings), card(&sample.part(&order), &settings));
    }

    #[test]
    fn a_card_comes_back_from_its_file(sample in tables(), settings in settings()) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        let read = Card::parse(&card.to_toml()).unwrap();
        prop_assert_eq!(all(&read, &sample), all(&card, &sample));
        prop_assert_eq!(read, card);
    }

    #[test]
    fn information_is_never_negative(sample in tables(), settings in settings()) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        prop_assert!(card.characteristics.iter().all(|it| it.information >= 0.0));
    }

    #[test]
    fn the_auc_of_a_card_is_the_share_of_pairs_that_it_ranks(
        sample in tables(),
        settings in settings(),
    ) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        let scored = all(&card, &sample);
        let ends = |bad: bool| {
            let of = move |(_, is_bad): &(&Scored, &bool)| **is_bad == bad;
            scored.iter().zip(&sample.is_bad).filter(of).map(|(it, _)| it.score).collect::<Vec<_>>()
        };
        let (goods, bads) = (ends(false), ends(true));
        let mut won = 0.0;
        for bad in &bads {
            for good in &goods {
                won += f64::from(u8::from(bad < good)) + f64::from(u8::from(bad == good)) / 2.0;
            }
        }
        let foretold: Vec<Foretold> =
            scored.iter().map(|it| it.probability).zip(sample.is_bad.clone()).collect();
        let auc = Measures::of(&foretold).auc.unwrap();
        prop_assert!((auc - won / (goods.len() * bads.len()) as f64).abs() < 1e-12);
    }

    #[test]
    fn reasons_are_what_the_points_lack(sample in tables(), settings in settings()) {
        let Some(card) = card(&sample, &settings) else { return Ok(()) };
        for scored in all(&card, &sample) {
            let reasons = card.reasons(&scored, Against::Best, 9);
            prop_assert!(reasons.is_sorted_by(|a, b| a.points_lost >= b.points_lost));
            let best: i32 = card
                .characteristics
                .iter()
                .map(|it| {
                    let seen = it.bins.iter().filter(|bin| bin.counts.rows() > 0);
                    seen.map(|bin| bin.points).max().unwrap_or(0)
                })
                .sum();
            let lost: i32 = reasons.iter().map(|it| it.points_lost).sum();
            prop_assert_eq!(card.start + best - lost, scored.score);
        }
    }
}

/// A hundred accounts: the late ones end badly, most of the time.
fn plain() -> Sample {
    let late =
        |row: u32| if row % 10 == 9 { Value::Missing } else { Value::number((row % 8).into()) };
    Sample {
        columns: vec![Column::new("days_late", (0..400).map(late).collect())],
        is_bad: (0..400).map(|row| (row % 8 > 4) != (row % 13 == 0)).collect(),
    }
}

#[test]
fn a_reason_can_be_read_out() {
    let mut card = card(&plain(), &Settings::default()).unwrap();
    card.characteristics[0].label = "days late last time".to_owned();
    let scored = card.over(&["days_late"]).unwrap().scored(&[Value::number(30.0)]);
    let reasons = card.reasons(&scored, Against::Best, 3);
    assert_eq!(reasons.len(), 1);
    let lost = reasons[0].points_lost;
    assert_eq!(
        reasons[0].words,
        format!("days late last time is above 4: {lost} points under the best")
    );
    assert!(card.reasons(&scored, Against::Mean, 3)[0].points_lost < lost);
    let best = card.over(&["days_late"]).unwrap().scored(&[Value::number(0.0)]);
    assert_eq!(card.reasons(&best, Against::Best, 3), []);
}

#[test]
fn a_card_that_was_changed_is_refused_and_its_labels_may_be() {
    let card = card(&plain(), &Settings::default()).unwrap();
    let text = card.to_toml();
    let renamed = text.replace("label = \"days_late\"", "label = \"how late last time\"");
    assert_ne!(renamed, text);
    assert_eq!(Card::parse(&renamed).unwrap().version, card.version);

    let points = format!("start = {}", card.start);
    let changed = text.replace(&points, &format!("start = {}", card.start + 1));
    assert_ne!(changed, text);
    assert!(matches!(Card::parse(&changed), Err(BadCard::Changed { .. })));
    assert!(matches!(Card::parse("start = 1"), Err(BadCard::Unreadable(_))));
}

#[test]
fn what_a_card_has_never_seen_has_a_place() {
    let card = card(&plain(), &Settings::default()).unwrap();
    let it = &card.characteristics[0];
    let missing = it.place(&Value::Missing);
    assert_eq!(it.bins[missing].holds, Holds::Missing);
    assert_eq!(it.place(&Value::category("seven")), missing);
    assert_eq!(it.place(&Value::Number(f64::NAN)), missing);
    assert_ne!(it.place(&Value::number(-1e300)), missing);
    assert_ne!(it.place(&Value::number(1e300)), missing);
    assert_eq!(card.over(&["other"]).err(), Some(NoColumn("days_late".to_owned())));
}

#[test]
fn a_number_with_a_meaning_of_its_own_has_a_bin_of_its_own() {
    let mut settings = Settings::default();
    settings.special.insert("days_late".to_owned(), vec![3.0]);
    let card = card(&plain(), &settings).unwrap();
    let it = &card.characteristics[0];
    assert_eq!(it.bins[it.place(&Value::number(3.0))].holds, Holds::Special(3.0));
    assert!(it.bins[it.place(&Value::number(2.0))].holds != Holds::Special(3.0));
}

#[test]
fn rows_that_all_ended_alike_make_no_card() {
    let mut sample = plain();
    sample.is_bad.fill(false);
    assert_eq!(fit(&sample, &target(), &Settings::default()), Err(FitError::OneEnd(400)));
    let mut noise = plain();
    noise.columns[0].values.fill(Value::Missing);
    assert_eq!(fit(&noise, &target(), &Settings::default()), Err(FitError::NothingTells));
}

#[test]
fn the_scale_doubles_the_odds() {
    let scale = Scale { base_points: 500.0, odds: 10.0, points_to_double: 20.0 };
    let odds = |score| (1.0 - scale.probability(score)) / scale.probability(score);
    assert!((odds(500) - 10.0).abs() < 1e-9);
    assert!((odds(520) - 20.0).abs() < 1e-9);
    assert!((scale.points(20.0_f64.ln()) - 520.0).abs() < 1e-9);
}
