//! What the page shows, and what it does not.

use super::*;

#[tokio::test]
async fn the_page_shows_what_is_owed_and_how_to_pay_and_nobodys_secrets() {
    let world = World::open().await;
    let page = world.get(&world.path()).await;
    assert_eq!(page.status, 200);
    for header in [
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-robots-tag: noindex, nofollow",
        "x-content-type-options: nosniff",
    ] {
        assert!(page.head.contains(header), "{header} is missing in {}", page.head);
    }
    for shown in ["Z••• M•••", "€50.00", "9 March 2026", "+44 20 7946 0000", "Example Bank", "a1"]
    {
        assert!(page.body.contains(shown), "{shown} is missing in:\n{}", page.body);
    }
    for secret in ["Müller", "+4915", "zoe@", "<script", "style=\"", "http-equiv"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
    assert!(page.body.len() < 30 * 1024, "{} bytes", page.body.len());
}

#[tokio::test]
async fn the_link_to_pay_is_a_code_too_while_anything_is_owed() {
    let world = World::open().await;
    let page = world.get(&world.path()).await.body;
    let label = "<svg class=\"code\" viewBox=\"0 0 33 33\" role=\"img\" aria-label=\"Pay online\">";
    assert!(page.contains(label), "{page}");
    assert!(page.contains("scan this code"), "{page}");
    world.billing.remaining("a1", "0.00");
    world.bench.round("2026-03-10T06:25Z").await;
    assert!(!world.get(&world.path()).await.body.contains("<svg"));
}

#[tokio::test]
async fn the_page_follows_the_ledger() {
    let world = World::open().await;
    world.billing.remaining("a1", "12.50");
    world.bench.round("2026-03-10T06:20Z").await;
    assert!(world.get(&world.path()).await.body.contains("€12.50"));
    world.billing.remaining("a1", "0.00");
    world.bench.round("2026-03-10T06:25Z").await;
    let page = world.get(&world.path()).await.body;
    assert!(
        page.contains("Nothing is to be paid") && !page.contains("value=\"promise\""),
        "{page}"
    );
    assert!(page.contains("value=\"stop_all\""));
}

#[tokio::test]
async fn the_page_speaks_the_accounts_language_or_the_one_that_is_asked_for() {
    let world = World::open().await;
    let path = world.path();
    for (language, direction, words) in [
        ("ar", "rtl", "فاتورتكم"),
        ("de", "ltr", "Ihre Rechnung"),
        ("en", "ltr", "Your bill"),
        ("es", "ltr", "Su factura"),
        ("fr", "ltr", "Votre facture"),
        ("hi", "ltr", "आपका बिल"),
        ("sw", "ltr", "Ankara yako"),
        ("pt", "ltr", "Sua fatura"),
        ("zh-Hans", "ltr", "您的账单"),
    ] {
        world.billing.put(Feed::Accounts, &[("account_id", "A"), ("language", language)]);
        world.bench.round("2026-03-10T06:20Z").await;
        let own = world.get(&path).await.body;
        let asked = world.get(&format!("{path}?l={language}")).await.body;
        for page in [own, asked] {
            let root = format!("<html lang=\"{language}\" dir=\"{direction}\">");
            assert!(page.contains(&root) && page.contains(words), "{page}");
            assert!(page.len() < 30 * 1024, "{language}: {} bytes", page.len());
        }
    }
    let unknown = world.get(&format!("{path}?l=%22%3E%3Cscript%3E")).await.body;
    assert!(!unknown.contains("<script"));
}

#[tokio::test]
async fn what_a_subscriber_writes_stays_text() {
    let world = World::open().await;
    world.billing.put(Feed::Accounts, &[("account_id", "A"), ("name", "<b>Zoë</b>")]);
    world.bench.round("2026-03-10T06:20Z").await;
    let path = world.path();
    let form = hidden(&world.get(&path).await.body, "form");
    let evil = "%22%3E%3C%2Ftextarea%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let fields = format!("form={form}&act=promise&by={evil}&amount={evil}&words={evil}");
    let page = world.post(&path, "", &fields).await.body;
    assert!(page.contains("alert(1)") && !page.contains("<script") && !page.contains("<b>"));
}

#[tokio::test]
async fn messages_lead_to_the_page_and_mails_to_a_stop() {
    let mut world = World::open().await;
    world.bench.workshop.providers = duebell::app::sandboxed(&world.bench.sandbox);
    world.billing.account("B");
    world.billing.put(Feed::Accounts, &[("account_id", "B"), ("phone", "")]);
    world.billing.bill("b1", "B", "2026-03-09");
    world.bench.round("2026-03-10T06:20Z").await;
    world.bench.round(OPEN).await;
    let messages = world.bench.messages();
    assert_eq!(messages.len(), 2);
    for message in messages {
        let token = message.text.split("https://r.example.net/p/").nth(1).unwrap();
        let token = token.split_whitespace().next().unwrap();
        let page = world.get(&format!("/p/{token}")).await;
        assert_eq!(page.status, 200);
        let link = world.links.read(token, world.now()).unwrap();
        assert_eq!((link.channel, link.reminder), (message.channel, message.key.reminder));
    }
}
