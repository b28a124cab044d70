//! The words of the signer's pages, in every language they speak.
//!
//! One struct of `&'static str` per page, one file per language. A text may hold places in braces (`{name}`),
//! filled by [`fill`] here or by the script in the browser. Nothing here knows HTML: the templates escape.

/// Declares a struct of texts: the line beside each name is its documentation.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($field:ident: $doc:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Serialize)]
        pub struct $name { $(#[doc = $doc] pub $field: &'static str,)+ }
    };
}

mod en;
mod es;
mod pt_br;
mod steps;

use serde::Serialize;

use crate::language::Language;

pub use steps::{StepFaultWords, StepWords};

/// The pages' words in a language.
pub fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &en::WORDS,
        Language::Spanish => &es::WORDS,
        Language::Portuguese => &pt_br::WORDS,
    }
}

/// Puts values into the places of a text: `fill("Hello {name}", &[("name", "Ana")])`.
///
/// One pass, so a value that looks like a place stays as it is.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from_open) = rest.split_at(open);
        filled.push_str(before);
        let place = from_open.find('}').and_then(|close| Some((close, from_open.get(1..close)?)));
        let value = place.and_then(|(close, name)| {
            let (_, value) = values.iter().find(|(key, _)| *key == name)?;
            Some((close, *value))
        });
        let after = match value {
            Some((close, value)) => {
                filled.push_str(value);
                close + 1
            }
            None => {
                filled.push('{');
                1
            }
        };
        rest = from_open.get(after..).unwrap_or_default();
    }
    filled.push_str(rest);
    filled
}

/// Everything the pages say in one language.
#[derive(Debug, Serialize)]
pub struct Words {
    /// What all pages share.
    pub common: CommonWords,
    /// Words of a person who signs.
    pub signer: RoleWords,
    /// Words of a person who approves.
    pub approver: RoleWords,
    /// Words of a person who acknowledges receipt.
    pub acknowledger: RoleWords,
    /// Words of a witness.
    pub witness: RoleWords,
    /// Words of a person who only receives a copy.
    pub copied: RoleWords,
    /// Words of a person who may follow the request.
    pub viewer: RoleWords,
    /// The signing page, as written by the server.
    pub sign: SignWords,
    /// The signing page, as written by its script; travels inside the ceremony.
    pub script: ScriptWords,
    /// The done page.
    pub done: DoneWords,
    /// The sender's progress page.
    pub view: ViewWords,
    /// The page of every dead link.
    pub closed: ClosedWords,
    /// The page of an error.
    pub error: ErrorWords,
    /// What a signer is told when the server refuses their answer.
    pub answers: AnswerWords,
    /// The page of one step of proving who one is.
    pub steps: StepWords,
    /// What a signer is told when a step did not work.
    pub step_faults: StepFaultWords,
}

words! {
    /// What all pages share.
    CommonWords {
        skip: "Link past the header, for keyboards.",
        brand_line: "Under the name of the product in the footer.",
    }
}

words! {
    /// What differs by role.
    RoleWords {
        label: "The role, beside a person's name.",
        lead: "What this person is asked to do. Places: name, organization.",
        lead_several: "The same with several documents. Places: name, organization, count.",
        consent: "The sentence this person agrees to.",
        consent_several: "The same with several documents. Places: count.",
        finish: "The main button.",
        done: "Heading of the done page.",
        done_detail: "What has been recorded. Places: title.",
    }
}

words! {
    /// The signing page, as written by the server.
    SignWords {
        page_title: "Title of the browser's window. Places: title.",
        message: "Heading over the sender's message.",
        expires: "Label before the expiry.",
        document: "Before the name of a document, for screen readers.",
        document_of: "Before the name of one of several documents. Places: number, total.",
        documents: "Heading over the list of several documents.",
        open_pdf: "Link that opens the PDF.",
        download_pdf: "Link that downloads the PDF.",
        alternative: "Why the PDF is offered beside the pictures of its pages.",
        loading: "While the document is being fetched.",
        noscript: "When the browser runs no scripts.",
        closing_title: "Heading of the last part, with consent.",
        signature_title: "Label of the signature when it has no box on a page.",
        decline: "Button that opens the refusal.",
        next: "Button that walks to the next field.",
        bar: "Name of the bar at the bottom, for screen readers.",
        dialog_title: "Heading of the signature dialog.",
        dialog_way: "Question above the two ways.",
        way_type: "The way of typing.",
        way_draw: "The way of drawing.",
        type_label: "Label of the typed name.",
        type_preview: "Label of the preview of the typed name.",
        draw_hint: "How to draw.",
        draw_pad: "Name of the drawing area, for screen readers.",
        undo: "Takes the last stroke back.",
        clear: "Takes all strokes back.",
        cancel: "Leaves a dialog without doing anything.",
        adopt: "Takes the signature over.",
        decline_title: "Heading of the refusal dialog.",
        decline_warning: "What a refusal does.",
        decline_reason: "Label of the reason.",
        decline_hint: "Who sees the reason, how long it may be.",
        decline_confirm: "Button that refuses.",
        decline_back: "Button that leaves the refusal.",
    }
}

words! {
    /// The signing page, as written by its script.
    ScriptWords {
        page: "Accessible name of a page. Places: page, pages, document.",
        page_picture: "Accessible name of the picture of a page. Places: page, pages, document.",
        sheet: "Accessible name of a page that we append. Places: page.",
        sheet_title: "Heading on a page that we append.",
        sheet_note: "What the appended page is for. Places: name.",
        loading_page: "While a page is being drawn. Places: page.",
        load_failed: "When the document cannot be shown.",
        text: "Label of a text field without one.",
        date: "Label of a date field without one.",
        checkbox: "Label of a checkbox without one.",
        signature: "Label of a signature box without one.",
        optional: "Added to the label of a field that may stay empty.",
        sign_here: "On an empty signature box.",
        change_signature: "Name of a signature box that is filled. Places: label.",
        other: "On a box of someone else. Places: name.",
        other_done: "On a box of someone else who has acted. Places: name.",
        progress: "Progress. Places: done, total.",
        progress_one: "Progress when there is one field. Places: done, total.",
        progress_none: "Progress when there are no fields.",
        all_done: "Said when nothing is missing but the consent.",
        ready: "Said when all is there.",
        next: "Button that walks to the next field.",
        start: "The same button before anything is filled.",
        to_consent: "The same button when only the consent is missing.",
        signature_adopted: "Said when a signature was taken over.",
        missing_text: "A required text is missing.",
        missing_date: "A required date is missing.",
        missing_checkbox: "A required box is not ticked.",
        missing_signature: "The signature is missing.",
        missing_consent: "The consent is missing.",
        missing_reason: "The reason of a refusal is missing.",
        missing_name: "The typed name is missing.",
        missing_drawing: "Nothing was drawn.",
        bad_date: "A date that is none.",
        too_long: "A text that is too long. Places: max.",
        attention: "How many fields need attention. Places: count.",
        attention_one: "One field needs attention.",
        sending: "While the answer is being sent.",
        session_lost: "When the page is no longer connected to its link.",
        network: "When the answer could not be sent.",
        busy: "When the server asks to wait.",
        refused: "When the server refuses without saying why.",
        ended: "Just before the page reloads because the request ended.",
        strokes: "Said after a stroke. Places: count.",
        cleared: "Said when the drawing is empty again.",
        full: "When no more strokes fit.",
        characters: "Length of the reason. Places: count, max.",
    }
}

words! {
    /// The done page.
    DoneWords {
        page_title: "Title of the browser's window. Places: title.",
        declined: "Heading after a refusal.",
        declined_detail: "What a refusal did. Places: title, organization.",
        your_reason: "Label before the reason given.",
        next_title: "Heading over what happens next.",
        waiting: "When others still have to act.",
        completed: "When everyone has acted.",
        completed_several: "The same with several documents.",
        download: "The download link.",
        download_all: "The download link of several documents, which is a ZIP.",
        download_one: "Label before the links to single documents.",
        copy: "That a copy comes by e-mail.",
        copy_to: "That a copy comes by e-mail to an address. Places: email.",
        close: "That the window may be closed.",
        recorded: "Label before the time of the act.",
    }
}

words! {
    /// The sender's progress page.
    ViewWords {
        page_title: "Title of the browser's window. Places: title.",
        status: "Label before the status.",
        status_draft: "Request not sent.",
        status_sent: "Request sent.",
        status_viewed: "Request viewed by someone.",
        status_partially_signed: "Someone signed, others have not.",
        status_completed: "All have acted.",
        status_declined: "Someone declined.",
        status_expired: "The time ran out.",
        status_cancelled: "The sender cancelled.",
        people: "Heading over the people.",
        group: "Turn of a person. Places: order.",
        person_pending: "Person not invited yet.",
        person_sent: "Person invited.",
        person_viewed: "Person has seen the document.",
        person_signed: "Person has signed.",
        person_approved: "Person has approved.",
        person_acknowledged: "Person has acknowledged receipt.",
        person_witnessed: "Person has witnessed.",
        person_declined: "Person has declined.",
        person_covered: "Another of the person's signing group has signed.",
        person_copied: "Person gets a copy at the end.",
        person_follows: "Person may follow the request, and read its documents.",
        at_sent: "Label of the time of the invitation.",
        at_viewed: "Label of the time of the first view.",
        at_signed: "Label of the time of the act.",
        at_declined: "Label of the time of the refusal.",
        reason: "Label of the reason of a refusal.",
        progress: "How many have acted. Places: done, total.",
        details: "Heading over the times of the request.",
        created: "Label of the time of creation.",
        sent: "Label of the time of sending.",
        expires: "Label of the expiry.",
        ended: "Label of the time of the end.",
        documents: "Heading over the documents.",
        pages_one: "One page.",
        pages: "Number of pages. Places: count.",
        download: "Link to the signed PDF.",
        download_all: "Link to several signed PDFs, which is a ZIP.",
        download_one: "Link to one of several signed PDFs. Places: name.",
        live: "That the page keeps itself up to date.",
        updated: "Said when something changed.",
    }
}

words! {
    /// The page of every dead link: a heading, an explanation and a next step for each reason.
    ClosedWords {
        unknown: "Heading: the link is not known.",
        unknown_detail: "The same, explained.",
        unknown_next: "What to do then.",
        replaced: "Heading: a newer link was sent.",
        replaced_detail: "The same, explained.",
        replaced_next: "What to do then.",
        withdrawn: "Heading: this person is not asked any more.",
        withdrawn_detail: "The same, explained.",
        withdrawn_next: "What to do then.",
        already_signed: "Heading: this person has acted.",
        already_signed_detail: "The same, explained.",
        already_signed_next: "What to do then.",
        group_signed: "Heading: somebody else of this person's signing group has signed.",
        group_signed_detail: "The same, explained.",
        group_signed_next: "What to do then.",
        completed: "Heading: everyone has acted.",
        completed_detail: "The same, explained.",
        completed_next: "What to do then.",
        declined: "Heading: someone declined.",
        declined_detail: "The same, explained.",
        declined_next: "What to do then.",
        cancelled: "Heading: the sender cancelled.",
        cancelled_detail: "The same, explained.",
        cancelled_next: "What to do then.",
        expired: "Heading: the time ran out.",
        expired_detail: "The same, explained.",
        expired_next: "What to do then.",
        not_your_turn: "Heading: others come first.",
        not_your_turn_detail: "The same, explained.",
        not_your_turn_next: "What to do then.",
        purged: "Heading when the request was kept for as long as its organization says.",
        purged_detail: "What that means.",
        purged_next: "What to do.",
        download: "Link to the signed PDF.",
    }
}

words! {
    /// The page of an error.
    ErrorWords {
        not_found: "Heading: no such page.",
        not_found_detail: "The same, explained.",
        busy: "Heading: too many requests.",
        busy_detail: "The same, explained.",
        internal: "Heading: our fault.",
        internal_detail: "The same, explained.",
        reference: "Label before the reference of the error.",
    }
}

words! {
    /// What a signer is told when the server refuses their answer.
    AnswerWords {
        consent_required: "Finished without consent.",
        signature_required: "Finished without a signature.",
        reason_required: "Declined without a reason.",
        field_required: "A required field is empty.",
        not_a_date: "A date cannot be read.",
        too_long: "A text is too long.",
        not_read: "The answer is not what the page sends.",
        too_large: "The answer is too large.",
        link_dead: "The session is of a link that is dead.",
        ended: "The request ended meanwhile.",
        busy: "The engine cannot answer now.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every text with its path, and the places it holds.
    fn texts(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => into.push((path.to_owned(), text.clone())),
            Value::Object(map) => {
                for (key, inner) in map {
                    texts(inner, &format!("{path}.{key}"), into);
                }
            }
            other => panic!("{path} is not a text: {other}"),
        }
    }

    fn all(language: Language) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let value = serde_json::to_value(words(language)).expect("words are plain data");
        texts(&value, language.tag(), &mut found);
        found
    }

    fn places(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn no_text_is_missing_or_untidy() {
        for language in Language::ALL {
            for (path, text) in all(language) {
                assert!(!text.trim().is_empty(), "{path} is empty");
                assert_eq!(text, text.trim(), "{path} has blanks around it");
                assert!(!text.contains("  "), "{path} has two blanks in a row");
            }
        }
    }

    #[test]
    fn every_language_has_the_same_places() {
        let english = all(Language::English);
        for language in [Language::Spanish, Language::Portuguese] {
            for ((path, text), (_, original)) in all(language).iter().zip(&english) {
                assert_eq!(places(text), places(original), "{path}");
            }
        }
    }

    #[test]
    fn long_texts_are_translated() {
        let english = all(Language::English);
        for language in [Language::Spanish, Language::Portuguese] {
            for ((path, text), (_, original)) in all(language).iter().zip(&english) {
                assert!(original.len() < 12 || text != original, "{path} is English");
            }
        }
    }

    #[test]
    fn filling_is_one_pass() {
        let values = [("name", "{title} {x}"), ("title", "T")];
        assert_eq!(fill("{name}: {title} {other} {", &values), "{title} {x}: T {other} {");
        assert_eq!(fill("é{name}", &[("name", "ü")]), "éü");
    }
}
