//! Signing in: password, second factor, recovery codes, and what is refused.

use duebell::model::audit::Entry;
use duebell::store::AuditPage;
use jiff::SignedDuration;

use super::{House, PASSWORD, code, hidden, secret};

#[tokio::test]
async fn password_and_code_let_somebody_in_and_back_to_where_they_wanted() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.guest();
    let away = ann.get("/me").await;
    assert_eq!((away.status, away.place()), (303, "/console/sign-in?next=%2Fme"));
    let page = ann.get("/sign-in?next=%2Fme").await;
    assert!(page.body.contains("name=\"next\" value=\"/me\""), "{}", page.body);
    let body = format!("name=Ann&password={}&next=/me", PASSWORD.replace(' ', "+"));
    let half = ann.post("/sign-in", &body).await;
    assert_eq!(half.place(), "/console/sign-in/code?next=%2Fme");
    // The password alone opens nothing.
    assert_eq!(ann.get("/me").await.place(), "/console/sign-in?next=%2Fme");
    let code = code(&secret("ann"), house.now());
    let fields = format!("next=/me&code={code}");
    let whole = ann.fill("/sign-in/code", "/sign-in/code", &fields).await;
    assert_eq!((whole.status, whole.place()), (303, "/console/me"));
    assert_eq!(ann.get("/me").await.status, 200);
}

#[tokio::test]
async fn the_token_changes_with_each_step_and_the_one_before_is_worth_nothing() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.guest();
    ann.knock("ann", PASSWORD).await;
    let half = ann.cookie.clone();
    let fields = format!("code={}", code(&secret("ann"), house.now()));
    ann.fill("/sign-in/code", "/sign-in/code", &fields).await;
    let whole = ann.cookie.clone();
    assert_ne!(half, whole);
    ann.cookie = half;
    assert_eq!(ann.get("/sign-in/code").await.place(), "/console/sign-in?next=%2Fsign-in%2Fcode");
    assert_eq!(ann.get("/me").await.status, 303);
    ann.cookie = whole;
    assert_eq!(ann.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_code_is_good_once() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    house.signed_in("ann").await;
    let mut other = house.guest();
    other.knock("ann", PASSWORD).await;
    let used = format!("code={}", code(&secret("ann"), house.now()));
    let again = other.fill("/sign-in/code", "/sign-in/code", &used).await;
    assert_eq!(again.status, 422, "{}", again.body);
    assert!(again.body.contains("used already"), "{}", again.body);
    house.later(SignedDuration::from_secs(30));
    let next = format!("code={}", code(&secret("ann"), house.now()));
    assert_eq!(other.fill("/sign-in/code", "/sign-in/code", &next).await.status, 303);
}

#[tokio::test]
async fn what_is_wrong_is_not_told() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    house.person("bob", "operator").await;
    house.store.people().let_in("bob", false, &house.doer()).await.unwrap();
    let start = house.newcomer("cho", "viewer").await;
    house.later(SignedDuration::from_hours(7 * 24));
    let mut bodies = Vec::new();
    for (name, password) in [
        ("ann", "another calm river"),
        ("bob", PASSWORD),
        ("nobody", PASSWORD),
        ("no name", PASSWORD),
        // Too old.
        ("cho", &start),
    ] {
        let answer = house.guest().knock(name, password).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (422, None), "{name}");
        bodies.push(answer.body.replace(name, "NAME").replace(&name.replace(' ', "+"), "NAME"));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test]
async fn a_recovery_code_lets_in_once() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut ann = house.signed_in("ann").await;
    let codes = ann.fill("/me", "/me/codes", "").await;
    let codes: Vec<&str> = codes.body.split("<li><code>").skip(1).collect();
    assert_eq!(codes.len(), 10);
    let code = codes[0].split('<').next().unwrap();
    let mut other = house.guest();
    other.knock("ann", PASSWORD).await;
    let fields = format!("code={code}");
    assert_eq!(other.fill("/sign-in/code", "/sign-in/code", &fields).await.status, 303);
    assert!(other.get("/me").await.body.contains("Unused recovery codes: 9"));
    let mut third = house.guest();
    third.knock("ann", PASSWORD).await;
    assert_eq!(third.fill("/sign-in/code", "/sign-in/code", &fields).await.status, 422);
}

#[tokio::test]
async fn after_five_tries_each_waits_and_none_for_good() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut stranger = house.guest();
    for _ in 0..5 {
        assert_eq!(stranger.knock("ann", "a wild guess of mine").await.status, 422);
    }
    let locked = stranger.knock("ann", PASSWORD).await;
    assert_eq!((locked.status, locked.header("retry-after")), (429, Some("60")));
    assert!(locked.body.contains("Try again in 1 min"), "{}", locked.body);
    // Somebody at another place is not kept out by it.
    let mut ann = house.guest();
    ann.address = "198.51.100.7";
    assert_eq!(ann.sign_in("ann").await.status, 303);
    house.later(SignedDuration::from_secs(59));
    assert_eq!(stranger.knock("ann", PASSWORD).await.status, 429);
    house.later(SignedDuration::from_secs(1));
    assert_eq!(stranger.sign_in("ann").await.status, 303);
    // And it is forgotten then.
    for _ in 0..5 {
        assert_eq!(stranger.knock("ann", "a wild guess of mine").await.status, 422);
    }
}

#[tokio::test]
async fn a_code_is_not_guessed_either() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let mut stranger = house.guest();
    stranger.knock("ann", PASSWORD).await;
    let token = hidden(&stranger.get("/sign-in/code").await.body, "token");
    let mut said = Vec::new();
    for guess in 0..6 {
        let body = format!("token={token}&code=00000{guess}");
        said.push(stranger.post("/sign-in/code", &body).await.status);
    }
    assert_eq!(said, [422, 422, 422, 422, 422, 429]);
    // Nor is it with the password shown again each time.
    assert_eq!(stranger.knock("ann", PASSWORD).await.status, 303);
    let more = stranger.fill("/sign-in/code", "/sign-in/code", "code=000006").await;
    assert_eq!(more.status, 429);
}

#[tokio::test]
async fn guesses_from_everywhere_and_at_everybody_wait_as_well() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    for round in 0..4 {
        for _ in 0..5 {
            let mut stranger = house.guest();
            stranger.address = ["203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"][round];
            assert_eq!(stranger.knock("ann", "a wild guess of mine").await.status, 422);
        }
    }
    let mut fifth = house.guest();
    assert_eq!(fifth.knock("ann", "a wild guess of mine").await.status, 429);
    for one in 0..20 {
        assert_eq!(fifth.knock(&format!("b{one}"), "a wild guess of mine").await.status, 422);
    }
    assert_eq!(fifth.knock("b20", "a wild guess of mine").await.status, 429);
}

#[tokio::test]
async fn the_audit_trail_tells_of_people_and_not_of_what_strangers_type() {
    let house = House::open().await;
    house.person("ann", "operator").await;
    let before = deeds(&house).await.len();
    let mut ann = house.guest();
    for (name, password) in [("ann", "a wild guess of mine"), ("a secret typed here", "x")] {
        ann.knock(name, password).await;
    }
    ann.knock("ann", PASSWORD).await;
    ann.fill("/sign-in/code", "/sign-in/code", "code=000000").await;
    ann.sign_in("ann").await;
    ann.fill("/me", "/sign-out", "").await;
    let told = deeds(&house).await.split_off(before);
    let expected = [
        "ann sign_in_refused {\"because\":\"password\"}",
        "ann sign_in_refused {\"because\":\"second_factor\"}",
        "ann signed_in {}",
        "ann signed_out {}",
    ];
    assert_eq!(told, expected);
}

/// The trail, the oldest first.
async fn deeds(house: &House) -> Vec<String> {
    let page = AuditPage { limit: 100, ..AuditPage::default() };
    let mut entries = house.store.desk().audit(&page).await.unwrap();
    entries.reverse();
    let line = |one: &Entry| format!("{} {} {}", one.deed.by, one.deed.act, one.deed.details);
    entries.iter().map(line).collect()
}
