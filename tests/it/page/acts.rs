//! What is said on the page, from the form to the hold, the stop or the task.

use super::*;

#[tokio::test]
async fn a_promise_holds_the_ladder_back_and_the_page_says_until_when() {
    let world = World::open().await;
    let page = world.say("act=promise&by=2026-03-13&amount=20%2C00").await;
    // Friday, and three days for the money to be seen.
    assert_says(&page, "You have promised to pay €20.00. We will not remind you before 17 March");
    assert_says(&page, "Thank you. We have noted that.");
    let lines = world.settled().await;
    assert_eq!((lines.len(), lines[0].meaning.as_str()), (1, "promise"));
    assert_eq!(world.holds().await, [("promise", "2026-03-16".to_owned())]);
    assert_eq!(world.by_noon().await, []);
    // Settled, the page says the same, and there is nothing more to promise.
    let page = world.get(&world.path()).await;
    assert_says(&page, "We will not remind you before 17 March 2026.");
    assert!(!page.body.contains("value=\"promise\""));
    assert_eq!(world.bench.waiting().await, [""; 0]);
}

#[tokio::test]
async fn an_empty_amount_promises_all_and_more_than_all_is_all() {
    for amount in ["", "1000"] {
        let world = World::open().await;
        let page = world.say(&format!("act=promise&by=2026-03-24&amount={amount}")).await;
        assert_says(&page, "You have promised to pay €50.00.");
        world.settled().await;
        assert_eq!(world.holds().await, [("promise", "2026-03-27".to_owned())]);
    }
}

#[tokio::test]
async fn who_has_paid_is_left_alone_while_the_payment_is_looked_for() {
    let world = World::open().await;
    let page = world.say("act=paid&reference=RF18&place=Bank").await;
    assert_says(&page, "We are looking for the payment. We will not remind you before 16 March");
    let lines = world.settled().await;
    assert_eq!(lines[0].details.as_deref(), Some(r#"{"reference":"RF18","place":"Bank"}"#));
    assert_eq!(world.holds().await, [("paid", "2026-03-15".to_owned())]);
    assert_eq!(world.by_noon().await, []);
}

#[tokio::test]
async fn a_dispute_stops_reminding_and_a_person_reads_it() {
    let world = World::open().await;
    let page = world.say("act=dispute&words=Never+ordered%0D%0Athis").await;
    assert_says(&page, "A colleague is looking into it.");
    // Disputed is not paid: the amount stays.
    assert_says(&page, "€50.00");
    let lines = world.settled().await;
    assert!(lines[0].details.as_deref().unwrap().contains("Never ordered this"));
    assert_eq!(world.bench.waiting().await, ["dispute"]);
    assert_eq!(world.by_noon().await, []);
}

#[tokio::test]
async fn who_cannot_pay_is_left_alone_and_a_person_gets_in_touch() {
    let world = World::open().await;
    let page = world.say("act=hardship&words=").await;
    assert_says(&page, "A colleague will get in touch with you.");
    world.settled().await;
    assert_eq!(world.holds().await, [("hardship", "2026-04-09".to_owned())]);
    assert_eq!(world.bench.waiting().await, ["hardship"]);
    assert_eq!(world.by_noon().await, []);
}

#[tokio::test]
async fn a_call_that_is_asked_for_is_a_task_and_reminding_goes_on() {
    let world = World::open().await;
    let page = world.say("act=call&words=after+five").await;
    assert_says(&page, "A colleague will call you.");
    let lines = world.settled().await;
    assert_eq!(lines[0].details.as_deref(), Some(r#"{"words":"after five"}"#));
    assert_eq!(world.bench.waiting().await, ["call_back"]);
    assert_eq!(world.by_noon().await, [Channel::Sms]);
}

#[tokio::test]
async fn a_stop_of_this_channel_reaches_what_is_planned_already() {
    let world = World::open().await;
    let page = world.say("act=stop").await;
    assert_says(&page, "You get no more SMS from us about your bills.");
    // The daemon settles every second: within a minute is plenty.
    world.settled().await;
    assert_eq!(world.suppressed().await, [pair("sms", "opt_out")]);
    assert_eq!(world.by_noon().await, [Channel::Email]);
    assert_eq!(world.bench.waiting().await, [""; 0]);
}

#[tokio::test]
async fn a_stop_of_everything_leaves_nothing_and_a_start_brings_it_back() {
    let world = World::open().await;
    let page = world.say("act=stop_all").await;
    for channel in ["SMS", "calls", "e-mails"] {
        assert_says(&page, &format!("You get no more {channel} from us"));
    }
    assert!(!page.body.contains("value=\"stop_all\""));
    world.settled().await;
    let all = ["email", "sms", "voice"].map(|channel| pair(channel, "opt_out"));
    assert_eq!(world.suppressed().await, all);

    world.clock.set(at("2026-03-10T06:40Z"));
    let page = world.say("act=start").await;
    assert_says(&page, "You will get reminders from us again.");
    world.settled().await;
    assert_eq!(world.suppressed().await, []);

    // A second stop on the same day is one, and no repeat of the first.
    world.clock.set(at("2026-03-10T06:50Z"));
    world.say("act=stop_all").await;
    world.settled().await;
    assert_eq!(world.suppressed().await, all);
    assert_eq!(world.by_noon().await, []);
}

#[tokio::test]
async fn who_is_somebody_else_is_let_be_and_sees_nothing_more() {
    let world = World::open().await;
    let page = world.say("act=wrong").await;
    assert_says(&page, "please excuse the disturbance");
    assert!(!page.body.contains("50.00") && !page.body.contains("Z•••"), "{}", page.body);
    world.settled().await;
    assert_eq!(world.suppressed().await, ["sms", "voice"].map(|it| pair(it, "wrong_number")));
    assert!(!world.get(&world.path()).await.body.contains("50.00"));
    // The e-mail may be the right one.
    let by_mail = world.path_of(world.link(Purpose::Page, Channel::Email));
    assert_says(&world.get(&by_mail).await, "€50.00");
    assert_eq!(world.by_noon().await, [Channel::Email]);
}

#[tokio::test]
async fn said_twice_is_said_once_and_on_another_day_again() {
    let world = World::open().await;
    let path = world.path();
    let form = hidden(&world.get(&path).await.body, "form");
    let call = format!("form={form}&act=call&words=please");
    for _ in 0..3 {
        assert_eq!(world.post(&path, "", &call).await.status, 303);
    }
    world.say("act=call&words=please").await;
    assert_eq!(world.settled().await.len(), 1);
    world.say("act=call&words=still").await;
    assert_eq!(world.settled().await.len(), 2);
    world.clock.set(at("2026-03-11T06:00Z"));
    world.say("act=call&words=please").await;
    assert_eq!(world.settled().await.len(), 3);
}

#[tokio::test]
async fn a_claim_that_the_rules_do_not_grant_goes_to_a_person() {
    let world = World::open().await;
    world.say("act=paid").await;
    world.settled().await;
    // Nobody found it; the next is for a person, and the page says so.
    for day in 11..19 {
        world.bench.round(&format!("2026-03-{day}T00:30Z")).await;
        world.bench.round(&format!("2026-03-{day}T12:30Z")).await;
    }
    world.clock.set(at("2026-03-18T13:00Z"));
    let page = world.say("act=paid").await;
    assert_says(&page, "A colleague will read this and get in touch with you.");
    world.settled().await;
    assert_eq!(world.bench.waiting().await, ["paid"]);
}

#[tokio::test]
async fn a_mail_program_stops_mails_with_one_click() {
    let world = World::open().await;
    let path = world.path_of(world.link(Purpose::Stop, Channel::Email));
    // A look at it stops nothing.
    let page = world.get(&path).await;
    assert!(page.body.contains("No more e-mails") && !page.body.contains("50.00"));
    assert_eq!(world.settled().await.len(), 0);

    assert_eq!(world.post(&path, "", "a=b").await.status, 400);
    let kind = "content-type: application/x-www-form-urlencoded\r\n";
    for _ in 0..2 {
        let answer = world.post(&path, kind, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, 200, "RFC 8058 forbids to send them elsewhere");
        assert_says(&answer, "You get no more e-mails from us about your bills.");
    }
    assert_eq!(world.settled().await.len(), 1);
    assert_eq!(world.suppressed().await, [pair("email", "opt_out")]);
    // The token is good for nothing else.
    let other = world.post(&path, "", "form=x&act=stop_all").await;
    assert_eq!(other.status, 400);
}

fn pair(channel: &str, cause: &str) -> (String, String) {
    (channel.to_owned(), cause.to_owned())
}

#[track_caller]
pub fn assert_says(answer: &Answer, words: &str) {
    let body = answer.body.replace("&#x2f;", "/").replace("&#x27;", "'");
    assert!(body.contains(words), "{words} is missing in:\n{body}");
}
