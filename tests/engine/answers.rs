//! What a signer answers with: consent, a signature where the role takes one, and their fields.

use std::collections::BTreeMap;

use countersign_engine::command::Wish;
use countersign_engine::event::{Value, WidgetKind};
use countersign_engine::ids::WidgetId;
use countersign_engine::refusal::Code;
use countersign_engine::signer::{Mark, Role};

use super::play::{Play, draft, signer, typed, widget};

fn sign(consent: bool, mark: Option<Mark>) -> Wish {
    Wish::Sign { signer: signer(1), round: 1, consent, mark, values: BTreeMap::new() }
}

fn drawn(points: usize, ratio_milli: u32, at: u16) -> Option<Mark> {
    Some(Mark::Drawn { ratio_milli, strokes: vec![vec![[at, at]; points]] })
}

/// One signer with a field of each kind, and somebody else's.
fn form() -> Play {
    let mut draft = draft(&[(1, Role::Signer), (1, Role::Signer)]);
    draft.terms.widgets = vec![
        widget(1, WidgetKind::Signature, signer(1), true),
        widget(2, WidgetKind::Text, signer(1), true),
        widget(3, WidgetKind::Date, signer(1), false),
        widget(4, WidgetKind::Checkbox, signer(1), true),
        widget(5, WidgetKind::Text, signer(2), true),
    ];
    Play::sent(draft)
}

fn values(given: &[(u32, Value)]) -> BTreeMap<WidgetId, Value> {
    given.iter().map(|(id, value)| (WidgetId(*id), value.clone())).collect()
}

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

/// The faults of an answer on top of a good one, by widget.
fn faults(given: &[(u32, Value)]) -> Vec<(u32, &'static str)> {
    let mut play = form();
    let mut all = values(&[(2, text("Director")), (4, Value::Ticked(true))]);
    all.extend(values(given));
    match play.wish(play.sign_with(1, all)) {
        Ok(_) => Vec::new(),
        Err(refusal) => {
            assert_eq!(refusal.code, Code::InvalidFields);
            refusal.fields.iter().map(|fault| (fault.widget.0, fault.code)).collect()
        }
    }
}

#[test]
fn signing_needs_consent() {
    let mut play = Play::with_orders(&[1]);
    assert_eq!(play.refused(sign(false, typed())), Code::ConsentRequired);
    play.wish(sign(true, typed())).unwrap();
}

#[test]
fn a_signature_is_a_name_or_a_drawing_within_bounds() {
    let name = |name: &str| Some(Mark::Typed { text: name.to_owned() });
    let long = "x".repeat(101);
    let bad = [None, name(""), name("   "), name(&long), name("a\nb"), name("a\u{7}b"), drawn(0, 2000, 0)];
    let bad =
        bad.into_iter().chain([drawn(5001, 2000, 0), drawn(3, 99, 0), drawn(3, 20_001, 0), drawn(3, 2000, 10_001)]);
    for mark in bad {
        assert_eq!(Play::with_orders(&[1]).refused(sign(true, mark)), Code::SignatureRequired);
    }
    for mark in [name(&"é".repeat(100)), drawn(1, 100, 0), drawn(5000, 20_000, 10_000)] {
        Play::with_orders(&[1]).wish(sign(true, mark)).unwrap();
    }
}

#[test]
fn who_approves_or_acknowledges_needs_no_signature() {
    for role in [Role::Approver, Role::Acknowledger] {
        let mut play = Play::sent(draft(&[(1, role)]));
        play.wish(sign(true, None)).unwrap();
        let names: Vec<_> = play.events.iter().map(|event| event.fact.name()).collect();
        assert_eq!(names[3..], ["signer.viewed", "signer.signed", "request.completed"]);
    }
}

#[test]
fn required_fields_are_required() {
    let mut play = form();
    let refusal = play.wish(play.sign_with(1, BTreeMap::new())).unwrap_err();
    let told: Vec<_> = refusal.fields.iter().map(|fault| (fault.widget.0, fault.code)).collect();
    assert_eq!(told, [(2, "required"), (4, "required")], "all of them at once");
    assert_eq!(faults(&[(2, text("  ")), (4, Value::Ticked(false))]), [(2, "required"), (4, "required")]);
}

#[test]
fn a_value_must_fit_its_field() {
    assert_eq!(faults(&[]), []);
    assert_eq!(faults(&[(2, Value::Ticked(true))]), [(2, "wrong_type")]);
    assert_eq!(faults(&[(4, text("yes"))]), [(4, "wrong_type")]);
    assert_eq!(faults(&[(2, text("x".repeat(1000)))]), []);
    assert_eq!(faults(&[(2, text("x".repeat(1001)))]), [(2, "too_long")]);
    assert_eq!(faults(&[(2, text("a\u{0}b"))]), [(2, "wrong_type")]);
    assert_eq!(faults(&[(3, text("2026-12-31"))]), []);
    for date in ["31/12/2026", "2026-02-30", "tomorrow"] {
        assert_eq!(faults(&[(3, text(date))]), [(3, "not_a_date")]);
    }
    assert_eq!(faults(&[(3, text(""))]), [], "an optional date may stay empty");
}

#[test]
fn nobody_fills_what_is_not_theirs() {
    assert_eq!(faults(&[(5, text("mine now"))]), [(5, "unknown")], "another signer's");
    assert_eq!(faults(&[(1, text("a signature"))]), [(1, "unknown")], "a signature is no text");
    assert_eq!(faults(&[(99, text("nowhere"))]), [(99, "unknown")]);
}

#[test]
fn what_the_sender_filled_stays() {
    let mut draft = draft(&[(1, Role::Signer)]);
    let mut filled = widget(1, WidgetKind::Text, signer(1), true);
    filled.prefilled = true;
    draft.terms.widgets = vec![filled];
    draft.personal.values = values(&[(1, text("R$ 15.000,00"))]);
    let mut play = Play::sent(draft);
    assert_eq!(play.refused(play.sign_with(1, values(&[(1, text("R$ 1,00"))]))), Code::InvalidFields);
    play.wish(play.sign(1)).unwrap();
    assert_eq!(play.request().values, values(&[(1, text("R$ 15.000,00"))]));
}

#[test]
fn what_was_answered_is_kept_with_where_it_came_from() {
    let mut play = form();
    let given = values(&[(2, text("Director")), (3, text(" ")), (4, Value::Ticked(true))]);
    play.wish(play.sign_with(1, given)).unwrap();
    assert_eq!(play.request().values, values(&[(2, text("Director")), (4, Value::Ticked(true))]));
    let seen = play.signer(1);
    assert_eq!(seen.mark, typed());
    assert_eq!((seen.ip.as_deref(), seen.user_agent.as_deref()), (Some("203.0.113.9"), Some("browser")));
}
