//! Corrections in flight at D4Sign: whatever is put right here is so in the vendor's list too, each person is written to
//! once for what it means, the order is kept, old links are dead there, and the circle goes on.

use countersign_engine::ids::OrganizationId;
use countersign_tests::world::{Answer, Browser, World};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::circle::download;
use super::line::Fate;
use super::losses::losing;
use super::{Pair, their};

const SOON: SignedDuration = SignedDuration::from_secs(1);

fn person(name: &str, order: u32) -> Value {
    json!({ "name": name, "email": format!("{name}@x.com"), "order": order })
}

fn body(attributes: Value) -> Option<Value> {
    Some(json!({ "data": { "type": "signer", "attributes": attributes } }))
}

/// A document at the vendor, with what corrects it from our side.
struct Case {
    pair: Pair,
    request: String,
    theirs: String,
    /// How many effects at the vendor were done since it was handed over.
    told: usize,
    /// How fast time passes.
    step: SignedDuration,
}

impl Case {
    /// A request that the vendor has.
    async fn of(signers: Value) -> Self {
        let pair = Pair::new("d4sign", 100_000).await;
        let request = pair.ours.created(json!({ "signers": signers })).await;
        pair.until(&request, "provider.submitted", 1, SOON).await;
        let theirs = pair.one(&request).await;
        Self { pair, request, theirs, told: 0, step: SOON }
    }

    async fn id_of(&self, name: &str) -> String {
        let request = self.pair.ours.get(&self.request).await;
        let signers = request["relationships"]["signers"]["data"].as_array().unwrap().clone();
        let found = signers.iter().find(|signer| signer["attributes"]["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    /// A call about a signer.
    async fn about(&self, name: &str, method: Method, end: &str, attributes: Value) -> Answer {
        let path = format!("/requests/{}/signers/{}{end}", self.request, self.id_of(name).await);
        let body = if method == Method::DELETE { None } else { body(attributes) };
        self.pair.ours.call(method, &path, body).await
    }

    async fn add(&self, attributes: Value) -> Answer {
        self.pair.ours.call(Method::POST, &format!("/requests/{}/signers", self.request), body(attributes)).await
    }

    /// Waits until the vendor was told of a correction, and holds its list against ours.
    async fn follows(&mut self, done: &Answer) {
        assert!(done.status.is_success(), "{:#}", done.json);
        self.told += 1;
        self.pair.until(&self.request, "delivery.sent", self.told, self.step).await;
        self.agrees().await;
    }

    /// The vendor's list, as it shows it.
    async fn listed(&self) -> Vec<Value> {
        let path = format!("/documents/{}/list", self.theirs);
        their(&self.pair.theirs, Method::GET, &path, None).await.json[0]["list"].as_array().unwrap().clone()
    }

    /// The vendor's list is ours, in our order, and its keys are known.
    async fn agrees(&self) {
        let organization: OrganizationId = "acme".parse().unwrap();
        let service = &self.pair.ours.app.service;
        let request = service.find(&organization, World::id(&self.request)).await.unwrap().unwrap();
        let mut ours: Vec<_> = request.signers.iter().collect();
        ours.sort_by_key(|signer| signer.terms.order);
        let keys = &request.envelope.as_ref().unwrap().signers;
        let phone = |signer: &countersign_engine::signer::Signer| {
            signer.person.as_ref().and_then(|person| person.phone.as_ref()).map(|phone| phone.as_str().to_owned())
        };
        let ours: Vec<_> = ours
            .iter()
            .map(|signer| {
                let code = service.access_code(signer).unwrap().unwrap_or_default();
                (signer.email().to_owned(), phone(signer).unwrap_or_default(), code, keys.get(&signer.id()).cloned())
            })
            .collect();
        let text = |signer: &Value, name: &str| signer[name].as_str().unwrap().to_owned();
        let there: Vec<_> = self
            .listed()
            .await
            .iter()
            .map(|signer| {
                let key = Some(text(signer, "key_signer"));
                (text(signer, "email"), text(signer, "embed_smsnumber"), text(signer, "password_code"), key)
            })
            .collect();
        assert_eq!(ours, there);
        assert_eq!(keys.len(), there.len(), "and none is known that is not there");
    }

    /// How often somebody was invited there.
    async fn invited(&self) -> usize {
        let events = self.pair.theirs.events(&self.theirs).await;
        events.iter().filter(|event| *event == "signer.invited").count()
    }

    /// The place in theirs' own order of naming of a person with an address.
    async fn place(&self, email: &str) -> usize {
        let request = self.pair.theirs.get(&self.theirs).await;
        let signers = request["relationships"]["signers"]["data"].as_array().unwrap().clone();
        signers.iter().position(|signer| signer["attributes"]["email"] == email).unwrap()
    }

    async fn sign(&self, email: &str) {
        self.pair.theirs.sign(&self.theirs, self.place(email).await).await;
    }

    async fn link(&self, email: &str) -> String {
        self.pair.theirs.link(&self.theirs, self.place(email).await).await
    }

    /// The signed PDF is here in the end, and it is the vendor's.
    async fn closes(&self) {
        self.pair.until(&self.request, "document.sealed", 1, self.step).await;
        assert_eq!(self.pair.ours.status(&self.request).await, "COMPLETED");
        let fetched = download(&self.pair.ours, &self.request).await;
        assert_eq!(fetched, download(&self.pair.theirs, &self.theirs).await);
        self.pair.ours.check().await;
        self.pair.theirs.check().await;
    }
}

async fn is_dead(link: &str) -> bool {
    matches!(Browser::open(link).await.status, StatusCode::GONE | StatusCode::NOT_FOUND)
}

/// Everything that can be put right, one after another, and then the circle, with so many answers of a hundred lost.
async fn the_vendors_list_follows(lost: u64) {
    let mut case = Case::of(json!([person("ana", 1), person("bia", 2), person("caio", 3)])).await;
    case.pair.line.judge(losing(lost, 3));
    case.step = if lost > 0 { SignedDuration::from_secs(5) } else { SOON };
    let old = case.link("ana@x.com").await;

    let done = case.about("ana", Method::PATCH, "", json!({ "email": "ana@y.com" })).await;
    case.follows(&done).await;
    assert!(is_dead(&old).await, "whoever reads at the old address signs nothing");
    assert_eq!(case.invited().await, 2, "once when it was sent, once at the new address");

    let done = case.about("bia", Method::PATCH, "", json!({ "accessCode": "caneta azul" })).await;
    case.follows(&done).await;
    let done = case.about("bia", Method::PATCH, "", json!({ "accessCode": "lápis" })).await;
    case.follows(&done).await;
    let done = case.about("bia", Method::PATCH, "", json!({ "accessCode": null })).await;
    case.follows(&done).await;

    let mut dora = person("dora", 0);
    dora.as_object_mut().unwrap().remove("order");
    dora["afterPosition"] = json!(1);
    let done = case.add(dora).await;
    case.follows(&done).await;
    let done = case.about("caio", Method::DELETE, "", json!({})).await;
    case.follows(&done).await;
    let done = case.about("bia", Method::POST, "/replace", json!({ "name": "eva", "email": "eva@x.com" })).await;
    case.follows(&done).await;
    assert_eq!(case.invited().await, 2, "nobody else's turn has come");

    for email in ["ana@y.com", "dora@x.com", "eva@x.com"] {
        case.sign(email).await;
    }
    case.closes().await;
    assert_eq!(case.invited().await, 4, "each of the three, and the one who moved");
}

#[tokio::test]
async fn the_vendors_list_follows_every_correction() {
    the_vendors_list_follows(0).await;
}

#[tokio::test]
async fn the_vendors_list_follows_every_correction_although_answers_are_lost() {
    the_vendors_list_follows(30).await;
}

#[tokio::test]
async fn a_telephone_number_is_changed_at_the_vendor() {
    let mut ana = person("ana", 1);
    ana["phone"] = json!("+5511953020202");
    ana["requirements"] = json!({ "sms": true });
    let mut rui = person("rui", 1);
    rui["phone"] = json!("+5511953020203");
    rui["requirements"] = json!({ "whatsapp": true });
    let mut case = Case::of(json!([ana, rui])).await;
    let done = case.about("ana", Method::PATCH, "", json!({ "phone": "+5511953874555" })).await;
    case.follows(&done).await;
    let done = case.about("rui", Method::PATCH, "", json!({ "phone": "+5511953874556" })).await;
    case.follows(&done).await;
    assert_eq!((case.pair.line.count("/changesmsnumber"), case.pair.line.count("/changeemail")), (1, 1));
}

#[tokio::test]
async fn who_takes_over_in_somebodys_turn_is_asked_and_the_next_is_not() {
    let mut case = Case::of(json!([person("ana", 1), person("bia", 2)])).await;
    let old = case.link("ana@x.com").await;
    let done = case.about("ana", Method::POST, "/replace", json!({ "name": "zoe", "email": "zoe@x.com" })).await;
    case.follows(&done).await;
    assert!(is_dead(&old).await);
    assert_eq!(case.invited().await, 2, "the one who left, and who took over");
    assert_eq!(case.pair.theirs.signer(&case.theirs, case.place("bia@x.com").await).await["status"], "PENDING");
    for email in ["zoe@x.com", "bia@x.com"] {
        case.sign(email).await;
    }
    case.closes().await;
}

#[tokio::test]
async fn it_is_not_complete_there_without_who_takes_over_for_the_last() {
    let mut case = Case::of(json!([person("ana", 1), person("bia", 1)])).await;
    case.sign("ana@x.com").await;
    // The vendor was asked what became of it.
    case.told = 1;
    case.pair.until(&case.request, "delivery.sent", case.told, SOON).await;
    let done = case.about("bia", Method::POST, "/replace", json!({ "name": "zoe", "email": "zoe@x.com" })).await;
    case.follows(&done).await;
    assert_eq!(case.pair.theirs.status(&case.theirs).await, "PARTIALLY_SIGNED");
    case.sign("zoe@x.com").await;
    case.closes().await;
}

#[tokio::test]
async fn it_is_complete_there_too_without_who_was_the_last_and_left() {
    let case = Case::of(json!([person("ana", 1), person("bia", 1)])).await;
    case.sign("ana@x.com").await;
    case.pair.until(&case.request, "signer.signed", 1, SOON).await;
    let done = case.about("bia", Method::DELETE, "", json!({})).await;
    assert!(done.status.is_success(), "{:#}", done.json);
    assert_eq!(case.pair.ours.status(&case.request).await, "PARTIALLY_SIGNED", "it has yet to be so at the vendor");
    case.closes().await;
    assert_eq!(case.pair.theirs.status(&case.theirs).await, "COMPLETED");
}

#[tokio::test]
async fn who_is_asked_for_something_else_before_their_turn_is_named_anew_at_their_place() {
    let mut case = Case::of(json!([person("ana", 1), person("bia", 2), person("caio", 3)])).await;
    let anew = json!({ "name": "bia", "email": "bia@x.com", "requirements": { "photo": true } });
    let done = case.about("bia", Method::POST, "/replace", anew).await;
    case.follows(&done).await;
    let asked: Vec<_> = case.listed().await.iter().map(|signer| signer["docauth"].clone()).collect();
    assert_eq!(asked, ["0", "1", "0"]);
    assert_eq!(case.invited().await, 1);
}

#[tokio::test]
async fn what_the_vendor_cannot_do_is_refused_beforehand() {
    let case = Case::of(json!([person("ana", 1), person("bia", 1)])).await;
    let refused = |answer: &Answer, detail: &str| {
        let error = &answer.json["errors"][0];
        assert_eq!(error["code"], "not_supported", "{:#}", answer.json);
        assert!(error["detail"].as_str().unwrap().contains(detail), "{error:#}");
    };
    refused(&case.add(person("caio", 2)).await, "act at once");
    refused(&case.add(json!({ "name": "vi", "email": "vi@x.com", "role": "viewer" })).await, "has no viewers");
    let anew = json!({ "name": "bia", "email": "bia@x.com", "requirements": { "photo": true } });
    refused(&case.about("bia", Method::POST, "/replace", anew).await, "something else");
    assert_eq!(case.pair.line.count("/list"), 0, "and the vendor hears nothing of it");
    case.agrees().await;
}

/// Corrections that come while the request is handed over are heard before anybody is written to.
#[tokio::test]
async fn who_was_put_right_while_it_was_handed_over_is_so_before_it_is_sent() {
    let pair = Pair::new("d4sign", 100_000).await;
    pair.line.judge(|what| if what.ends_with("/createlist") { Fate::Held } else { Fate::Answered });
    let request = pair.ours.created(json!({ "signers": [person("ana", 1), person("bia", 2)] })).await;
    pair.line.holds().await;
    let mut case = Case { pair, request, theirs: String::new(), told: 0, step: SOON };
    let done = case.about("ana", Method::PATCH, "", json!({ "email": "ana@y.com" })).await;
    assert!(done.status.is_success(), "{:#}", done.json);
    let done = case.add(json!({ "name": "caio", "email": "caio@x.com", "afterPosition": 0 })).await;
    assert!(done.status.is_success(), "{:#}", done.json);
    case.pair.line.judge(|_| Fate::Answered);
    case.pair.line.let_go();
    case.pair.until(&case.request, "provider.submitted", 1, SOON).await;
    case.theirs = case.pair.one(&case.request).await;
    case.pair.until(&case.request, "delivery.sent", 1, SOON).await;
    case.agrees().await;
    let emails: Vec<_> = case.listed().await.iter().map(|signer| signer["email"].clone()).collect();
    assert_eq!(emails, ["caio@x.com", "ana@y.com", "bia@x.com"]);
    assert_eq!(case.invited().await, 1, "whose turn it is, and nobody at an address that was wrong");
}

/// Somebody is named by a call whose answer is lost, and moves before it is made again.
#[tokio::test]
async fn who_was_named_without_an_answer_and_moved_is_there_once() {
    let mut case = Case::of(json!([person("ana", 1), person("bia", 2)])).await;
    case.pair.line.judge(|what| match what.ends_with("/createlist") {
        true => Fate::Lost,
        false => Fate::Answered,
    });
    let done = case.add(json!({ "name": "caio", "email": "caio@x.com", "afterPosition": 1 })).await;
    assert!(done.status.is_success(), "{:#}", done.json);
    while case.pair.line.count("/createlist") < 2 {
        case.pair.pass(SOON);
        tokio::time::sleep(super::LOOK).await;
    }
    case.pair.line.judge(|_| Fate::Answered);
    let done = case.about("caio", Method::PATCH, "", json!({ "email": "caio@y.com" })).await;
    case.follows(&done).await;
    for email in ["ana@x.com", "caio@y.com", "bia@x.com"] {
        case.sign(email).await;
    }
    case.closes().await;
}
