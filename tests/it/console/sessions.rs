//! How long a session lasts, what ends it, and when it asks again.

use jiff::SignedDuration;

use super::{House, PASSWORD, code, secret};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn a_quarter_of_an_hour_without_a_request_ends_it() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.signed_in("ann").await;
    for _ in 0..4 {
        house.later(MINUTE * 15 - SignedDuration::from_secs(1));
        assert_eq!(ann.get("/me").await.status, 200);
    }
    house.later(MINUTE * 15);
    let away = ann.get("/me").await;
    assert_eq!((away.status, away.place()), (303, "/console/sign-in?next=%2Fme"));
}

#[tokio::test]
async fn ten_hours_end_it_however_busy_it_is() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.signed_in("ann").await;
    for _ in 0..59 {
        house.later(MINUTE * 10);
        assert_eq!(ann.get("/me").await.status, 200);
    }
    house.later(MINUTE * 10 - SignedDuration::from_secs(1));
    assert_eq!(ann.get("/me").await.status, 200);
    house.later(SignedDuration::from_secs(1));
    assert_eq!(ann.get("/me").await.status, 303);
}

#[tokio::test]
async fn signing_out_ends_it_for_whoever_has_the_cookie() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.signed_in("ann").await;
    let cookie = ann.cookie.clone();
    let out = ann.fill("/me", "/sign-out", "").await;
    assert_eq!((out.status, out.place()), (303, "/console/sign-in?said=signed_out"));
    assert!(out.header("set-cookie").unwrap().starts_with("__Host-duebell=; "));
    assert!(ann.get("/sign-in?said=signed_out").await.body.contains("You are signed out."));
    ann.cookie = cookie;
    assert_eq!(ann.get("/me").await.status, 303);
}

#[tokio::test]
async fn who_is_disabled_or_loses_a_role_notices_with_the_next_request() {
    let house = House::open().await;
    house.person("ann", "admin,viewer").await;
    let mut ann = house.signed_in("ann").await;
    assert_eq!(ann.get("/people").await.status, 200);
    let people = house.store.people();
    let viewer = duebell::model::staff::Roles::parse("viewer").unwrap();
    people.set_roles("ann", &viewer, &house.doer()).await.unwrap();
    assert_eq!(ann.get("/people").await.status, 403);
    people.let_in("ann", false, &house.doer()).await.unwrap();
    assert_eq!(ann.get("/me").await.status, 303);
    people.let_in("ann", true, &house.doer()).await.unwrap();
    // What was over stays over.
    assert_eq!(ann.get("/me").await.status, 303);
}

#[tokio::test]
async fn others_of_ones_own_are_seen_and_ended() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    house.person("bob", "operator").await;
    let mut left_behind = house.signed_in("ann").await;
    let mut bob = house.signed_in("bob").await;
    house.later(MINUTE);
    let mut ann = house.signed_in("ann").await;
    let page = ann.get("/me").await.body;
    assert_eq!(page.matches("name=\"session\"").count(), 1, "{page}");
    // Only one's own: bob's is ended by nobody else.
    let bobs = house.store.people().sessions("bob").await.unwrap();
    ann.fill("/me", "/me/sessions", &format!("session={}", bobs[0].id)).await;
    assert_eq!(bob.get("/me").await.status, 200);
    let id = super::hidden(&page, "session");
    ann.fill("/me", "/me/sessions", &format!("session={id}")).await;
    assert_eq!(left_behind.get("/me").await.status, 303);
    assert_eq!(ann.get("/me").await.status, 200);
}

#[tokio::test]
async fn an_act_that_matters_asks_again_after_five_minutes() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.signed_in("ann").await;
    house.later(MINUTE * 5 - SignedDuration::from_secs(1));
    assert_eq!(ann.fill("/me", "/me/codes", "").await.status, 200);
    house.later(SignedDuration::from_secs(1));
    let token = super::hidden(&ann.get("/me").await.body, "token");
    let from = "origin: https://d.example.net\r\nreferer: https://d.example.net/console/me\r\n";
    let body = format!("token={token}");
    let asked = ann.ask("POST", "/me/codes", from, &body).await;
    assert_eq!((asked.status, asked.place()), (303, "/console/confirm?next=%2Fme"));
    let wrong = ann.fill("/confirm", "/confirm", "proof=a+wild+guess").await;
    assert_eq!(wrong.status, 422);
    assert_eq!(ann.ask("POST", "/me/codes", from, &body).await.status, 303);
    let code = code(&secret("ann"), house.now());
    let back = ann.fill("/confirm", "/confirm", &format!("next=/me&proof={code}")).await;
    assert_eq!((back.status, back.place()), (303, "/console/me"));
    assert_eq!(ann.ask("POST", "/me/codes", from, &body).await.status, 200);
    // The password does as well.
    house.later(MINUTE * 6);
    assert_eq!(ann.ask("POST", "/me/codes", from, &body).await.status, 303);
    let proof = format!("proof={}", PASSWORD.replace(' ', "+"));
    ann.fill("/confirm", "/confirm", &proof).await;
    assert_eq!(ann.ask("POST", "/me/codes", from, &body).await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_all_others_and_changes_the_token() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut other = house.signed_in("ann").await;
    house.later(MINUTE);
    let mut ann = house.signed_in("ann").await;
    let before = ann.cookie.clone();
    let twice = |word: &str| format!("password={word}&again={word}");
    for (fields, said) in [
        (twice("short"), "12 characters are the least"),
        ("password=a+calm+river+at+dusk&again=a+calm+river".to_owned(), "are not the same"),
        (twice(&PASSWORD.replace(' ', "+")), "the password that you have"),
        (twice("Password2026!"), "guessed first"),
    ] {
        let refused = ann.fill("/me", "/me/password", &fields).await;
        assert!(refused.status == 422 && refused.body.contains(said), "{fields}");
    }
    assert_eq!(other.get("/me").await.status, 200);
    let done = ann.fill("/me", "/me/password", &twice("a+calm+river+at+dusk")).await;
    assert_eq!(done.place(), "/console/me?said=said_password");
    assert_eq!(other.get("/me").await.status, 303);
    assert_eq!(ann.get("/me").await.status, 200);
    ann.cookie = before;
    assert_eq!(ann.get("/me").await.status, 303);
    assert_eq!(house.guest().knock("ann", PASSWORD).await.status, 422);
    assert_eq!(house.guest().knock("ann", "a calm river at dusk").await.status, 303);
}
